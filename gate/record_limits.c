/* Counts, standing and habit as the rules saw them. */
#include "gate/record_limits.h"

#include <stddef.h>
#include <string.h>

static bool any(const int64_t counts[WINDOW_COUNT])
{
    return counts[WINDOW_MINUTE] || counts[WINDOW_HOUR] || counts[WINDOW_DAY];
}

static bool same(const int64_t a[WINDOW_COUNT], const int64_t b[WINDOW_COUNT])
{
    return a[WINDOW_MINUTE] == b[WINDOW_MINUTE] && a[WINDOW_HOUR] == b[WINDOW_HOUR] &&
           a[WINDOW_DAY] == b[WINDOW_DAY];
}

static bool same_subject(const struct counted_subject *a, const struct counted_subject *b)
{
    for (size_t i = 0; i < QUANTITY_COUNT; i++)
        if (!same(a->counted.counts[i], b->counted.counts[i]))
            return false;
    return bytes_equal(a->name, b->name);
}

static bool same_standing(const struct login_standing *a, const struct login_standing *b)
{
    return a->state == b->state && a->since == b->since && a->until == b->until &&
           bytes_equal(a->cause, b->cause);
}

/* Whose name the record tells elsewhere. */
static struct bytes told_name(const struct facts *facts, enum subject_kind kind)
{
    switch (kind) {
    case SUBJECT_LOGIN:
        return facts->login.name;
    case SUBJECT_CLIENT:
        return facts->connection.client_address;
    default:
        return (struct bytes){NULL, 0};
    }
}

/* Of the quantities those that were counted, or, where there is a before, those that are others. */
static void write_subject(struct json *json, const struct facts *facts, enum subject_kind kind,
                          const struct counted_subject *subject,
                          const struct counted_subject *before)
{
    json_open(json, subject_word(kind), '{');
    if (!bytes_equal(subject->name, told_name(facts, kind)))
        json_bytes(json, "name", subject->name);
    for (size_t i = 0; i < QUANTITY_COUNT; i++) {
        const int64_t *counts = subject->counted.counts[i];
        if (before ? same(counts, before->counted.counts[i]) : !any(counts))
            continue;
        json_open(json, quantity_word((enum quantity)i), '[');
        for (size_t window = 0; window < WINDOW_COUNT; window++)
            json_int(json, NULL, counts[window]);
        json_close(json, ']');
    }
    json_close(json, '}');
}

static void write_some(struct json *json, const char *name, int64_t number)
{
    if (number)
        json_int(json, name, number);
}

static void write_standing(struct json *json, const struct login_standing *standing)
{
    json_open(json, "standing", '{');
    json_text(json, "state", login_state_word(standing->state));
    write_some(json, "since", standing->since);
    write_some(json, "until", standing->until);
    if (standing->cause.len)
        json_bytes(json, "cause", standing->cause);
    json_close(json, '}');
}

const struct record_habit record_habit_keys[] = {
    {"since", offsetof(struct habit, since), RECORD_COUNT_MAX},
    {"messages", offsetof(struct habit, messages), RECORD_COUNT_MAX},
    {"networks_hour", offsetof(struct habit, networks_hour), RECORD_COUNT_MAX},
    {"networks_day", offsetof(struct habit, networks_day), RECORD_COUNT_MAX},
    {"network_since", offsetof(struct habit, network_since), RECORD_COUNT_MAX},
    {"network_hour", offsetof(struct habit, network_hour), RECORD_COUNT_MAX},
    {"client_since", offsetof(struct habit, client_since), RECORD_COUNT_MAX},
    {"clients", offsetof(struct habit, clients), RECORD_COUNT_MAX},
    {"other_client_messages", offsetof(struct habit, other_client_messages), RECORD_COUNT_MAX},
    {"hour_permille", offsetof(struct habit, hour_permille), 1000},
    {0}};

static void write_habit(struct json *json, const struct habit *habit)
{
    bool open = false;
    for (const struct record_habit *row = record_habit_keys; row->name; row++) {
        int64_t number;
        memcpy(&number, (const char *)habit + row->offset, sizeof number);
        if (number && !open)
            json_open(json, "habit", '{');
        open |= number != 0;
        write_some(json, row->name, number);
    }
    if (open)
        json_close(json, '}');
}

/* What the settling rules saw otherwise than those before them. */
static void write_settled(struct json *json, const struct facts *facts,
                          const struct facts_limits *before)
{
    const struct facts_limits *settled = &facts->limits;
    bool differs = settled->degraded != before->degraded || settled->hosts != before->hosts ||
                   !same_standing(&settled->standing, &before->standing);
    for (size_t i = 0; i < SUBJECT_COUNT; i++)
        differs |= !same_subject(&settled->subjects[i], &before->subjects[i]);
    if (!differs)
        return;
    json_open(json, "settled", '{');
    for (size_t i = 0; i < SUBJECT_COUNT; i++)
        if (settled->subjects[i].name.len &&
            !same_subject(&settled->subjects[i], &before->subjects[i]))
            write_subject(json, facts, (enum subject_kind)i, &settled->subjects[i],
                          &before->subjects[i]);
    if (!same_standing(&settled->standing, &before->standing))
        write_standing(json, &settled->standing);
    if (settled->degraded)
        json_int(json, "degraded_hosts", settled->hosts);
    json_close(json, '}');
}

const struct facts_limits *record_limits_seen(const struct message *message)
{
    return message->limits_asked ? message->limits_asked : &message->facts.limits;
}

/* A thaw is told as long as it keeps signs off. */
static bool is_worth_telling(const struct login_standing *standing, int64_t now)
{
    return standing->state != LOGIN_NORMAL || standing->until > now;
}

void record_write_limits(struct json *json, const struct message *message)
{
    const struct facts *facts = &message->facts;
    const struct facts_limits *limits = record_limits_seen(message);
    if (limits->state != FACT_KNOWN)
        return;
    json_open(json, "limits", '{');
    for (size_t i = 0; i < SUBJECT_COUNT; i++)
        if (limits->subjects[i].name.len)
            write_subject(json, facts, (enum subject_kind)i, &limits->subjects[i], NULL);
    if (is_worth_telling(&limits->standing, facts->now))
        write_standing(json, &limits->standing);
    write_habit(json, &limits->habit);
    write_some(json, "new_rcpts", limits->new_rcpts);
    write_some(json, "unknown_rcpts", limits->unknown_rcpts);
    if (message->refused_command && message->refused_command[0] == 'R') {
        json_bool(json, "rcpt_is_new", limits->rcpt_is_new);
        json_bool(json, "rcpt_is_known", limits->rcpt_is_known);
    }
    if (limits->degraded)
        json_int(json, "degraded_hosts", limits->hosts);
    if (facts->stage == STAGE_SETTLE && limits != &facts->limits)
        write_settled(json, facts, limits);
    json_close(json, '}');
}
