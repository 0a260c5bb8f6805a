/* The words of one line of a file of expectations, with the place that errors name.
 *
 * Blanks part words; a comma stands for itself, and so does a colon at a word's end with a blank or
 * the line's end behind it. A word in quotes may hold anything, with \" and \\ for those two, and
 * is never a keyword. A # at a word's beginning begins a comment. */
#ifndef GATE_EXPECTATION_WORDS_H
#define GATE_EXPECTATION_WORDS_H

#include "policy/arena.h"
#include "policy/error.h"

enum word_kind {
    WORD_PLAIN,
    WORD_QUOTED,
    WORD_COMMA,
    WORD_COLON,
    WORD_END, /* of the line; again and again */
};

struct word {
    enum word_kind kind;
    struct bytes text;    /* without its quotes */
    struct bytes written; /* as it stands in the line */
};

struct words {
    const char *file;
    unsigned line;
    struct bytes text; /* the whole line */
    size_t at;
    struct arena *arena; /* for texts in quotes */
    struct error *error;
    struct word word; /* the one that is next */
    size_t end;       /* where the word before it ended */
};

/* Takes hold of a line without its line end and finds its first word. False, with the sentence in
 * words->error, here and in words_next: a quote without end, an escape that nobody knows, a control
 * character, no UTF-8, or memory is out. */
MUST_CHECK bool words_begin(struct words *words);

/* Goes on to the next one. */
MUST_CHECK bool words_next(struct words *words);

/* The next word is this keyword: not in quotes, ASCII case ignored. */
bool words_is(const struct words *words, const char *keyword);

/* Writes "FILE:LINE: " and the sentence; always false. */
bool words_refuse(const struct words *words, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "expected WHAT, found ..."; always false. */
bool words_expected(const struct words *words, const char *what);

/* "there is no WHAT "x"; did you mean "y"?", or all names where none is near; names ends with NULL;
 * always false. */
bool words_unknown(const struct words *words, const char *what, struct bytes name,
                   const char *const *names);

#endif
