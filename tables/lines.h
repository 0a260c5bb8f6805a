/* The logical lines of a Postfix text file: comments and empty lines left out, lines that begin
 * with a blank joined to the one before. */
#ifndef TABLES_LINES_H
#define TABLES_LINES_H

#include <stddef.h>

#include "policy/error.h"

struct lines {
    const char *path; /* for errors */
    char *at, *end;
    unsigned number;
    bool is_text; /* all of it: no NUL, valid UTF-8 */
};

struct line {
    char *text; /* NUL behind it, no NUL in it, valid UTF-8, no blanks at both ends */
    size_t len; /* never 0 */
    unsigned number;
};

/* Begins to read a text in memory, of which there is one byte behind text[len) to write to. The
 * text is changed by reading: lines are joined in place. An error for a byte order mark. */
MUST_CHECK bool lines_init(struct lines *lines, const char *path, char *text, size_t len,
                           struct error *error);

/* ret_line->text is NULL at the end. False: a line that Postfix would not take either. */
MUST_CHECK bool lines_next(struct lines *lines, struct line *ret_line, struct error *error);

/* What isspace(3) takes for a blank in the C locale, and Postfix everywhere. */
static inline bool lines_is_blank(char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* error_set with "PATH:NUMBER: " before it. */
bool lines_error(const struct lines *lines, const struct line *line, struct error *error,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
