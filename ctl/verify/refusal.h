/* What it means that the server refused, or did not. */
#ifndef CTL_VERIFY_REFUSAL_H
#define CTL_VERIFY_REFUSAL_H

#include "ctl/verify/remedy.h"

/* A probe that must be refused. */
struct refusal {
    enum check check;
    const enum rule_id *rules; /* by which of submilter's rules, the most likely first */
    size_t rule_count;
    bool logged_in;
    struct remedy remedy; /* when nothing refused it and the rules are enforced */
};

/* Adds the row. stage: the last command ("MAIL", "RCPT", "the end of the message"); reply: its
 * answer. */
void refusal_judge(const struct context *context, const struct refusal *refusal, const char *stage,
                   const struct smtp_reply *reply);

/* The policy that holds at this listener, as far as it can be told from this side. */
const struct policy *refusal_policy(const struct context *context, bool logged_in);

/* "from: not enforced (mode = \"observe\" in policy \"submission\")", or NULL when it is. */
const char *refusal_not_enforced(const struct context *context, enum rule_id rule, bool logged_in);

#endif
