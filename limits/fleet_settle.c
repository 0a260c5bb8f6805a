/* What Redis lacks, as settle.lua's commands: one a subject. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "limits/embedded_own.h"
#include "limits/fleet_greet.h"
#include "limits/fleet_private.h"

#define UNSETTLED_MAX 100000 /* subjects; those after them stay with the own store */

/* What a gathering shares. */
struct gathering {
    struct fleet *fleet;
    int64_t now;    /* milliseconds, this host's */
    int64_t offset; /* to Redis's */
    int64_t weight; /* so often was counted what is unseen */
};

static struct gathering gathering_of(struct fleet *fleet, int64_t weight)
{
    pthread_mutex_lock(&fleet->lock);
    struct gathering gathering = {
        .fleet = fleet,
        .now = fleet_wall_clock(),
        .offset = fleet->offset,
        .weight = weight,
    };
    pthread_mutex_unlock(&fleet->lock);
    return gathering;
}

/* One subject's command up to the number of its entries. name: as embedded_name has it. */
static struct fleet_work *begin(const struct gathering *gathering, enum subject_kind kind,
                                struct bytes name, size_t entries)
{
    struct fleet *fleet = gathering->fleet;
    struct fleet_work *work = fleet_work_new(FLEET_WORK_SETTLE);
    if (!work)
        return NULL;
    struct redis_command *command = &work->order.command;
    work->sequence = UINT64_MAX; /* not sent yet */
    fleet_command_script(command, &fleet->keys, FLEET_SETTLE, 2);
    fleet_command_key(command, &fleet->keys, "host:", bytes_of(fleet->instance));
    fleet_command_count_key(command, &fleet->keys, kind, name);
    work->order.epoch_at = redis_command_later(command);
    work->order.sequence_at = redis_command_later(command);
    redis_command_number(command, gathering->now + gathering->offset);
    redis_command_number(command, (int64_t)entries);
    return work;
}

/* window: from 1; 0: all of them. second: this host's. */
static void add_entry(const struct gathering *gathering, struct fleet_work *work, int64_t second,
                      int64_t window, const int64_t amounts[QUANTITY_COUNT])
{
    struct redis_command *command = &work->order.command;
    redis_command_number(command, second + gathering->offset / 1000);
    redis_command_number(command, window);
    for (int q = 0; q < QUANTITY_COUNT; q++)
        redis_command_number(command, amounts[q]);
}

static bool end(const struct gathering *gathering, struct fleet_work *work)
{
    if (!redis_command_end(&work->order.command)) {
        fleet_work_free(work);
        return false;
    }
    fleet_line_put(&gathering->fleet->unsettled, work);
    return true;
}

static bool gather_unseen(enum subject_kind kind, struct bytes name, const struct tally *unseen,
                          void *context)
{
    const struct gathering *gathering = context;
    if (gathering->fleet->unsettled.count >= UNSETTLED_MAX)
        return false;
    struct fleet_work *work = begin(gathering, kind, name, unseen->count);
    if (!work)
        return false;
    for (size_t i = 0; i < unseen->count; i++) {
        const struct bucket *bucket = &unseen->buckets[i];
        add_entry(gathering, work, bucket->slot * window_step[bucket->window],
                  (int64_t)bucket->window + 1, bucket->counts);
    }
    return end(gathering, work);
}

void fleet_gather_unseen(struct fleet *fleet)
{
    struct gathering gathering = gathering_of(fleet, 1);
    /* What stays is taken the next time. */
    embedded_take_unseen(fleet->own, gathering.now, gather_unseen, &gathering);
}

static void take_back(const struct gathering *gathering, const struct fleet_doubt *doubt)
{
    int64_t less[QUANTITY_COUNT];
    for (int q = 0; q < QUANTITY_COUNT; q++)
        less[q] = -doubt->amounts[q];
    for (int kind = 0; kind < SUBJECT_COUNT; kind++) {
        char buffer[LIMITS_NAME_MAX];
        if (!doubt->names[kind].len)
            continue;
        struct bytes name = embedded_name(gathering->fleet->own, (enum subject_kind)kind,
                                          doubt->names[kind], buffer);
        struct fleet_work *work = begin(gathering, (enum subject_kind)kind, name, 1);
        if (!work)
            return;
        add_entry(gathering, work, doubt->now / 1000, 0, less);
        if (!end(gathering, work))
            return;
    }
}

static bool is_denied(const struct fleet *fleet, uint64_t sequence)
{
    enum { DIGITS = 20 }; /* redis_command_later */
    char digits[DIGITS + 1];
    snprintf(digits, sizeof digits, "%0*" PRIu64, DIGITS, sequence);
    for (size_t at = 0; fleet->denied[at] && strlen(fleet->denied + at) >= DIGITS; at += DIGITS)
        if (memcmp(fleet->denied + at, digits, DIGITS) == 0)
            return true;
    return false;
}

void fleet_gather_doubts(struct fleet *fleet, uint64_t last)
{
    struct gathering gathering = gathering_of(fleet, 1);
    pthread_mutex_lock(&fleet->lock);
    struct fleet_doubt *doubts = fleet->doubts;
    fleet->doubts = NULL;
    fleet->doubt_count = 0;
    pthread_mutex_unlock(&fleet->lock);
    while (doubts) {
        struct fleet_doubt *doubt = doubts;
        doubts = doubt->next;
        if (doubt->sequence <= last && !is_denied(fleet, doubt->sequence))
            take_back(&gathering, doubt);
        free(doubt);
    }
}

static const struct bucket *same_bucket(const struct tally *tally, const struct bucket *bucket)
{
    for (size_t i = 0; i < tally->count; i++)
        if (tally->buckets[i].slot == bucket->slot && tally->buckets[i].window == bucket->window)
            return &tally->buckets[i];
    return NULL;
}

static void gather_standing(const struct gathering *gathering, const struct embedded_own *own)
{
    for (int state = LOGIN_SLOWED; state < LOGIN_STATES; state++) {
        struct login_standing standing;
        if (standing_has(own->standing, (enum login_state)state, gathering->now / 1000, &standing))
            fleet_raise_later(gathering->fleet, own->name, &standing);
    }
}

static bool gather_own(const struct embedded_own *own, void *context)
{
    const struct gathering *gathering = context;
    if (own->kind == SUBJECT_LOGIN)
        gather_standing(gathering, own);
    if (!own->total->count || gathering->fleet->unsettled.count >= UNSETTLED_MAX)
        return false;
    struct fleet_work *work = begin(gathering, own->kind, own->name, own->total->count);
    if (!work)
        return false;
    for (size_t i = 0; i < own->total->count; i++) {
        const struct bucket *bucket = &own->total->buckets[i];
        const struct bucket *alone = same_bucket(own->unseen, bucket);
        int64_t amounts[QUANTITY_COUNT];
        for (int q = 0; q < QUANTITY_COUNT; q++) {
            int64_t once = alone ? alone->counts[q] : 0;
            int64_t less = bucket->counts[q] - once * (gathering->weight - 1);
            amounts[q] = less > once ? less : once;
        }
        add_entry(gathering, work, bucket->slot * window_step[bucket->window],
                  (int64_t)bucket->window + 1, amounts);
    }
    return end(gathering, work);
}

void fleet_gather_all(struct fleet *fleet, int64_t weight)
{
    struct gathering gathering = gathering_of(fleet, weight);
    embedded_each_own(fleet->own, gathering.now, gather_own, &gathering);
}
