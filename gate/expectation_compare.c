/* Whether what happened is what was expected. */
#include <string.h>

#include "gate/expectation_happens.h"
#include "gate/record_values.h"

static bool left(const struct happened *happened)
{
    return happened->outcome.action < ACTION_TEMPFAIL;
}

/* The table that did not answer. */
static struct bytes silent_source(const struct facts *facts)
{
    for (size_t i = 0; i < facts->identity_count; i++)
        if (facts->identities[i].ownership == OWNERSHIP_UNAVAILABLE)
            return facts->identities[i].source;
    return (struct bytes){NULL, 0};
}

const char *happens_silent(const struct happened *happened, struct arena *arena)
{
    const struct message *message = happened->message;
    if (message->fault)
        return arena_printf(arena, "a fault inside: %s", message->fault);
    for (size_t i = 0; i < RULE_COUNT; i++) {
        const struct verdict *verdict = &message->decision.judged[i].verdict;
        if (verdict->outcome != OUTCOME_UNAVAILABLE)
            continue;
        struct bytes source = silent_source(&message->facts);
        return arena_printf(arena, "%s.%s%s%.*s", rules[i]->name, verdict->reason,
                            source.len ? ": " : "", (int)source.len, source.len ? source.data : "");
    }
    return NULL;
}

/* Whether a rule in that mode found that, and it leads there. */
static bool found(const struct message *message, const struct expected *expected,
                  enum action action)
{
    enum mode mode = expected->would ? MODE_OBSERVE : MODE_ENFORCE;
    for (size_t i = 0; i < RULE_COUNT; i++) {
        const struct judged *judged = &message->decision.judged[i];
        if (judged->verdict.outcome < OUTCOME_VIOLATION || judged->mode != mode ||
            happens_action(judged->action, judged->verdict.code) != action ||
            (expected->rule != RULE_COUNT && expected->rule != i))
            continue;
        if (!expected->reason.len ||
            bytes_equal(expected->reason, bytes_of(judged->verdict.reason)))
            return true;
    }
    return false;
}

static bool is_signed(const struct happened *happened, const struct expected *expected)
{
    const struct message_outcome *outcome = &happened->outcome;
    for (size_t i = 0; left(happened) && i < outcome->signature_count; i++) {
        const struct key *key = outcome->signatures[i].key;
        if ((!expected->name.len || bytes_equal_nocase(expected->name, bytes_of(key->domain))) &&
            (!expected->selector.len ||
             bytes_equal_nocase(expected->selector, bytes_of(key->selector))))
            return true;
    }
    return false;
}

static bool ends_as(const struct happened *happened, const struct expected *expected,
                    enum action action)
{
    if (!expected->would && happened->action != action)
        return false;
    return (!expected->would && expected->rule == RULE_COUNT) ||
           found(happened->message, expected, action);
}

static bool holds(const struct happened *happened, const struct expected *expected)
{
    const struct message *message = happened->message;
    switch (expected->kind) {
    case EXPECTED_ACCEPTED:
        return happened->outcome.action <= ACTION_FIX;
    case EXPECTED_REFUSED:
        return ends_as(happened, expected, ACTION_REJECT);
    case EXPECTED_DEFERRED:
        return ends_as(happened, expected, ACTION_TEMPFAIL);
    case EXPECTED_QUARANTINED:
        return ends_as(happened, expected, ACTION_QUARANTINE);
    case EXPECTED_FIXED:
        return (expected->would || left(happened)) && found(message, expected, ACTION_FIX);
    case EXPECTED_SIGNED:
        return is_signed(happened, expected);
    case EXPECTED_NOT_SIGNED:
        return left(happened) && !happened->outcome.signature_count;
    case EXPECTED_POLICY:
        return bytes_equal(expected->name, bytes_of(message->policy_name));
    case EXPECTED_LISTENER:
        return bytes_equal(expected->name, message->facts.connection.listener);
    }
    return false;
}

void happens_compare(const struct happened *happened, const struct expectation *expectation,
                     struct arena *arena, struct finding *finding)
{
    const struct message *message = happened->message;
    *finding = (struct finding){
        .action = happened->outcome.action,
        .reply = happens_reply(happened, arena),
        .policy = message->policy_name,
        .listener = arena_text(arena, message->facts.connection.listener),
    };
    if (happened->decider != RULE_COUNT) {
        finding->rule = rules[happened->decider]->name;
        finding->reason = message->decision.judged[happened->decider].verdict.reason;
    }
    for (size_t i = 0; i < expectation->expected_count; i++) {
        const struct expected *expected = &expectation->expected[i];
        if (holds(happened, expected))
            continue;
        finding->result = EXPECTATION_BROKEN;
        finding->unmet = expected->written;
        finding->happens = happens_sentence(happened, expectation, expected, arena);
        return;
    }
}
