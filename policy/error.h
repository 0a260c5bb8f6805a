/* What went wrong, in a sentence for the admin: what, where, and how to mend it. */
#ifndef POLICY_ERROR_H
#define POLICY_ERROR_H

#include <stdbool.h>

#define MUST_CHECK __attribute__((warn_unused_result))

struct error {
    char text[1024]; /* one or more lines, no newline at the end; cut, never overrun */
};

/* Writes the sentence; always returns false, so that `return error_set(...)` reads well. */
bool error_set(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts a text before the sentence that is there ("FILE:LINE: "); always returns false. */
bool error_prefix(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
