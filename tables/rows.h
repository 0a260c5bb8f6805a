/* Keys and values in memory: one run of text that all of them stand in, and an index over it.
 *
 * The index is hashed with a key of its own from the kernel, so that nobody can write rows that
 * make look-ups slow. 12 bytes a row and 5 to 11 bytes of index, beside the text. */
#ifndef TABLES_ROWS_H
#define TABLES_ROWS_H

#include <stdint.h>

#include "policy/bytes.h"
#include "policy/error.h"
#include "tables/kind.h"

/* Said of a key that stands twice. */
#define ROWS_TWICE                                                                                 \
    ", perhaps in other letters (capitals; a sharp s is ss): one mailbox has one row, for all "    \
    "who own it"

struct row {
    uint32_t
        key; /* where it begins in the text, or in longer; it ends with a NUL, as does the value */
    uint32_t value;
    uint32_t line;
};

struct rows {
    char *text;
    char *longer; /* keys that folding made longer than they were: a handful of capitals */
    size_t longer_len;
    struct row *rows;
    size_t count;
    size_t capacity;
    uint32_t *slots; /* 0: free; else a row's place + 1, and above row_mask some of its hash */
    size_t slot_mask;
    uint32_t row_mask;
    uint8_t secret[16];
};

#define ROWS_TEXT_MAX ((size_t)1 << 30)

/* Takes the text over: it is given to free() by rows_done. */
void rows_init(struct rows *rows, char *text);
void rows_done(struct rows *rows);

/* A row as it stands in the text. */
struct row_text {
    char *key; /* with a byte behind it that may be written to */
    size_t key_len;
    const char *value; /* with a NUL behind it */
    unsigned line;
};

/* Folds the key as letters says. */
MUST_CHECK bool rows_add(struct rows *rows, enum table_case letters, const struct row_text *text,
                         struct error *error);

/* To be called once all rows are there. Of two rows with one key ret_second and ret_first are set,
 * and it is false, as it is when memory is out: then they are NULL. */
MUST_CHECK bool rows_index(struct rows *rows, const struct row **ret_first,
                           const struct row **ret_second);

/* NULL: there is no such row. */
const struct row *rows_find(const struct rows *rows, struct bytes key);
const char *rows_key(const struct rows *rows, const struct row *row);
const char *rows_value(const struct rows *rows, const struct row *row);

/* table_kind's each for tables that are rows. place: see struct table_row. */
enum table_walk rows_each(const struct rows *rows, const char *place,
                          const struct table_visitor *visitor);

#endif
