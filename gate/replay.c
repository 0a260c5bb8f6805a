/* A recorded decision, made again. */
#include "gate/replay.h"

#include <string.h>

#include "gate/record_values.h"
#include "gate/replay_carry.h"

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_decision(const struct replay_decision *a, const struct replay_decision *b)
{
    return a->action == b->action && same_text(a->command, b->command) &&
           same_text(a->rule, b->rule) && same_text(a->reason, b->reason);
}

static struct replay_decision decision_now(const struct message *message)
{
    return (struct replay_decision){message->outcome.action, message->refused_command,
                                    record_rule(message), record_reason(message)};
}

static struct replay_effect effect_of(const struct verdict *verdict, enum mode mode,
                                      enum action action)
{
    if (verdict->outcome < OUTCOME_VIOLATION)
        return (struct replay_effect){.action = ACTION_ACCEPT};
    return (struct replay_effect){mode, action, verdict->reason};
}

bool replay_same_effect(const struct replay_effect *a, const struct replay_effect *b)
{
    return a->action == b->action && a->mode == b->mode && same_text(a->reason, b->reason);
}

/* --- what a record has, put in -----------------------------------------------------------------
 */

static bool misses_value(const struct recorded *recorded)
{
    for (size_t i = 0; i < recorded->field_count; i++)
        if (!recorded->fields[i].has_value)
            return true;
    return false;
}

static bool put_in(const struct recorded *recorded, struct replayed *replayed)
{
    struct message *message = replayed->message;
    replayed->recorded = (struct message_recorded){
        .header_size = (size_t)recorded->header_size,
        .header_too_large = recorded->header_too_large,
        .body = recorded->body,
        .own_signature = recorded->own_signature,
        .own_signature_domain = recorded->own_signature_domain,
        .not_signed = misses_value(recorded) ? recorded->not_signed : NULL,
    };
    for (size_t i = 0; i < RULE_COUNT; i++) {
        if (!replay_must_carry(recorded, (enum rule_id)i))
            continue;
        replayed->recorded.carried[i] = &replayed->carried[i];
        replayed->recorded.names_tell[i] = replay_names_tell(recorded, (enum rule_id)i);
        if (!replay_carried_verdict(recorded, (enum rule_id)i, message->arena,
                                    &replayed->carried[i]))
            return false;
    }
    message->recorded = &replayed->recorded;
    return true;
}

/* --- the stages --------------------------------------------------------------------------------
 */

static void judge_mail(const struct recorded *recorded, struct message *message)
{
    message_mail(message, recorded->mail_from, recorded->smtputf8);
    for (size_t i = 0; i < RULE_COUNT; i++)
        if (rules[i]->stage == STAGE_RCPT && message->recorded->carried[i])
            engine_carry((enum rule_id)i, message->recorded->carried[i], message->policy,
                         message->arena, &message->decision);
}

static void keep_refusal(const struct message *message, struct replayed *replayed)
{
    if (replayed->rcpts_refused++)
        return;
    replayed->rcpt = decision_now(message);
    for (size_t i = 0; i < RULE_COUNT; i++) {
        const struct judged *judged = &message->decision.judged[i];
        if (rules[i]->stage == STAGE_RCPT)
            replayed->rules[i].now = effect_of(&judged->verdict, judged->mode, judged->action);
    }
}

/* The recipients that were accepted then. False: none of them would be now. */
static bool judge_rcpts(const struct recorded *recorded, struct replayed *replayed)
{
    struct message *message = replayed->message;
    for (size_t i = 0; i < recorded->rcpts_len; i++) {
        if (message_rcpt(message, recorded->rcpts[i]))
            continue;
        keep_refusal(message, replayed);
        message_rcpt_refused(message);
    }
    if ((size_t)recorded->rcpt_count > recorded->rcpts_len)
        message->facts.envelope.rcpt_count += recorded->rcpt_count - (int64_t)recorded->rcpts_len;
    return !replayed->rcpts_refused || message->facts.envelope.rcpt_count;
}

static void judge_whole(const struct recorded *recorded, struct replayed *replayed)
{
    struct message *message = replayed->message;
    for (size_t i = 0; recorded->complete && i < recorded->field_count; i++)
        message_field(message, recorded->fields[i].name, recorded->fields[i].value);
    message_end(message);
    replayed->now = decision_now(message);
}

/* As far as it would get now, and as it got then. */
static void judge(const struct recorded *recorded, struct replayed *replayed)
{
    struct message *message = replayed->message;
    const char *then = replayed->then.command;
    judge_mail(recorded, message);
    replayed->now = decision_now(message);
    if (message->refused_command)
        return;
    if (then && then[0] == 'M') {
        replayed->gap = REPLAY_NOT_REFUSED;
        return;
    }
    if (then) {
        struct replayed before = {.message = message}; /* their own message's record has them */
        (void)judge_rcpts(recorded, &before);
        if (message_rcpt(message, recorded->rcpt))
            replayed->gap = REPLAY_NOT_REFUSED;
        replayed->now = decision_now(message);
        return;
    }
    if (judge_rcpts(recorded, replayed))
        judge_whole(recorded, replayed);
    else
        replayed->now = replayed->rcpt;
}

/* --- what differs ------------------------------------------------------------------------------
 */

static enum stage reached(const struct replay_decision *decision)
{
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
    bool asked = replayed->message->policy->settings[id]->mode != MODE_OFF;
    rule->then = effect_of(&then->verdict, then->mode, then->action);
    if (!refused)
        rule->now = effect_of(&judged->verdict, judged->mode, judged->action);
    rule->carried = asked && (message_is_carried(replayed->message, id) ||
                              (rules[id]->stage == STAGE_RCPT && recorded->complete &&
                               (size_t)recorded->rcpt_count > recorded->rcpts_len));
    rule->unknown = asked && message_is_carried(replayed->message, id) &&
                    then->verdict.outcome == OUTCOME_NOT_ASKED;
    replayed->differs |= !replay_same_effect(&rule->then, &rule->now);
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

static void compare(const struct recorded *recorded, struct replayed *replayed)
{
    const struct replay_decision *then = &replayed->then;
    const struct replay_decision *now = &replayed->now;
    enum stage last = reached(then) < reached(now) ? reached(then) : reached(now);
    replayed->decision_differs = replayed->gap || !same_decision(then, now);
    replayed->differs = replayed->decision_differs || replayed->rcpts_refused;
    for (size_t i = 0; i < RULE_COUNT; i++)
        if (rules[i]->stage <= last)
            compare_rule(recorded, (enum rule_id)i, replayed);
    if (!recorded->complete || recorded->header_cut || !left(then) || !left(now))
        return;
    compare_edits(recorded, replayed);
    compare_signatures(recorded, replayed);
    replayed->differs |= replayed->edits_differ || replayed->signed_differs;
}

bool replay_judge(struct snapshot *snapshot, const struct recorded *recorded,
                  struct replayed *ret_replayed, struct error *error)
{
    struct message_clock clock = {.milliseconds = recorded->began};
    memcpy(clock.random + sizeof clock.random - sizeof recorded->random, recorded->random,
           sizeof recorded->random);
    *ret_replayed =
        (struct replayed){.then = {.action = recorded->action,
                                   .command = recorded->command.len ? recorded->command.data : NULL,
                                   .rule = recorded->rule.data,
                                   .reason = recorded->reason.data}};
    if (recorded->fault.data || same_text(recorded->rule.data, "internal")) {
        ret_replayed->gap = REPLAY_FAULT;
        ret_replayed->now = ret_replayed->then;
        return true;
    }
    ret_replayed->message = message_new(snapshot, &recorded->session, &clock);
    if (!ret_replayed->message || !put_in(recorded, ret_replayed)) {
        replay_done(ret_replayed);
        return error_set(error, "out of memory");
    }
    judge(recorded, ret_replayed);
    compare(recorded, ret_replayed);
    return true;
}

void replay_done(struct replayed *replayed)
{
    message_free(replayed->message);
    replayed->message = NULL;
}
