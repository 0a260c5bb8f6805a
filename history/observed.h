/* What would observed rules have done? */
#ifndef HISTORY_OBSERVED_H
#define HISTORY_OBSERVED_H

#include "history/filter.h"
#include "history/history.h"
#include "policy/bytes.h"

/* Decisions in which an observed rule found the same of the same login, or where nobody had logged
 * in, of the same client. The texts are good within the callback. */
struct observed_breach {
    struct bytes rule, policy, reason;
    struct bytes action; /* it would have led to: "fix", "quarantine", "tempfail" or "reject" */
    struct bytes login;  /* no bytes: nobody logged in, and client says who it was */
    struct bytes client;
    int64_t passed;    /* decisions that let it through (the action was accept or fix) */
    int64_t refused;   /* those that an enforced rule refused or held back anyway */
    int64_t last;      /* the time of the last that passed, else of one that was refused */
    struct bytes id;   /* of that one */
    struct bytes fact; /* that it turned on then */
};

/* Of the filter since, until, login and rule hold. Ordered by rule, policy, reason, and the most
 * frequent first; row returns false to end it, which is no error. */
MUST_CHECK bool observed_breaches(struct history *history, const struct history_filter *filter,
                                  bool (*row)(const struct observed_breach *row, void *context),
                                  void *context, struct error *error);

/* Each such verdict of a decision that was let through by itself, those of one decision one behind
 * the other: as a breach with passed 1, refused 0 and no id. */
MUST_CHECK bool observed_passed(struct history *history, const struct history_filter *filter,
                                bool (*row)(int64_t decision, const struct observed_breach *breach,
                                            void *context),
                                void *context, struct error *error);

/* How many decisions a rule was asked in while it was observed. */
struct observed_judged {
    struct bytes rule, policy;
    int64_t decisions;
    int64_t last; /* the time of the last of them */
};

/* Likewise; ordered by rule and policy. It reads whole records. */
MUST_CHECK bool observed_judged(struct history *history, const struct history_filter *filter,
                                bool (*row)(const struct observed_judged *row, void *context),
                                void *context, struct error *error);

/* All decisions of that time, and that login. */
MUST_CHECK bool observed_decisions(struct history *history, const struct history_filter *filter,
                                   int64_t *ret_count, struct error *error);

#endif
