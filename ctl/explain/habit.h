/* What a login's mail was like, for a message that a sign of theft found unlike it. */
#ifndef CTL_EXPLAIN_HABIT_H
#define CTL_EXPLAIN_HABIT_H

#include <jansson.h>
#include <stdio.h>

/* habit: an object of a record's, or NULL. */
void habit_print(const json_t *habit, FILE *out);

#endif
