/* Lists as main.cf writes them. */
#ifndef MTA_WORDS_H
#define MTA_WORDS_H

#include "policy/arena.h"
#include "policy/texts.h"

/* Splits at commas and white space; `{ a, b }` is one word, its braces and outer blanks kept. False
 * when memory is out. */
bool words_split(struct arena *arena, const char *text, struct texts *ret_words);

/* The text between a word's braces, trimmed; the word itself where it has none. */
const char *words_inside(struct arena *arena, const char *word);

#endif
