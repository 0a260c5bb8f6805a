/* Percentiles by nearest rank. */
#include "history/percentile.h"

#include <stdlib.h>

static int by_size(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

void percentile_sort(uint32_t *numbers, size_t count)
{
    if (count)
        qsort(numbers, count, sizeof *numbers, by_size);
}

uint32_t percentile_of(const uint32_t *sorted, size_t count, unsigned percent)
{
    if (!count)
        return 0;
    size_t rank = (count * percent + 99) / 100;
    return sorted[rank ? rank - 1 : 0];
}
