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

/* Verdicts of rules in observe that would have had the message go worse than it went: held back,
 * put off or refused; the heaviest first, then as they were asked. Returns how many are in
 * ret_worse. */
#define VERDICTS_WORSE_MAX 32
size_t verdicts_worse(const json_t *record, const json_t *ret_worse[VERDICTS_WORSE_MAX]);

#endif
