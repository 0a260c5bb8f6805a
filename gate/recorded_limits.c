/* Counts, standing and habit of a record. */
#include "gate/recorded_limits.h"

#include <string.h>

#include "gate/record_limits.h"

static void read_count(struct reading *reading, const struct json_tree *object, const char *key,
                       int64_t *ret_count)
{
    reading_number(reading, object, key, 0, ret_count);
    if (*ret_count > RECORD_COUNT_MAX)
        reading_fail(reading, key, "a number up to 10^15");
}

/* [minute, hour, day] */
static void read_windows(struct reading *reading, const struct json_tree *object, const char *key,
                         int64_t counts[WINDOW_COUNT])
{
    const struct json_tree *list = reading_list(reading, object, key);
    const struct json_tree *item = list && list->count == WINDOW_COUNT ? list->first : NULL;
    if (list && !item)
        reading_fail(reading, key, "a list of three numbers");
    for (size_t i = 0; item; item = item->next, i++) {
        if (item->type != JSON_TREE_INTEGER || item->integer < 0 ||
            item->integer > RECORD_COUNT_MAX)
            reading_fail(reading, key, "a list of three numbers from 0 to 10^15");
        else
            counts[i] = item->integer;
    }
}

/* The name that the record has elsewhere. */
static struct bytes told_name(const struct recorded *recorded, enum subject_kind kind)
{
    switch (kind) {
    case SUBJECT_LOGIN:
        return recorded->session.login.name;
    case SUBJECT_CLIENT:
        return recorded->session.connection.client_address;
    default:
        return (struct bytes){NULL, 0};
    }
}

/* What is there already stays where the object does not say otherwise. */
static void read_subjects(struct reading *reading, const struct json_tree *limits,
                          const struct recorded *recorded, struct facts_limits *ret_limits)
{
    for (size_t i = 0; i < SUBJECT_COUNT; i++) {
        enum subject_kind kind = (enum subject_kind)i;
        struct counted_subject *subject = &ret_limits->subjects[i];
        const struct json_tree *object = reading_object(reading, limits, subject_word(kind));
        if (!object)
            continue;
        if (!subject->name.len)
            subject->name = told_name(recorded, kind);
        reading_text(reading, object, "name", &subject->name);
        if (!subject->name.len)
            reading_fail(reading, subject_word(kind), "an object with a name");
        for (size_t j = 0; j < QUANTITY_COUNT; j++)
            read_windows(reading, object, quantity_word((enum quantity)j),
                         subject->counted.counts[j]);
    }
}

static void read_standing(struct reading *reading, const struct json_tree *limits,
                          struct login_standing *ret_standing)
{
    static const char *const states[] = {"normal", "slowed", "frozen", NULL};
    const struct json_tree *object = reading_object(reading, limits, "standing");
    int state = -1;
    if (!object)
        return;
    *ret_standing = (struct login_standing){.state = LOGIN_NORMAL};
    reading_word(reading, object, "state", states, &state);
    if (state < 0)
        reading_fail(reading, "standing", "an object with a state");
    ret_standing->state = (enum login_state)state;
    read_count(reading, object, "since", &ret_standing->since);
    read_count(reading, object, "until", &ret_standing->until);
    reading_text(reading, object, "cause", &ret_standing->cause);
}

static void read_habit(struct reading *reading, const struct json_tree *limits,
                       struct habit *ret_habit)
{
    const struct json_tree *object = reading_object(reading, limits, "habit");
    for (const struct record_habit *row = record_habit_keys; row->name; row++) {
        int64_t number = 0;
        read_count(reading, object, row->name, &number);
        if (number > row->most)
            reading_fail(reading, row->name, "a share of 1000");
        memcpy((char *)ret_habit + row->offset, &number, sizeof number);
    }
}

static void read_degraded(struct reading *reading, const struct json_tree *limits,
                          struct facts_limits *ret_limits)
{
    int64_t hosts = -1;
    ret_limits->hosts = 0;
    read_count(reading, limits, "degraded_hosts", &hosts);
    ret_limits->degraded = hosts >= 0;
    if (ret_limits->degraded)
        ret_limits->hosts = hosts;
}

void recorded_read_limits(struct reading *reading, const struct json_tree *root,
                          struct recorded *recorded)
{
    const struct json_tree *object = reading_object(reading, root, "limits");
    struct facts_limits *limits = &recorded->limits;
    if (!object)
        return;
    limits->state = FACT_KNOWN;
    read_subjects(reading, object, recorded, limits);
    read_standing(reading, object, &limits->standing);
    read_habit(reading, object, &limits->habit);
    read_count(reading, object, "new_rcpts", &limits->new_rcpts);
    read_count(reading, object, "unknown_rcpts", &limits->unknown_rcpts);
    reading_bool(reading, object, "rcpt_is_new", &limits->rcpt_is_new);
    reading_bool(reading, object, "rcpt_is_known", &limits->rcpt_is_known);
    read_degraded(reading, object, limits);

    recorded->settled = *limits;
    const struct json_tree *settled = reading_object(reading, object, "settled");
    if (!settled)
        return;
    read_subjects(reading, settled, recorded, &recorded->settled);
    read_standing(reading, settled, &recorded->settled.standing);
    read_degraded(reading, settled, &recorded->settled);
}
