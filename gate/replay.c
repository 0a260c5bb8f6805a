/* A recorded decision, made again. */
#include "gate/replay.h"

#include <string.h>

#include "gate/record_values.h"
#include "gate/replay_carry.h"
#include "gate/replay_compare.h"
#include "gate/replay_limits.h"

static struct replay_decision decision_now(const struct message *message)
{
    return (struct replay_decision){message->outcome.action, message->refused_command,
                                    record_rule(message), record_reason(message)};
}

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
    replay_limits_put_in(recorded, &replayed->recorded);
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

static void judge_mail(const struct recorded *recorded, struct message *message)
{
    message_mail(message, recorded->mail_from, recorded->smtputf8);
    for (size_t i = 0; i < RULE_COUNT; i++)
        if (rules[i]->stage == STAGE_RCPT && message->recorded->carried[i])
            engine_carry((enum rule_id)i, message->recorded->carried[i], message->policy,
                         message->arena, &message->decision);
}

static bool is_asked_at_rcpt(const struct rule *rule)
{
    return rule->stage == STAGE_RCPT || rule->early & RULE_STAGE(STAGE_RCPT);
}

static void keep_refusal(const struct message *message, struct replayed *replayed)
{
    if (replayed->rcpts_refused++)
        return;
    replayed->rcpt = decision_now(message);
    for (size_t i = 0; i < RULE_COUNT; i++) {
        const struct judged *judged = &message->decision.judged[i];
        if (is_asked_at_rcpt(rules[i]))
            replayed->rules[i].now =
                replay_effect_of(&judged->verdict, judged->mode, judged->action);
    }
}

static bool judge_rcpt(const struct recorded *recorded, size_t index, struct replayed *replayed)
{
    replay_limits_ask(recorded, index, &replayed->recorded);
    bool accepted = message_rcpt(replayed->message, recorded->rcpts[index]);
    replay_limits_answered(accepted, &replayed->recorded);
    return accepted;
}

/* Those that were accepted then and are not in the record. */
static void add_unlisted(const struct recorded *recorded, struct replayed *replayed)
{
    if ((size_t)recorded->rcpt_count > recorded->rcpts_len)
        replayed->message->facts.envelope.rcpt_count +=
            recorded->rcpt_count - (int64_t)recorded->rcpts_len;
    replay_limits_all_asked(recorded, &replayed->recorded);
}

/* The recipients that were accepted then. False: none of them would be now. */
static bool judge_rcpts(const struct recorded *recorded, struct replayed *replayed)
{
    struct message *message = replayed->message;
    for (size_t i = 0; i < recorded->rcpts_len; i++) {
        if (judge_rcpt(recorded, i, replayed))
            continue;
        keep_refusal(message, replayed);
        message_rcpt_refused(message);
    }
    add_unlisted(recorded, replayed);
    return !replayed->rcpts_refused || message->facts.envelope.rcpt_count;
}

/* The one that was refused then; what becomes of those before it their own message's record has. */
static void judge_refused_rcpt(const struct recorded *recorded, struct replayed *replayed)
{
    for (size_t i = 0; i < recorded->rcpts_len; i++)
        if (!judge_rcpt(recorded, i, replayed))
            message_rcpt_refused(replayed->message);
    add_unlisted(recorded, replayed);
    replay_limits_ask_refused(recorded, &replayed->recorded);
    if (message_rcpt(replayed->message, recorded->rcpt))
        replayed->gap = REPLAY_NOT_REFUSED;
    replayed->now = decision_now(replayed->message);
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
        judge_refused_rcpt(recorded, replayed);
        return;
    }
    if (judge_rcpts(recorded, replayed))
        judge_whole(recorded, replayed);
    else
        replayed->now = replayed->rcpt;
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
    if (recorded->fault.data || bytes_equal(recorded->rule, BYTES("internal"))) {
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
    replay_compare(recorded, ret_replayed);
    return true;
}

void replay_done(struct replayed *replayed)
{
    message_free(replayed->message);
    replayed->message = NULL;
}
