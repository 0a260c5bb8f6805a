/* One attribute=value as it stands, not yet put together with its continuations. Only
 * policy/parameter.c uses it. */
#ifndef POLICY_PARAMETER_PART_H
#define POLICY_PARAMETER_PART_H

#include "policy/bytes.h"

struct parameter_part {
    struct bytes name;  /* without its stars and number */
    int number;         /* of a continuation; -1 where there is none */
    bool extended;      /* a star behind: percent signs and, in the first part, a charset */
    bool quoted;        /* value was a quoted string: its quotes are off, its pairs are not */
    bool malformed;     /* a string that does not end; a value with blanks in it and no quotes */
    bool taken;         /* put together already */
    struct bytes value; /* folds are still in it */
};

struct parameter_scanner {
    struct bytes text;
    size_t at;
    bool malformed; /* something that is no part was passed over */
    bool commented; /* so was a comment: many readers know none there */
};

/* Skips blanks, folds and comments. */
void parameter_skip_blanks(struct parameter_scanner *scanner);

/* The next part; false at the end. */
bool parameter_next(struct parameter_scanner *scanner, struct parameter_part *ret_part);

#endif
