/* A path as it is typed in a shell, for the commands that error texts name. */
#ifndef POLICY_SHELL_H
#define POLICY_SHELL_H

#include "policy/arena.h"

struct shell_word {
    char text[256]; /* what is cut ends in "...", which names no file; control characters as '?' */
};

/* The path itself where no shell would misread it, else in quotes. */
struct shell_word shell_word(const char *path);

/* Likewise and whole, whatever its length; one with control characters by printf(1). "" where
 * memory is out. */
const char *shell_quote(struct arena *arena, const char *word);

/* Where a marker stands in a text outside of all words that were quoted so; NULL: nowhere. Others
 * choose the names of files, which may hold one. */
const char *shell_find_unquoted(const char *text, const char *marker);

#endif
