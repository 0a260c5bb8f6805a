/* Counting by time, in as few buckets as there was something to count. */
#include "limits/tally.h"

#include <stdlib.h>
#include <string.h>

/* Callers' clocks differ by a little; what lies further ahead than that many steps was counted by a
 * clock that has been set back since. */
static const int64_t ahead[WINDOW_COUNT] = {10, 1, 1};

#define ROOM_MAX UINT16_MAX

void tally_done(struct tally *tally)
{
    free(tally->buckets);
    *tally = (struct tally){0};
}

static int64_t slot_at(int64_t now, enum window window)
{
    int64_t seconds = now > 0 ? now / 1000 : 0;
    return seconds / window_step[window];
}

/* When a bucket has wholly left its window, in milliseconds. */
static int64_t leaves(const struct bucket *bucket)
{
    return (((int64_t)bucket->slot + 1) * window_step[bucket->window] +
            window_seconds[bucket->window]) *
           1000;
}

static int64_t sum(int64_t a, int64_t b)
{
    int64_t result;
    return __builtin_add_overflow(a, b, &result) ? INT64_MAX : result;
}

static int64_t product(int64_t a, int64_t b)
{
    int64_t result;
    return __builtin_mul_overflow(a, b, &result) ? INT64_MAX : result;
}

static void add_counts(int64_t *counts, const int64_t *more)
{
    for (int i = 0; i < QUANTITY_COUNT; i++)
        counts[i] = sum(counts[i], more[i]);
}

static bool is_before(const struct bucket *a, uint32_t window, uint32_t slot)
{
    return a->window != window ? a->window < window : a->slot < slot;
}

static bool make_room(struct tally *tally, size_t more)
{
    size_t wanted = tally->count + more;
    if (wanted <= tally->room)
        return true;
    size_t room = wanted <= 6 ? wanted : wanted + wanted / 2;
    if (room > ROOM_MAX)
        room = ROOM_MAX;
    struct bucket *buckets =
        wanted > room ? NULL : reallocarray(tally->buckets, room, sizeof *buckets);
    if (!buckets)
        return false;
    tally->buckets = buckets;
    tally->room = (uint16_t)room;
    return true;
}

/* There is room. Most are added at a window's end: searched from behind. */
static void add_bucket(struct tally *tally, const struct bucket *bucket)
{
    size_t at = tally->count;
    while (at > 0 && !is_before(&tally->buckets[at - 1], bucket->window, bucket->slot))
        at--;
    struct bucket *place = &tally->buckets[at];
    if (at < tally->count && place->window == bucket->window && place->slot == bucket->slot) {
        add_counts(place->counts, bucket->counts);
        return;
    }
    memmove(place + 1, place, (tally->count - at) * sizeof *place);
    *place = *bucket;
    tally->count++;
}

bool tally_add(struct tally *tally, int64_t now, const int64_t amounts[QUANTITY_COUNT],
               int64_t weight)
{
    struct bucket bucket = {0};
    bool any = false;
    for (int i = 0; i < QUANTITY_COUNT; i++) {
        bucket.counts[i] = product(amounts[i] > 0 ? amounts[i] : 0, weight);
        any = any || bucket.counts[i];
    }
    if (!any)
        return true;
    tally_expire(tally, now);
    if (!make_room(tally, WINDOW_COUNT))
        return false;
    for (enum window window = 0; window < WINDOW_COUNT; window++) {
        bucket.window = window;
        bucket.slot = (uint32_t)slot_at(now, window);
        add_bucket(tally, &bucket);
    }
    return true;
}

bool tally_merge(struct tally *tally, const struct tally *other)
{
    if (!make_room(tally, other->count))
        return false;
    for (size_t i = 0; i < other->count; i++)
        add_bucket(tally, &other->buckets[i]);
    return true;
}

void tally_expire(struct tally *tally, int64_t now)
{
    size_t kept = 0;
    for (size_t i = 0; i < tally->count; i++) {
        struct bucket bucket = tally->buckets[i];
        int64_t last = slot_at(now, bucket.window) + ahead[bucket.window];
        if (leaves(&bucket) <= now)
            continue;
        if (bucket.slot > last)
            bucket.slot = (uint32_t)last;
        struct bucket *before = kept ? &tally->buckets[kept - 1] : NULL;
        if (before && before->window == bucket.window && before->slot == bucket.slot)
            add_counts(before->counts, bucket.counts);
        else
            tally->buckets[kept++] = bucket;
    }
    tally->count = (uint16_t)kept;
    if (!kept)
        tally_done(tally);
}

void tally_count(const struct tally *tally, int64_t now, struct counters *counted,
                 int64_t frees[QUANTITY_COUNT][WINDOW_COUNT])
{
    for (size_t i = 0; i < tally->count; i++) {
        const struct bucket *bucket = &tally->buckets[i];
        int64_t left = leaves(bucket) - now;
        int64_t longest = window_seconds[bucket->window] + window_step[bucket->window];
        if (left <= 0)
            continue;
        int64_t seconds = (left + 999) / 1000;
        if (seconds > longest)
            seconds = longest;
        for (int quantity = 0; quantity < QUANTITY_COUNT; quantity++) {
            if (!bucket->counts[quantity])
                continue;
            int64_t *count = &counted->counts[quantity][bucket->window];
            int64_t *free_in = &frees[quantity][bucket->window];
            *count = sum(*count, bucket->counts[quantity]);
            if (!*free_in || seconds < *free_in)
                *free_in = seconds;
        }
    }
}
