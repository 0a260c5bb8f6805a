/* The spellings of a key under which rows are kept and asked for. Where case is folded, local parts
 * are by Unicode's full case folding, as in Postfix (weiß is weiss, a final sigma a sigma), and
 * domains only by lower case: straße.example is not strasse.example. */
#ifndef TABLES_KEY_H
#define TABLES_KEY_H

#include "tables/table.h"

/* The one spelling that rows of text are kept under, and asked for: folded, composed (NFC). What is
 * folded already stays as it is, and so does what folding could make another's address of (the long
 * s is no s): no address that is let pass has such characters. Copied into the arena where anything
 * changes; no bytes: memory is out. */
struct bytes key_fold(struct arena *arena, struct bytes key, enum table_case letters);

/* The same for the key of a row, in place where it fits. ret_longer: where it does not, the key
 * instead, from malloc; else NULL. False: memory is out. */
MUST_CHECK bool key_fold_row(char *key, size_t *len, enum table_case letters, char **ret_longer);

/* In lower case and composed: what may be taken for one another where accounts of other servers are
 * compared, which may tell weiß from weiss. Copied into the arena where anything changes; no bytes:
 * memory is out. */
struct bytes key_lower(struct arena *arena, struct bytes text);

#define KEY_SPELLINGS_MAX 5

struct key_spellings {
    struct bytes texts[KEY_SPELLINGS_MAX];
    size_t count;
};

/* What stands in a database for the key is up to who made it: as it was written but for ASCII's
 * capitals, in lower case, or folded, by postmap without composing. Each of them once, what was
 * written first. When memory is out: arena_failed(). */
void key_spell(struct arena *arena, struct bytes key, enum table_case letters,
               struct key_spellings *ret_spellings);

#endif
