/* A record read back: what the decision stood on, and what it was.
 *
 * The text comes from a file that others may have written: whatever is in it, reading it ends in a
 * struct recorded or in an error that names the key and what was expected. The keys are described
 * in submilter(8). */
#ifndef GATE_RECORDED_H
#define GATE_RECORDED_H

#include "gate/message.h"

#define RECORDED_SIZE_MAX ((size_t)32 << 20) /* bytes of one record's text */

struct recorded_field {
    struct bytes name;
    struct bytes value;
    bool has_value; /* false: it was not captured */
};

struct recorded_verdict {
    struct verdict verdict; /* outcome (NOT_ASKED: there is none), reason, fact, beyond_mending */
    enum mode mode;
    enum action action;
};

struct recorded_edit {
    enum edit_kind kind;
    struct bytes name;
    unsigned instance;  /* of the field, for REPLACE and DELETE */
    struct bytes value; /* for ADD and REPLACE, trimmed */
    struct bytes rule;
};

struct recorded_signature {
    struct bytes domain, selector, algorithm;
};

/* All bytes are followed by a NUL. */
struct recorded {
    struct bytes id;
    int64_t began; /* milliseconds since 1970: of the id */
    uint8_t random[10];
    bool complete; /* every input of the decision is there; false: an older version wrote it, and
                      recipients, header and body are not */
    bool smtputf8;
    bool header_cut; /* there were more fields */
    bool header_too_large;
    enum fact own_signature;
    enum action action;
    struct bytes time; /* when it was written, RFC 3339 */
    struct bytes queue_id, listener, policy, config;
    struct bytes command; /* "MAIL", "RCPT"; no bytes for a whole message */

    struct message_session session;
    struct bytes mail_from, rcpt;
    const struct bytes *rcpts;
    size_t rcpts_len;
    int64_t rcpt_count; /* may be more than are listed */
    const struct recorded_field *fields;
    size_t field_count;
    int64_t header_size;
    struct facts_body body;
    struct bytes own_signature_domain;
    struct bytes from; /* as it was read, or as it stood there */

    struct facts_limits limits;  /* as the rules saw it before the settling; FACT_ABSENT: the record
                                    tells nothing of it */
    struct facts_limits settled; /* as it was then */

    struct bytes rule, reason; /* no bytes for a plain accept */
    struct bytes reply, fault;
    struct recorded_verdict verdicts[RULE_COUNT];
    const struct recorded_edit *edits;
    size_t edit_count;
    const struct bytes *unsigned_names;
    size_t unsigned_count;
    const char *not_signed; /* or NULL */
    const struct recorded_signature *signatures;
    size_t signature_count;

    struct arena *arena; /* all of the above */
};

/* One JSON object, without or with a line end behind it. */
MUST_CHECK bool recorded_new(struct bytes text, struct recorded **ret_recorded,
                             struct error *error);
void recorded_free(struct recorded *recorded); /* takes a NULL */

#endif
