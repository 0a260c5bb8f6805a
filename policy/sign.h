/* Signs of theft: what the rules that look for one have in common. Where such a rule is enforced
 * and finds its sign, the login is slowed or frozen; the message itself goes on, under that state.
 */
#ifndef POLICY_SIGN_H
#define POLICY_SIGN_H

#include "policy/facts.h"
#include "policy/rule.h"

/* The first member of a sign's settings. */
struct sign_settings {
    struct rule_settings common;
    int then;      /* an enum login_state */
    int64_t lasts; /* seconds; 0: until an admin eases it */
};

extern const char *const sign_then_words[]; /* by enum login_state */

/* The rows of sign_settings. */
#define SIGN_ROWS                                                                                  \
    {.name = "then",                                                                               \
     .type = OPTION_CHOICE,                                                                        \
     .offset = offsetof(struct sign_settings, then),                                               \
     .default_value = "\"slow\"",                                                                  \
     .choices = sign_then_words,                                                                   \
     .help = "What the login is taken to when the rule is enforced, while the message goes on: "   \
             "slowed it only writes to people that it has long written to, frozen to nobody."},    \
    {                                                                                              \
        .name = "for", .type = OPTION_DURATION, .offset = offsetof(struct sign_settings, lasts),   \
        .default_value = "\"2h\"", .max = INT64_C(3155760000),                                     \
        .help = "For how long; 0: until an admin thaws it."                                        \
    }

/* The rest of a sign's struct rule. */
#define SIGN_RULE                                                                                  \
    .stage = STAGE_HEADER, .default_action = ACTION_ACCEPT,                                        \
    .actions = RULE_ACTION(ACTION_ACCEPT) | RULE_ACTIONS_REFUSE, .counted = true, .contains = true

/* Whether there is a login that something is known of; else the verdict is a pass. */
bool sign_can_be_seen(const struct facts *facts, struct verdict *verdict);

/* A violation. fact: what it turned on, for admins. saw: what is told to who wrote, where the
 * action refuses: "it was used from 5 networks within an hour". Both may be NULL, where memory is
 * out. */
void sign_found(const struct sign_settings *settings, const char *reason, const char *fact,
                const char *saw, struct arena *arena, struct verdict *verdict);

/* The login's own count of a quantity in a window, before this message. */
int64_t sign_count(const struct facts *facts, enum quantity quantity, enum window window);

/* Whether something that was first seen then (0: never) is that long ago; what never was is not. */
bool sign_is_older(const struct facts *facts, int64_t since, int64_t seconds);

#endif
