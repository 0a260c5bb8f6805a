/* What was decided and what would be, side by side. */
#include "gate/replay_compare.h"

#include <string.h>

#include "gate/record_values.h"

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_decision(const struct replay_decision *a, const struct replay_decision *b)
{
    return a->action == b->action && same_text(a->command, b->command) &&
           same_text(a->rule, b->rule) && same_text(a->reason, b->reason);
}

struct replay_effect replay_effect_of(const struct verdict *verdict, enum mode mode,
                                      enum action action)
{
    if (verdict->outcome < OUTCOME_VIOLATION)
        return (struct replay_effect){.action = ACTION_ACCEPT};
    return (struct replay_effect){mode, action, verdict->contain, verdict->reason};
}

bool replay_same_effect(const struct replay_effect *a, const struct replay_effect *b)
{
    return a->action == b->action && a->mode == b->mode && a->contain == b->contain &&
           same_text(a->reason, b->reason);
}

static bool settles(const char *name)
{
    for (size_t i = 0; name && i < RULE_COUNT; i++)
        if (strcmp(name, rules[i]->name) == 0)
            return rules[i]->stage == STAGE_SETTLE;
    return false;
}

/* Where it was refused before it would have left, nobody asked those that settle. */
static enum stage reached(const struct replay_decision *decision)
{
    if (!decision->command && (decision->action < ACTION_TEMPFAIL || settles(decision->rule)))
        return STAGE_SETTLE;
    if (!decision->command)
        return STAGE_BODY;
    return decision->command[0] == 'M' ? STAGE_MAIL : STAGE_RCPT;
}

static void compare_rule(const struct recorded *recorded, enum rule_id id,
                         struct replayed *replayed)
{
    const struct recorded_verdict *then = &recorded->verdicts[id];
    const struct judged *judged = &replayed->message->decision.judged[id];
    struct replay_rule *rule = &replayed->rules[id];
    bool refused = rules[id]->stage == STAGE_RCPT && replayed->rcpts_refused;
    if (rules[id]->early & RULE_STAGE(STAGE_RCPT))
        refused = rule->now.action > judged->action;
    bool asked = replayed->message->policy->settings[id]->mode != MODE_OFF;
    rule->then = replay_effect_of(&then->verdict, then->mode, then->action);
    if (!refused)
        rule->now = replay_effect_of(&judged->verdict, judged->mode, judged->action);
    rule->carried = asked && (message_is_carried(replayed->message, id) ||
                              (rules[id]->stage == STAGE_RCPT && recorded->complete &&
                               (size_t)recorded->rcpt_count > recorded->rcpts_len));
    rule->unknown = asked && message_is_carried(replayed->message, id) &&
                    then->verdict.outcome == OUTCOME_NOT_ASKED;
    replayed->differs |= !replay_same_effect(&rule->then, &rule->now);
}

/* Of a rule that is asked early, too: what it said early is all that it said where both came as
 * far. Else it is the last word if it refused. */
static bool is_told_early(const struct recorded *recorded, const struct replayed *replayed,
                          enum rule_id id, enum stage last)
{
    enum stage then = reached(&replayed->then);
    enum stage now = replayed->gap ? then : reached(&replayed->now);
    if (!(rules[id]->early & (RULE_STAGE(last + 1) - 1)) || recorded->limits.state != FACT_KNOWN)
        return false;
    if (then == now)
        return true;
    if (then < now)
        return recorded->verdicts[id].verdict.outcome >= OUTCOME_VIOLATION;
    return replayed->rules[id].now.reason || /* of a recipient that was refused */
           replayed->message->decision.judged[id].verdict.outcome >= OUTCOME_VIOLATION;
}

static bool is_new_id(struct bytes value, struct bytes *ret_domain)
{
    enum { DIGITS = 26 };
    if (value.len < DIGITS + 3 || value.data[0] != '<' || value.data[DIGITS + 1] != '@')
        return false;
    for (size_t i = 1; i <= DIGITS; i++)
        if (!(value.data[i] >= 'a' && value.data[i] <= 'z') &&
            !(value.data[i] >= '2' && value.data[i] <= '7'))
            return false;
    *ret_domain = bytes_slice(value, DIGITS + 2, value.len);
    return true;
}

bool replay_same_edit(const struct recorded_edit *then, const struct edit *now,
                      const struct facts_header *header)
{
    struct bytes value = bytes_trim(now->value);
    struct bytes old_domain, new_domain;
    if (then->kind != now->kind || !bytes_equal_nocase(then->name, now->name) ||
        (then->kind != EDIT_ADD && then->instance != header->fields[now->field].instance))
        return false;
    return then->kind == EDIT_DELETE || bytes_equal(then->value, value) ||
           (bytes_equal_nocase(then->name, BYTES("Message-ID")) &&
            is_new_id(then->value, &old_domain) && is_new_id(value, &new_domain) &&
            bytes_equal_nocase(old_domain, new_domain));
}

static void compare_edits(const struct recorded *recorded, struct replayed *replayed)
{
    const struct edit *now = replayed->message->outcome.edits;
    size_t i = 0;
    for (; now && i < recorded->edit_count; now = now->next, i++)
        if (!replay_same_edit(&recorded->edits[i], now, &replayed->message->facts.header))
            break;
    replayed->edits_differ = now || i < recorded->edit_count;
}

static bool signed_then(const struct recorded *recorded, const struct key *key, bool by_that_key)
{
    for (size_t i = 0; i < recorded->signature_count; i++) {
        const struct recorded_signature *then = &recorded->signatures[i];
        if (bytes_equal_nocase(then->domain, bytes_of(key->domain)) &&
            (!by_that_key || (bytes_equal(then->selector, bytes_of(key->selector)) &&
                              bytes_equal(then->algorithm, bytes_of(record_algorithm(key))))))
            return true;
    }
    return false;
}

static bool signs_now(const struct message_outcome *outcome,
                      const struct recorded_signature *signature)
{
    for (size_t i = 0; i < outcome->signature_count; i++)
        if (bytes_equal_nocase(signature->domain, bytes_of(outcome->signatures[i].key->domain)))
            return true;
    return false;
}

static void compare_signatures(const struct recorded *recorded, struct replayed *replayed)
{
    const struct message_outcome *outcome = &replayed->message->outcome;
    replayed->keys_differ = recorded->signature_count != outcome->signature_count;
    for (size_t i = 0; i < outcome->signature_count; i++) {
        const struct key *key = outcome->signatures[i].key;
        replayed->signed_differs |= !signed_then(recorded, key, false);
        replayed->keys_differ |= !signed_then(recorded, key, true);
    }
    for (size_t i = 0; i < recorded->signature_count; i++)
        replayed->signed_differs |= !signs_now(outcome, &recorded->signatures[i]);
    replayed->keys_differ &= !replayed->signed_differs;
}

static bool left(const struct replay_decision *decision)
{
    return !decision->command && decision->action < ACTION_TEMPFAIL;
}

void replay_compare(const struct recorded *recorded, struct replayed *replayed)
{
    const struct replay_decision *then = &replayed->then;
    const struct replay_decision *now = &replayed->now;
    enum stage last = reached(then) < reached(now) ? reached(then) : reached(now);
    replayed->decision_differs = replayed->gap || !same_decision(then, now);
    replayed->differs = replayed->decision_differs || replayed->rcpts_refused;
    for (size_t i = 0; i < RULE_COUNT; i++)
        if (rules[i]->stage <= last || is_told_early(recorded, replayed, (enum rule_id)i, last))
            compare_rule(recorded, (enum rule_id)i, replayed);
    if (!recorded->complete || recorded->header_cut || !left(then) || !left(now))
        return;
    compare_edits(recorded, replayed);
    compare_signatures(recorded, replayed);
    replayed->differs |= replayed->edits_differ || replayed->signed_differs;
}
