/* What the questions on observed rules share; for history/ only. */
#ifndef HISTORY_OBSERVED_ASK_H
#define HISTORY_OBSERVED_ASK_H

#include "history/filter.h"
#include "history/private.h"

struct observed_question {
    const char *select; /* up to the conditions, of which it has one at least */
    const char *rule;   /* a condition for where the filter has a rule: it means the verdict's */
    const char *order;  /* what stands behind the conditions */
};

/* With since, until and login of the filter, and its rule as the question has it. sqlite3_finalize
 * the statement. */
MUST_CHECK bool observed_ask(struct history *history, const struct observed_question *question,
                             const struct history_filter *filter, sqlite3_stmt **ret_statement,
                             struct error *error);

#endif
