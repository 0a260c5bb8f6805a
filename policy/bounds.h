/* Which limits a message is held to, and by how much it comes nearer to each: for the rule
 * `limits`, and for whoever has it counted. */
#ifndef POLICY_BOUNDS_H
#define POLICY_BOUNDS_H

#include "policy/facts.h"
#include "policy/limit.h"
#include "policy/rule.h"

#define BOUNDS_LIST_MAX 20 /* limits of one list */
#define BOUNDS_MAX (BOUNDS_LIST_MAX * (SUBJECT_COUNT + 1))

/* The settings of the rule `limits`. */
struct limits_settings {
    struct rule_settings common;
    struct texts by[SUBJECT_COUNT];
    struct texts contain; /* of the login */
    bool each_recipient;
};

struct bound {
    int64_t amount; /* what the message adds, as far as it is known at the stage */
    struct limit limit;
    enum subject_kind subject;
    bool contains; /* it holds back only recipients that the login does not know */
};

/* The limits that the message could pass at that stage (MAIL, RCPT, SETTLE), in the order in which
 * they are judged; at SETTLE all that it is charged against. What it adds nothing to is left out,
 * and so are subjects that it does not have. bounds has room for BOUNDS_MAX. */
size_t bounds_of(const struct facts *facts, enum stage stage,
                 const struct limits_settings *settings, struct bound *bounds);

/* Whether it would be one too many: what is counted and what the message adds is over the limit. */
bool bound_is_passed(const struct facts *facts, const struct bound *bound);

/* What a whole message counts as: messages, recipients, new recipients, bytes of header and body.
 */
int64_t bounds_amount(const struct facts *facts, enum quantity quantity);

#endif
