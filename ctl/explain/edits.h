/* What was changed in the header, before and after. */
#ifndef CTL_EXPLAIN_EDITS_H
#define CTL_EXPLAIN_EDITS_H

#include <jansson.h>
#include <stdio.h>

void edits_print(const json_t *record, FILE *out);

#endif
