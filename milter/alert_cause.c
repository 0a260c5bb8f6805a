/* Finding what is worth telling in a decision. */
#include "milter/alert_cause.h"

#include <string.h>

#define DAY 86400
#define WHO_MAX 255 /* bytes of a name that a key keeps */

/* Rules by name: who asks a decision need not know them all. */
static bool is_rule(enum rule_id rule, const char *name)
{
    return rule < RULE_COUNT && strcmp(rules[rule]->name, name) == 0;
}

static enum subject_kind subject_of(const char *reason)
{
    for (int kind = 0; kind < SUBJECT_COUNT; kind++)
        if (strcmp(reason, subject_word((enum subject_kind)kind)) == 0)
            return (enum subject_kind)kind;
    return SUBJECT_LOGIN; /* "contain" */
}

static void find_limited(const struct message *message, struct arena *arena,
                         struct alert_cause *cause)
{
    const struct decision *decision = &message->decision;
    const char *reason = decision->judged[decision->decider].verdict.reason;
    cause->event = ALERT_LIMITED;
    cause->rule = decision->decider;
    cause->subject = subject_of(reason);
    cause->who = message->facts.limits.subjects[cause->subject].name;
    if (!cause->who.len)
        cause->who = message->facts.login.name;
    if (!cause->who.len)
        cause->who = message->facts.connection.client_address;
    cause->cause = bytes_of(arena_printf(arena, "%s.%s", rules[cause->rule]->name, reason));
}

void alert_cause_find(const struct message *message, struct arena *arena,
                      struct alert_cause *ret_cause)
{
    const struct decision *decision = &message->decision;
    const struct login_standing *standing = &message->facts.limits.standing;
    bool held = message->outcome.action >= ACTION_TEMPFAIL && !message->fault;
    *ret_cause = (struct alert_cause){
        .rule = RULE_COUNT,
        .subject = SUBJECT_LOGIN,
        .who = message->facts.login.name,
        .cause = standing->cause,
    };
    if (message->contained) {
        ret_cause->event = ALERT_CONTAINED;
        ret_cause->rule = decision->container;
    } else if (held && is_rule(decision->decider, "limits")) {
        find_limited(message, arena, ret_cause);
    } else if (held && is_rule(decision->decider, "login_state") &&
               login_standing_is_by_admin(standing)) {
        ret_cause->event = ALERT_HELD;
        ret_cause->rule = decision->decider;
    }
}

static void fold(char *text)
{
    for (; *text; text++)
        *text = bytes_lower(*text);
}

const char *alert_cause_key(const struct message *message, const struct alert_cause *cause,
                            struct arena *arena)
{
    char *who = arena_text(arena, bytes_slice(cause->who, 0, WHO_MAX));
    int64_t since = message->facts.limits.standing.since;
    if (!who)
        return NULL;
    fold(who);
    if (cause->event == ALERT_HELD) /* frozen anew for the same reason is news */
        return arena_printf(arena, "%s %.*s %lld", who, (int)cause->cause.len, cause->cause.data,
                            (long long)since);
    return arena_printf(arena, "%s %.*s", who, (int)cause->cause.len, cause->cause.data);
}

int64_t alert_cause_pause(const struct alert_cause *cause, int64_t every)
{
    return cause->event == ALERT_HELD && every < DAY ? DAY : every;
}
