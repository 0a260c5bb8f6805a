/* What the history knows of logins and of the addresses that are not theirs, in memory. */
#ifndef CTL_PROPOSE_GATHER_H
#define CTL_PROPOSE_GATHER_H

#include "ctl/names.h"
#include "ctl/propose/uses.h"
#include "history/readiness.h"

/* How often a rule said that the login does not own the address. */
struct gathered_verdict {
    uint32_t login, address, rule;
    int64_t refused, would;
};

/* Messages of a login as an address that it owns, and others do not. */
struct gathered_holder {
    uint32_t login, address;
    int64_t messages;
};

struct gathered {
    struct names *logins, *addresses, *networks, *rules;
    struct uses claims, activity;
    struct gathered_verdict *verdicts;
    size_t verdict_count, verdict_capacity;
    struct gathered_holder *holders;
    size_t holder_count, holder_capacity;
    struct readiness_extent extent;
};

/* Asks all of it. gather_done all the same when it is false. */
MUST_CHECK bool gather(struct history *history, const struct history_filter *filter,
                       struct gathered *ret_gathered, struct error *error);
void gather_done(struct gathered *gathered);

#endif
