/* What was signed, or why nothing was. */
#ifndef CTL_EXPLAIN_SIGNATURES_H
#define CTL_EXPLAIN_SIGNATURES_H

#include <jansson.h>
#include <stdio.h>

void signatures_print(const json_t *record, FILE *out);

#endif
