/* Changes of the header block that rules ask for; carried out in one place, after the decision. */
#ifndef POLICY_EDIT_H
#define POLICY_EDIT_H

#include "policy/facts.h"

enum edit_kind {
    EDIT_ADD,     /* a new field behind the others */
    EDIT_REPLACE, /* another value for fields[field] */
    EDIT_DELETE,  /* fields[field] goes */
};

struct edit {
    enum edit_kind kind;
    size_t field;       /* REPLACE, DELETE: index into facts.header.fields */
    struct bytes name;  /* of the field */
    struct bytes value; /* ADD, REPLACE: with its leading blank, folds as LF + blank */
    const char *rule;   /* who asked; set by the engine */
    struct edit *next;
};

/* Names of fields over which there shall be no signature: the MTA will write them anew. */
struct unsigned_field {
    struct bytes name;
    struct unsigned_field *next;
};

/* Whether the list has that name, ASCII case ignored. */
bool unsigned_field_named(const struct unsigned_field *list, struct bytes name);

/* The header block as it will leave: fields with all edits done, in final order, in the arena.
 * False when memory is out. A field that is both replaced and deleted is deleted.
 * secret: as for instances_number. */
bool edit_apply(struct arena *arena, const uint8_t secret[16], const struct facts_header *header,
                const struct edit *edits, struct facts_header *ret_header);

#endif
