/* Nothing was found: where it was looked for, and where it might be. */
#ifndef CTL_EXPLAIN_NOTHING_H
#define CTL_EXPLAIN_NOTHING_H

#include "ctl/explain/asked.h"
#include "ctl/source.h"

/* On standard error. */
void nothing_say(const struct asked *asked, const struct source_place *place, const char *config,
                 struct history *history);

#endif
