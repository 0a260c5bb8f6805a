/* Texts that people take for one another: by ICU's skeletons (UTS #39), or where submilter was
 * built without ICU by scripts and case only. */
#ifndef POLICY_LOOKALIKE_H
#define POLICY_LOOKALIKE_H

#include "policy/arena.h"
#include "policy/bytes.h"

/* Whether two UTF-8 texts (names, addresses) look the same: equal skeletons, case, width, invisible
 * characters and the amount of blanks not counted. Equal texts do look the same. Texts that are no
 * UTF-8 are only the same when equal. Texts over LOOKALIKE_MAX bytes are cut. False and
 * arena_failed() when memory is out. */
bool lookalike_same(struct arena *arena, struct bytes a, struct bytes b);

#define LOOKALIKE_MAX 1024

/* Whether any word of the text mixes scripts that honest words do not: Latin, Greek, Cyrillic and
 * so on in one word. Chinese, Japanese and Korean writing mixes within itself and with Latin;
 * digits, signs and marks go with everything. */
bool lookalike_mixes_scripts(struct bytes utf8);

/* Sets up what finds look-alikes: where there is no memory for that when the first name is looked
 * at, it never works again. 0.4 ms, once. */
void lookalike_begin(void);

/* True when built with ICU: look-alikes across scripts are found at all. */
bool lookalike_has_skeletons(void);

#endif
