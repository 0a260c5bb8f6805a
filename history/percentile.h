/* Medians and the like of numbers that are all there. */
#ifndef HISTORY_PERCENTILE_H
#define HISTORY_PERCENTILE_H

#include <stddef.h>
#include <stdint.h>

/* Puts them in order, for percentile_of. */
void percentile_sort(uint32_t *numbers, size_t count);

/* The nearest rank: the smallest number that is not less than percent of them; 0 where there are
 * none. */
uint32_t percentile_of(const uint32_t *sorted, size_t count, unsigned percent);

#endif
