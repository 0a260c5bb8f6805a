/* Numbers by name: how often, of whom. */
#ifndef CTL_REPLAY_COUNTS_H
#define CTL_REPLAY_COUNTS_H

#include <stdint.h>

#include "policy/bytes.h"
#include "policy/error.h"

#define COUNTS_NUMBERS 9

struct counts_row {
    struct bytes name;
    uint64_t numbers[COUNTS_NUMBERS];
};

struct counts;

struct counts *counts_new(void); /* NULL: memory is out */
void counts_free(struct counts *counts);

/* The row of a name, which is copied; a new one is all zero. NULL: memory is out. Good until the
 * counts are freed. */
struct counts_row *counts_at(struct counts *counts, struct bytes name);

/* Adds all of the other's numbers. */
MUST_CHECK bool counts_merge(struct counts *counts, const struct counts *other);

/* All rows, those with the largest sum first, equals by name. Until the next counts_at. */
struct counts_row *const *counts_sorted(struct counts *counts, size_t *ret_count);

uint64_t counts_sum(const struct counts_row *row);

#endif
