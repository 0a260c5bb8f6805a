/* A span of time cut into pieces that people think in: minutes, hours, days of the local calendar.
 */
#ifndef HISTORY_BUCKETS_H
#define HISTORY_BUCKETS_H

#include <stddef.h>
#include <stdint.h>

/* The begins of the pieces that cover [begin, end), the first at or before begin: the shortest of
 * 1, 5, 15 minutes, 1, 3, 6, 12 hours, days, weeks and months of which there are at most max (max
 * >= 2; for longer spans the last pieces are cut off). Milliseconds since 1970; a piece of three
 * hours or more begins at a local hour, a day at midnight, a week on Monday. Returns how many;
 * ret_length is the usual length of one. */
size_t buckets_cut(int64_t begin, int64_t end, size_t max, int64_t *ret_begins,
                   int64_t *ret_length);

#endif
