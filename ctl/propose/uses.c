/* Collecting uses, and making those that are alike one. */
#include "ctl/propose/uses.h"

#include <stdlib.h>

bool uses_add(struct uses *uses, const struct use *use)
{
    if (uses->count == uses->capacity) {
        size_t capacity = uses->capacity ? uses->capacity * 2 : 256;
        struct use *items = reallocarray(uses->items, capacity, sizeof *items);
        if (!items)
            return false;
        uses->items = items;
        uses->capacity = capacity;
    }
    uses->items[uses->count++] = *use;
    return true;
}

int uses_by_address(const void *left, const void *right)
{
    const struct use *a = left;
    const struct use *b = right;
    USES_ORDER(a->login, b->login);
    USES_ORDER(a->address, b->address);
    USES_ORDER(a->network, b->network);
    USES_ORDER(a->day, b->day);
    return 0;
}

int uses_by_network(const void *left, const void *right)
{
    const struct use *a = left;
    const struct use *b = right;
    USES_ORDER(a->network, b->network);
    USES_ORDER(a->login, b->login);
    USES_ORDER(a->day, b->day);
    return 0;
}

int uses_by_day(const void *left, const void *right)
{
    const struct use *a = left;
    const struct use *b = right;
    USES_ORDER(a->day, b->day);
    return 0;
}

static void take_in(struct use *into, const struct use *use)
{
    into->messages += use->messages;
    into->claiming += use->claiming;
    into->recipients += use->recipients;
    if (use->first < into->first)
        into->first = use->first;
    if (use->last > into->last)
        into->last = use->last;
}

struct use uses_sum(const struct use *uses, size_t count)
{
    struct use sum = uses[0];
    for (size_t i = 1; i < count; i++)
        take_in(&sum, &uses[i]);
    return sum;
}

void uses_settle(struct uses *uses, int (*order)(const void *, const void *))
{
    if (uses->count)
        qsort(uses->items, uses->count, sizeof *uses->items, order);
    size_t kept = 0;
    for (size_t i = 0; i < uses->count; i++) {
        if (kept && order(&uses->items[kept - 1], &uses->items[i]) == 0)
            take_in(&uses->items[kept - 1], &uses->items[i]);
        else
            uses->items[kept++] = uses->items[i];
    }
    uses->count = kept;
}

const struct use *uses_of(const struct uses *uses, uint32_t login, const uint32_t *network,
                          size_t *ret_count)
{
    const struct use *items = uses->items;
    size_t low = 0;
    size_t high = uses->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct use *use = &items[middle];
        if (use->login < login || (use->login == login && network && use->network < *network))
            low = middle + 1;
        else
            high = middle;
    }
    for (high = low; high < uses->count; high++)
        if (items[high].login != login || (network && items[high].network != *network))
            break;
    *ret_count = high - low;
    return items ? items + low : NULL;
}
