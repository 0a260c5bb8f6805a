/* The counts of a record, stage by stage. */
#include "gate/counted_again.h"

void counted_again(struct message *message)
{
    const struct message_recorded *recorded = message->recorded;
    struct facts *facts = &message->facts;
    struct facts_limits *limits = &facts->limits;
    struct login_standing led_to = limits->standing;
    if (!recorded || !recorded->limits)
        return;
    *limits = (struct facts_limits){.state = FACT_ABSENT};
    if (facts->stage < recorded->limits_from)
        return;
    *limits = facts->stage == STAGE_SETTLE ? *recorded->settled : *recorded->limits;
    if (facts->stage == STAGE_SETTLE && recorded->standing_is_own)
        limits->standing = recorded->limits->standing;
    if (message->decision.contain > limits->standing.state)
        limits->standing = led_to;
    limits->rcpt_is_new = recorded->rcpt_is_new;
    limits->rcpt_is_known = recorded->rcpt_is_known;
    limits->new_rcpts = recorded->new_rcpts;
    limits->unknown_rcpts = recorded->unknown_rcpts;
}
