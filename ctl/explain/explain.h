/* One decision, in words. */
#ifndef CTL_EXPLAIN_EXPLAIN_H
#define CTL_EXPLAIN_EXPLAIN_H

#include "ctl/explain/in_force.h"

void explain_print(const json_t *record, const struct in_force *settings, FILE *out);

/* {"record": ..., "configuration": ...} on one line. False: memory is out. */
MUST_CHECK bool explain_print_json(json_t *record, const struct in_force *settings, FILE *out);

#endif
