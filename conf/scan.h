/* The tokens of a configuration file, as libconfig's scanner cuts them, without what it would take
 * wrongly, take silently, or die of. */
#ifndef CONF_SCAN_H
#define CONF_SCAN_H

#include "policy/bytes.h"
#include "policy/error.h"

#define SCAN_MAX_SIZE ((size_t)1024 * 1024)
#define SCAN_MAX_TEXT ((size_t)64 * 1024)
#define SCAN_MAX_NAMES 10000
#define SCAN_MAX_VALUES 100000

enum token_type {
    TOKEN_END,
    TOKEN_NAME,
    TOKEN_BOOL,
    TOKEN_NUMBER,
    TOKEN_WIDE_NUMBER, /* with an L behind */
    TOKEN_FLOAT,
    TOKEN_TEXT,
    TOKEN_MARK, /* one of = : ; , { } [ ] ( ) */
};

struct token {
    enum token_type type;
    struct bytes text;
    unsigned line; /* where it begins */
};

struct scan {
    const char *file;
    struct bytes text;
    size_t at;
    unsigned line;
    unsigned long_text; /* the line where the last text began that goes over several; or 0 */
    size_t names;
    size_t values;
    struct error *error;
};

/* Takes hold of the text, which is borrowed. False, with "FILE:LINE: ..." in the error: it is too
 * large, or no text. */
MUST_CHECK bool scan_begin(struct scan *scan, const char *file, struct bytes text,
                           struct error *error);

/* The next token; TOKEN_END again and again behind the last. False: @include, a number that doesn't
 * fit, a text or comment without end, a byte that begins nothing, or a cap was passed. */
MUST_CHECK bool scan_next(struct scan *scan, struct token *ret_token);

/* Writes "FILE:LINE: " and the sentence; always false. */
bool scan_refuse(const struct scan *scan, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
