/* The rules one by one, and what each turned on. */
#ifndef CTL_EXPLAIN_VERDICTS_H
#define CTL_EXPLAIN_VERDICTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

void verdicts_print(const json_t *record, FILE *out);

/* The verdict of a rule; NULL: it was not asked. */
const json_t *verdicts_of(const json_t *record, const char *rule);

/* Whether a verdict is of a rule in observe, and would have refused, deferred, quarantined or
 * mended the message. */
bool verdicts_would(const json_t *verdict);

#endif
