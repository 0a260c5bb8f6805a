/* The limits of the configuration against what the message adds. */
#include "policy/bounds.h"

int64_t bounds_amount(const struct facts *facts, enum quantity quantity)
{
    switch (quantity) {
    case QUANTITY_MESSAGES:
        return 1;
    case QUANTITY_RECIPIENTS:
        return facts->envelope.rcpt_count;
    case QUANTITY_NEW:
        return facts->limits.new_rcpts;
    case QUANTITY_BYTES:
        return (int64_t)facts->header.size + facts->body.size;
    default:
        return 0;
    }
}

/* The least that it will add, where it is not there as a whole yet. */
static int64_t amount_at(const struct facts *facts, enum stage stage, enum quantity quantity)
{
    bool at_rcpt = stage == STAGE_RCPT;
    if (stage == STAGE_SETTLE)
        return bounds_amount(facts, quantity);
    switch (quantity) {
    case QUANTITY_RECIPIENTS:
        return at_rcpt ? facts->envelope.rcpt_count + 1 : 1;
    case QUANTITY_NEW:
        return at_rcpt && facts->limits.rcpt_is_new ? facts->limits.new_rcpts + 1 : 0;
    case QUANTITY_MESSAGES:
    case QUANTITY_BYTES:
        return 1;
    default:
        return 0;
    }
}

/* Whether the message has a recipient that containment holds back. */
static bool can_be_contained(const struct facts *facts, enum stage stage)
{
    switch (stage) {
    case STAGE_RCPT:
        return !facts->limits.rcpt_is_known;
    case STAGE_SETTLE:
        return facts->limits.unknown_rcpts > 0;
    default:
        return false;
    }
}

static size_t add(const struct facts *facts, enum stage stage, const struct texts *limits,
                  struct bound bound, struct bound *bounds)
{
    size_t count = 0;
    if (!facts->limits.subjects[bound.subject].name.len)
        return 0;
    for (size_t i = 0; i < limits->count && i < BOUNDS_LIST_MAX; i++) {
        struct error never; /* checked when the configuration was loaded */
        if (!limit_parse(limits->items[i], &bound.limit, &never))
            continue;
        bound.amount = amount_at(facts, stage, bound.limit.quantity);
        if (bound.amount > 0 || bound.limit.quantity == QUANTITY_REFUSALS)
            bounds[count++] = bound;
    }
    return count;
}

size_t bounds_of(const struct facts *facts, enum stage stage,
                 const struct limits_settings *settings, struct bound *bounds)
{
    size_t count = 0;
    for (int i = 0; i < SUBJECT_COUNT; i++)
        count += add(facts, stage, &settings->by[i],
                     (struct bound){.subject = (enum subject_kind)i}, bounds + count);
    if (can_be_contained(facts, stage))
        count += add(facts, stage, &settings->contain,
                     (struct bound){.subject = SUBJECT_LOGIN, .contains = true}, bounds + count);
    return count;
}

bool bound_is_passed(const struct facts *facts, const struct bound *bound)
{
    const struct counters *counted = &facts->limits.subjects[bound->subject].counted;
    return counted->counts[bound->limit.quantity][bound->limit.window] >
           bound->limit.max - bound->amount;
}
