/* Which decisions a question is about, as a condition with bound parameters. */
#ifndef HISTORY_FILTER_H
#define HISTORY_FILTER_H

#include <stddef.h>
#include <stdint.h>

#include "policy/error.h"

/* What is NULL, 0 or false does not narrow; all that is set must hold. Texts are borrowed. */
struct history_filter {
    int64_t since, until; /* milliseconds since 1970: since <= time < until */
    int64_t after_seq;    /* rows that were written after that one: for following */
    const char *login;    /* "": sessions without one */
    const char *address;  /* whom it claimed to be from, or a recipient; ASCII case is ignored */
    const char *client;   /* an address, or a network as 192.0.2.0/24 */
    const char *rule;     /* it decided, or had a verdict that was not passed */
    const char *reason;   /* of the decision or of such a verdict; with rule: of the same one */
    const char *action;   /* "accept", "fix", "quarantine", "tempfail", "reject" */
    const char *id;       /* ASCII case is ignored */
    const char *queue_id;
    bool would;          /* an observed verdict would have refused, deferred or quarantined it; with
                            rule or reason: that one */
    bool without_record; /* rows come without their record, which is most of the reading */
    size_t limit;        /* at most so many rows, of all where 0 */
    bool newest_first;   /* else oldest first */
};

#define FILTER_SQL_MAX 1500

/* The condition over "decisions AS d", without WHERE; "1" where all are meant. Its parameters have
 * names (":login"): nothing of the filter's texts stands in it. Checks the client. */
MUST_CHECK bool filter_condition(const struct history_filter *filter, char ret_sql[FILTER_SQL_MAX],
                                 struct error *error);

/* " ORDER BY d.time, d.seq LIMIT n", as the filter says. */
const char *filter_order(const struct history_filter *filter);

#endif
