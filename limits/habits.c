/* What a login's mail has been like, and how a session compares. */
#include "limits/habits.h"

#include <stdlib.h>
#include <string.h>

#define HOUR 3600
#define DAY 86400
#define MONTH ((int64_t)30 * DAY)
#define HOUR_STEP 300
#define HOURS_FADE 4000 /* so many messages, and older ones weigh half */

void habits_done(struct habits *habits)
{
    free(habits->networks.items);
    free(habits->looks.items);
    *habits = (struct habits){0};
}

static struct seen *find(const struct seen_list *list, uint64_t hash)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].hash == hash)
            return &list->items[i];
    return NULL;
}

/* What was not seen for a month goes first, then what was not seen for a day; among these what had
 * the fewest messages: many new ones in a row must not drive out those that are known for long. */
static bool tells_less(const struct seen *a, const struct seen *b, int64_t now)
{
    int64_t age_a = now - a->last, age_b = now - b->last;
    int rank_a = (age_a > MONTH) + (age_a > DAY), rank_b = (age_b > MONTH) + (age_b > DAY);
    if (rank_a != rank_b)
        return rank_a > rank_b;
    return a->count != b->count ? a->count < b->count : a->last < b->last;
}

static struct seen *least_telling(const struct seen_list *list, int64_t now)
{
    struct seen *least = &list->items[0];
    for (size_t i = 1; i < list->count; i++)
        if (tells_less(&list->items[i], least, now))
            least = &list->items[i];
    return least;
}

/* A new item; NULL: no memory. */
static struct seen *make(struct seen_list *list, size_t most, uint64_t hash, int64_t now)
{
    struct seen *item;
    if (list->count >= most) {
        item = least_telling(list, now);
    } else {
        if (list->count == list->room) {
            size_t room = list->room ? (size_t)list->room * 2 : 1;
            struct seen *items = reallocarray(list->items, room, sizeof *items);
            if (!items)
                return NULL;
            list->items = items;
            list->room = (uint16_t)room;
        }
        item = &list->items[list->count++];
    }
    *item = (struct seen){.hash = hash, .first = (uint32_t)now, .last = (uint32_t)now};
    return item;
}

static uint32_t sum32(uint32_t a, uint32_t b)
{
    return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

static uint16_t sum16(uint16_t a, uint16_t b)
{
    return (uint16_t)(a + b > UINT16_MAX ? UINT16_MAX : a + b);
}

/* Moves hour[0] on to a slot. */
static void move_to(struct seen *item, uint32_t slot)
{
    size_t steps = slot - item->slot;
    if (slot <= item->slot)
        return;
    if (steps > HABITS_HOUR_SLOTS)
        steps = HABITS_HOUR_SLOTS;
    memmove(item->hour + steps, item->hour, (HABITS_HOUR_SLOTS - steps) * sizeof item->hour[0]);
    memset(item->hour, 0, steps * sizeof item->hour[0]);
    item->slot = slot;
}

static void add_hour(struct seen *item, uint32_t slot, uint16_t count)
{
    /* Ahead by more than an hour: by a clock that was set back since. */
    if (item->slot > slot + HABITS_HOUR_SLOTS) {
        memset(item->hour, 0, sizeof item->hour);
        item->slot = slot;
    }
    move_to(item, slot);
    size_t back = item->slot - slot;
    if (back < HABITS_HOUR_SLOTS)
        item->hour[back] = sum16(item->hour[back], count);
}

static bool see(struct seen_list *list, size_t most, uint64_t hash, int64_t now)
{
    if (!hash)
        return true;
    struct seen *item = find(list, hash);
    if (!item)
        item = make(list, most, hash, now);
    if (!item)
        return false;
    if (item->first > now)
        item->first = (uint32_t)now;
    item->last = (uint32_t)now;
    item->count = sum32(item->count, 1);
    add_hour(item, (uint32_t)(now / HOUR_STEP), 1);
    return true;
}

static void fade(struct habits *habits)
{
    uint64_t all = 0;
    for (int i = 0; i < 24; i++)
        all += habits->hours[i];
    while (all > HOURS_FADE) {
        all = 0;
        for (int i = 0; i < 24; i++) {
            habits->hours[i] /= 2;
            all += habits->hours[i];
        }
    }
}

bool habits_add(struct habits *habits, int64_t now, uint64_t network, uint64_t look)
{
    if (now < 0)
        now = 0;
    if (!see(&habits->networks, HABITS_NETWORKS_MAX, network, now) ||
        !see(&habits->looks, HABITS_LOOKS_MAX, look, now))
        return false;
    if (!habits->since || habits->since > now)
        habits->since = now;
    habits->messages++;
    habits->hours[now / HOUR % 24]++;
    fade(habits);
    return true;
}

static bool merge_list(struct seen_list *list, const struct seen_list *other, size_t most)
{
    for (size_t i = 0; i < other->count; i++) {
        const struct seen *more = &other->items[i];
        struct seen *item = find(list, more->hash);
        if (!item) {
            item = make(list, most, more->hash, more->last);
            if (!item)
                return false;
            *item = *more;
            continue;
        }
        item->first = more->first < item->first ? more->first : item->first;
        item->last = more->last > item->last ? more->last : item->last;
        item->count = sum32(item->count, more->count);
        for (size_t back = HABITS_HOUR_SLOTS; back-- > 0;)
            if (more->hour[back])
                add_hour(item, more->slot - (uint32_t)back, more->hour[back]);
    }
    return true;
}

bool habits_merge(struct habits *habits, const struct habits *other)
{
    if (!merge_list(&habits->networks, &other->networks, HABITS_NETWORKS_MAX) ||
        !merge_list(&habits->looks, &other->looks, HABITS_LOOKS_MAX))
        return false;
    if (other->since && (!habits->since || other->since < habits->since))
        habits->since = other->since;
    habits->messages += other->messages;
    for (int i = 0; i < 24; i++)
        habits->hours[i] = sum32(habits->hours[i], other->hours[i]);
    fade(habits);
    return true;
}

static void forget_list(struct seen_list *list, int64_t before)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].last >= before)
            list->items[kept++] = list->items[i];
    list->count = (uint16_t)kept;
}

void habits_forget(struct habits *habits, int64_t before)
{
    forget_list(&habits->networks, before);
    forget_list(&habits->looks, before);
}

/* What lies as far ahead was seen by a clock that was set back since. */
static bool is_within(int64_t time, int64_t seconds, int64_t now)
{
    return time >= now - seconds && time <= now + seconds;
}

static int64_t count_within(const struct seen_list *list, int64_t seconds, int64_t now,
                            uint64_t besides)
{
    int64_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].hash != besides && is_within(list->items[i].last, seconds, now))
            count++;
    return count;
}

static int64_t within_hour(const struct seen *item, int64_t now)
{
    int64_t count = 0;
    for (size_t back = 0; back < HABITS_HOUR_SLOTS; back++)
        if (is_within(((int64_t)item->slot - (int64_t)back + 1) * HOUR_STEP - 1, HOUR, now))
            count += item->hour[back];
    return count;
}

/* Those that had been there for a day when this one came: a name of its own for each message must
 * not look like a login of many clients. Of this one nothing is counted. */
static void compare_looks(const struct seen_list *looks, const struct seen *own, int64_t now,
                          int64_t *ret_count, int64_t *ret_messages)
{
    int64_t came = own ? own->first : now;
    *ret_count = *ret_messages = 0;
    for (size_t i = 0; i < looks->count; i++) {
        const struct seen *item = &looks->items[i];
        if (item == own || item->first + (int64_t)DAY > came)
            continue;
        *ret_messages += item->count;
        *ret_count += item->last >= now - MONTH;
    }
}

static int64_t hour_permille(const struct habits *habits, const struct tally *tally, int64_t now)
{
    int64_t hours[24], all = 0, near = 0;
    int64_t hour = now / HOUR % 24;
    for (int i = 0; i < 24; i++)
        hours[i] = habits->hours[i];
    for (size_t i = 0; i < tally->count; i++) {
        const struct bucket *bucket = &tally->buckets[i];
        if (bucket->window == WINDOW_DAY)
            hours[bucket->slot * window_step[WINDOW_DAY] / HOUR % 24] -=
                bucket->counts[QUANTITY_MESSAGES];
    }
    for (int i = 0; i < 24; i++) {
        int64_t distance = (i - hour + 24) % 24;
        int64_t count = hours[i] > 0 ? hours[i] : 0;
        all += count;
        if (distance <= 1 || distance == 23)
            near += count;
    }
    return all ? near * 1000 / all : 1000;
}

void habits_compare(const struct habits *habits, const struct tally *tally, int64_t now,
                    uint64_t network, uint64_t look, struct habit *ret_habit)
{
    int64_t seconds = now > 0 ? now / 1000 : 0;
    const struct seen *from = network ? find(&habits->networks, network) : NULL;
    const struct seen *with = look ? find(&habits->looks, look) : NULL;
    int64_t own = network ? 1 : 0, others, other_messages;
    compare_looks(&habits->looks, with, seconds, &others, &other_messages);
    *ret_habit = (struct habit){
        .since = habits->since,
        .messages = habits->messages,
        .networks_hour = own + count_within(&habits->networks, HOUR, seconds, network),
        .networks_day = own + count_within(&habits->networks, DAY, seconds, network),
        .network_since = from ? from->first : 0,
        .network_hour = from ? within_hour(from, seconds) : 0,
        .client_since = with ? with->first : 0,
        .clients = others + (with && with->last >= seconds - MONTH),
        .other_client_messages = other_messages,
        .hour_permille = hour_permille(habits, tally, seconds),
    };
}
