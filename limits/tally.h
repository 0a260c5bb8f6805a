/* What one subject was counted for, by time: few numbers where little was sent.
 *
 * A bucket holds what was counted within one step of a window (policy/counting.h's window_step);
 * what counts in a window is every bucket that is not wholly older than it. So there is never more
 * than the limit in any window, and a place is free again at most one step later than exactly. */
#ifndef LIMITS_TALLY_H
#define LIMITS_TALLY_H

#include <stddef.h>
#include <stdint.h>

#include "policy/counting.h"
#include "policy/error.h"

struct bucket {
    uint32_t slot;   /* seconds since 1970 / window_step */
    uint32_t window; /* enum window */
    int64_t counts[QUANTITY_COUNT];
};

/* Zeroed: nothing counted. */
struct tally {
    struct bucket *buckets; /* by window, then slot */
    uint16_t count, room;
};

void tally_done(struct tally *tally);

/* Counts amounts, each weight times, at a time (milliseconds since 1970). What has left its window
 * by then is forgotten. Sums saturate. False: no memory, nothing was counted. */
MUST_CHECK bool tally_add(struct tally *tally, int64_t now, const int64_t amounts[QUANTITY_COUNT],
                          int64_t weight);

/* Adds what is in another. False: no memory, and nothing was added. */
MUST_CHECK bool tally_merge(struct tally *tally, const struct tally *other);

/* Forgets what has left its window. What lies ahead of now (a clock was set back) is put at now, so
 * that it leaves in time. */
void tally_expire(struct tally *tally, int64_t now);

/* Adds to *counted what is in the windows; *frees becomes the seconds until the oldest of it
 * leaves, where something does sooner than *frees says, or that is 0. */
void tally_count(const struct tally *tally, int64_t now, struct counters *counted,
                 int64_t frees[QUANTITY_COUNT][WINDOW_COUNT]);

#endif
