/* All of them are kept: a percentile from buckets would be a figure of the buckets. */
#include "tests/bench/load/latency.h"

#include <stdlib.h>
#include <string.h>

static bool make_room(struct latency *latency, size_t count)
{
    if (count <= latency->room)
        return true;
    size_t room = count > 2 * latency->room ? count : 2 * latency->room;
    room = room < 1024 ? 1024 : room;
    uint32_t *us = realloc(latency->us, room * sizeof *us);
    if (!us)
        return false;
    latency->us = us;
    latency->room = room;
    return true;
}

bool latency_add(struct latency *latency, uint64_t us)
{
    if (!make_room(latency, latency->count + 1))
        return false;
    latency->us[latency->count++] = us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
    return true;
}

bool latency_merge(struct latency *latency, const struct latency *more)
{
    if (!more->count)
        return true;
    if (!make_room(latency, latency->count + more->count))
        return false;
    memcpy(latency->us + latency->count, more->us, more->count * sizeof *more->us);
    latency->count += more->count;
    return true;
}

static int compare(const void *a, const void *b)
{
    uint32_t first, second;
    memcpy(&first, a, sizeof first);
    memcpy(&second, b, sizeof second);
    return (first > second) - (first < second);
}

void latency_sort(struct latency *latency)
{
    if (latency->count)
        qsort(latency->us, latency->count, sizeof *latency->us, compare);
}

uint32_t latency_percentile(const struct latency *latency, double percent)
{
    if (!latency->count)
        return 0;
    size_t at = (size_t)((double)latency->count * percent / 100);
    return latency->us[at < latency->count ? at : latency->count - 1];
}

void latency_done(struct latency *latency)
{
    free(latency->us);
    *latency = (struct latency){0};
}
