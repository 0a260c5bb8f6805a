/* What the client was told, and what can be done. */
#ifndef CTL_EXPLAIN_ADVICE_H
#define CTL_EXPLAIN_ADVICE_H

#include <jansson.h>
#include <stdio.h>

void advice_print(const json_t *record, FILE *out);

#endif
