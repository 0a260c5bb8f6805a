/* Asks the rules of a stage, keeps every verdict, and folds them into one decision. */
#ifndef POLICY_ENGINE_H
#define POLICY_ENGINE_H

#include "policy/rule.h"

/* The settings of every rule for one kind of traffic (and group): built by conf/, immutable. */
struct policy {
    const char *name;
    const struct rule_settings *settings[RULE_COUNT];
};

struct judged {
    struct verdict verdict;
    enum mode mode; /* as it was asked */
    enum action
        action; /* what the verdict leads to (or would lead to, when observed): ACCEPT for PASS */
};

struct decision {
    struct judged judged[RULE_COUNT];
    enum action action;   /* the heaviest enforced one */
    enum rule_id decider; /* the first rule that asked for it; RULE_COUNT when action is ACCEPT */
    enum login_state contain; /* the furthest that an enforced rule takes the login to */
    enum rule_id container;   /* the first rule that asked for it; RULE_COUNT: none */
    struct edit *edits;       /* of all enforced fixes, in rule order */
    struct unsigned_field *unsigned_fields; /* of all enforced fixes, each name once */
};

struct reply {
    int code;
    const char *enhanced;
    const char *text; /* printable ASCII, ends with "[rule.reason ID]", or "[ID]"; at most 900 bytes
                         with every % doubled, which is left to whoever sends it */
};

void decision_init(struct decision *decision);

/* Asks every rule of the stage that is not off, and folds again. Rules of earlier stages keep their
 * verdicts; of a stage that is asked again (one recipient after the other) the heaviest verdict
 * stays. An arena that has failed makes the decision a tempfail. */
void engine_judge(enum stage stage, const struct facts *facts, const struct policy *policy,
                  struct arena *arena, struct decision *decision);

/* Puts a verdict that was found before in the place of a rule's own, with the policy's mode and
 * action, and folds again. Nothing where the rule is off. verdict outlives the decision. */
void engine_carry(enum rule_id rule, const struct verdict *verdict, const struct policy *policy,
                  struct arena *arena, struct decision *decision);

/* Forgets a stage's verdicts and edits, and folds again: after a refused recipient. */
void engine_forget(enum stage stage, struct arena *arena, struct decision *decision);

/* What the client is told, for REJECT and TEMPFAIL (for QUARANTINE: the reason that the MTA keeps).
 * Works without the arena when memory is out: the text is then static. */
void reply_of(const struct decision *decision, const struct facts *facts, struct arena *arena,
              struct reply *ret_reply);

/* The reply for a fault inside, which no rule decided. */
void reply_internal(const char *id, struct arena *arena, struct reply *ret_reply);

#endif
