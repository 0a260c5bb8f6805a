/* What the rules that judge by counts see of a record. */
#include "gate/replay_limits.h"

#include <string.h>

static bool decided(const struct recorded *recorded, enum rule_id rule)
{
    return bytes_equal(recorded->rule, bytes_of(rules[rule]->name));
}

/* Where counts decided, it was at the last stage that it came to: before it they were others, or
 * not there yet. What is only asked there tells nothing of earlier ones. */
static enum stage seen_from(const struct recorded *recorded)
{
    for (size_t i = 0; i < RULE_COUNT; i++) {
        if (!rules[i]->counted || !rules[i]->early || !decided(recorded, (enum rule_id)i))
            continue;
        if (!recorded->command.len)
            return STAGE_HEADER;
        return recorded->command.data[0] == 'R' ? STAGE_RCPT : STAGE_MAIL;
    }
    return STAGE_MAIL;
}

/* "rule.reason" of a sign of the message's own. */
static bool standing_is_own(const struct recorded *recorded)
{
    const struct login_standing *standing = &recorded->settled.standing;
    for (size_t i = 0; i < RULE_COUNT; i++) {
        const struct recorded_verdict *found = &recorded->verdicts[i];
        struct bytes name = bytes_of(rules[i]->name);
        if (found->verdict.contain > recorded->limits.standing.state &&
            found->mode == MODE_ENFORCE && standing->cause.len > name.len &&
            standing->cause.data[name.len] == '.' &&
            bytes_equal(bytes_slice(standing->cause, 0, name.len), name))
            return true;
    }
    return false;
}

void replay_limits_put_in(const struct recorded *recorded, struct message_recorded *again)
{
    if (recorded->limits.state != FACT_KNOWN)
        return;
    again->limits = &recorded->limits;
    again->settled = &recorded->settled;
    again->limits_from = seen_from(recorded);
    again->standing_is_own = standing_is_own(recorded);
}

void replay_limits_ask(const struct recorded *recorded, size_t index,
                       struct message_recorded *again)
{
    again->rcpt_is_new = (int64_t)index < recorded->limits.new_rcpts;
    again->rcpt_is_known = (int64_t)index >= recorded->limits.unknown_rcpts;
}

void replay_limits_ask_refused(const struct recorded *recorded, struct message_recorded *again)
{
    again->rcpt_is_new = recorded->limits.rcpt_is_new;
    again->rcpt_is_known = recorded->limits.rcpt_is_known;
}

void replay_limits_answered(bool accepted, struct message_recorded *again)
{
    again->new_rcpts += accepted && again->rcpt_is_new;
    again->unknown_rcpts += accepted && !again->rcpt_is_known;
}

void replay_limits_all_asked(const struct recorded *recorded, struct message_recorded *again)
{
    int64_t unlisted = recorded->rcpt_count - (int64_t)recorded->rcpts_len;
    int64_t listed = (int64_t)recorded->rcpts_len;
    if (unlisted <= 0)
        return;
    again->new_rcpts +=
        recorded->limits.new_rcpts > listed ? recorded->limits.new_rcpts - listed : 0;
    again->unknown_rcpts +=
        recorded->limits.unknown_rcpts > listed ? recorded->limits.unknown_rcpts - listed : 0;
}
