/* One row of settings: the schema of the configuration is made of these and nothing else.
 *
 * A settings struct is a plain struct; each row names one member by offset. conf/ fills structs
 * from rows, checks types and ranges, and prints defaults and the reference text from them. */
#ifndef POLICY_OPTION_H
#define POLICY_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/error.h"
#include "policy/texts.h"

enum option_type { /* the C type of the member at offset; how it is written in the file */
                   OPTION_BOOL, /* bool                true / false */
                   OPTION_INT,  /* int64_t             a number, min..max */
                   OPTION_SIZE, /* int64_t, bytes      65536, or "64k", "10M" (powers of 1024) */
                   OPTION_DURATION, /* int64_t, seconds    90, or "90s", "15m", "12h", "30d", "2w"
                                     */
                   OPTION_TEXT,     /* const char *        "text"; NULL when the default is none */
                   OPTION_CHOICE,   /* int                 one of choices[], stored as its index */
                   OPTION_TEXTS,    /* struct texts        [ "a", "b" ], or "a" for a list of one */
                   OPTION_NUMBERS,  /* struct numbers      [ 465, 587 ], or 465 for a list of one */
};

struct numbers { /* each of them min..max */
    const int64_t *items;
    size_t count;
};

struct option_row {
    const char *name; /* NULL ends a table of rows */
    enum option_type type;
    size_t offset;
    const char
        *default_value; /* as it would stand in the file ("\"add\"", "16", "[ ]"); NULL: none */
    int64_t min, max;   /* INT, SIZE, DURATION: inclusive; TEXTS: how many items at most (max) */
    const char *const *choices; /* CHOICE: NULL-terminated */
    const char *help;           /* one sentence, for the reference and the manual */
    /* Further check of one value (TEXT) or of each item (TEXTS); may be NULL. Says what was
     * expected. */
    bool (*check)(const char *text, struct error *error);
    /* TEXTS: whether an item cannot stand behind another one of its list; may be NULL. Says what
     * was expected then. */
    bool (*clash)(const char *before, const char *item, struct error *error);
};

#endif
