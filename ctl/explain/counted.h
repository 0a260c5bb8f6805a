/* What had been counted, what the login is like, and what limits and signs made of it. */
#ifndef CTL_EXPLAIN_COUNTED_H
#define CTL_EXPLAIN_COUNTED_H

#include <jansson.h>
#include <stdio.h>

/* Nothing where the record has no counts. */
void counted_print(const json_t *record, FILE *out);

#endif
