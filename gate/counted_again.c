/* The counts of a record, stage by stage. */
#include "gate/counted_again.h"

/* Nothing that a rule could find too much. */
static void put_names(const struct facts_limits *recorded, struct facts_limits *ret_limits)
{
    *ret_limits = (struct facts_limits){.state = FACT_KNOWN};
    for (size_t i = 0; i < SUBJECT_COUNT; i++)
        ret_limits->subjects[i].name = recorded->subjects[i].name;
}

void counted_again(struct message *message)
{
    const struct message_recorded *recorded = message->recorded;
    struct facts *facts = &message->facts;
    struct facts_limits *limits = &facts->limits;
    struct login_standing led_to = limits->standing;
    if (!recorded || !recorded->limits)
        return;
    if (facts->stage < recorded->limits_from) {
        put_names(recorded->limits, limits);
        return;
    }
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
