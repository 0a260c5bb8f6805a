/* When, who, from where, to whom. */
#ifndef CTL_EXPLAIN_CIRCUMSTANCES_H
#define CTL_EXPLAIN_CIRCUMSTANCES_H

#include <jansson.h>
#include <stdio.h>

void circumstances_print(const json_t *record, FILE *out);

#endif
