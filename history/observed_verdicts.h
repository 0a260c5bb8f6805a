/* What would a decision have been, had the rules in observe been enforced? */
#ifndef HISTORY_OBSERVED_VERDICTS_H
#define HISTORY_OBSERVED_VERDICTS_H

#include "history/history.h"
#include "policy/bytes.h"

struct observed_verdict {
    struct bytes rule, reason, action, fact; /* good within the callback */
};

/* Calls for each verdict of a rule in observe that would have refused, deferred or quarantined the
 * decision of that seq, the heaviest first. */
MUST_CHECK bool observed_verdicts(struct history *history, int64_t seq,
                                  void (*verdict)(const struct observed_verdict *verdict,
                                                  void *context),
                                  void *context, struct error *error);

#endif
