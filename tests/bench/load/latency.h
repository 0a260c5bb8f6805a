/* How long each message took. One thread adds to one; they are put together at the end. */
#ifndef BENCH_LOAD_LATENCY_H
#define BENCH_LOAD_LATENCY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct latency {
    uint32_t *us;
    size_t count, room;
};

bool latency_add(struct latency *latency, uint64_t us);
bool latency_merge(struct latency *latency, const struct latency *more);
void latency_sort(struct latency *latency);

/* Of sorted ones: what so many of a hundred are not above; 0 of none. */
uint32_t latency_percentile(const struct latency *latency, double percent);
void latency_done(struct latency *latency);

#endif
