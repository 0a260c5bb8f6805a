/* What a login's mail has been like: since when, how much, from which networks, with which programs
 * and at which hours. Networks and programs are kept as keyed hashes. */
#ifndef LIMITS_HABITS_H
#define LIMITS_HABITS_H

#include <stddef.h>
#include <stdint.h>

#include "limits/tally.h"

#define HABITS_NETWORKS_MAX 64 /* past it the least telling one is forgotten */
#define HABITS_LOOKS_MAX 32
#define HABITS_HOUR_SLOTS 13 /* an hour in steps of five minutes, and the one that leaves it */

/* A network or a program. Times are seconds since 1970. */
struct seen {
    uint64_t hash;
    uint32_t first, last;
    uint32_t count;                   /* messages */
    uint32_t slot;                    /* five minutes since 1970; of hour[0] */
    uint16_t hour[HABITS_HOUR_SLOTS]; /* messages of that slot and the ones before it */
};

struct seen_list {
    struct seen *items;
    uint16_t count, room;
};

/* Zeroed: nothing known. */
struct habits {
    int64_t since; /* seconds; 0: no message was counted */
    int64_t messages;
    struct seen_list networks, looks;
    uint32_t hours[24]; /* messages by hour of the day (UTC); old ones fade */
};

void habits_done(struct habits *habits);

/* One message, now (seconds). A hash of 0: not known. False: no memory, nothing was added. */
MUST_CHECK bool habits_add(struct habits *habits, int64_t now, uint64_t network, uint64_t look);

/* Adds what another knows. False: no memory; some of it may have been added. */
MUST_CHECK bool habits_merge(struct habits *habits, const struct habits *other);

/* Forgets networks and programs that were not seen since then (seconds). */
void habits_forget(struct habits *habits, int64_t before);

/* How a session compares, now (milliseconds). tally: the login's own counts; what it holds of the
 * last day is left out of hour_permille, so that a burst does not become a habit while it lasts. */
void habits_compare(const struct habits *habits, const struct tally *tally, int64_t now,
                    uint64_t network, uint64_t look, struct habit *ret_habit);

#endif
