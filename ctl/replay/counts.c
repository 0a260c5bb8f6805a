/* A hash table from names to numbers. */
#include "ctl/replay/counts.h"

#include <stdlib.h>
#include <string.h>

#include "policy/arena.h"

#define CEILING ((size_t)1 << 30)

struct counts {
    struct arena *arena;
    struct counts_row **rows; /* in the order in which they came, or sorted */
    size_t count;
    struct counts_row **slots; /* a power of two, at most half full */
    size_t slot_count;
};

static size_t hash_of(struct bytes name)
{
    uint64_t hash = 14695981039346656037U;
    for (size_t i = 0; i < name.len; i++)
        hash = (hash ^ (unsigned char)name.data[i]) * 1099511628211U;
    return (size_t)(hash ^ hash >> 32);
}

static struct counts_row **slot_of(struct counts_row **slots, size_t slot_count, struct bytes name)
{
    size_t at = hash_of(name) & (slot_count - 1);
    while (slots[at] && !bytes_equal(slots[at]->name, name))
        at = (at + 1) & (slot_count - 1);
    return &slots[at];
}

static bool grow(struct counts *counts)
{
    size_t slot_count = counts->slot_count ? counts->slot_count * 2 : 64;
    struct counts_row **slots = calloc(slot_count, sizeof *slots);
    struct counts_row **rows = reallocarray(counts->rows, slot_count / 2, sizeof *rows);
    if (rows)
        counts->rows = rows;
    if (!slots || !rows) {
        free(slots);
        return false;
    }
    for (size_t i = 0; i < counts->count; i++)
        *slot_of(slots, slot_count, rows[i]->name) = rows[i];
    free(counts->slots);
    counts->slots = slots;
    counts->slot_count = slot_count;
    return true;
}

struct counts *counts_new(void)
{
    struct counts *counts = calloc(1, sizeof *counts);
    if (!counts)
        return NULL;
    counts->arena = arena_new(CEILING);
    if (counts->arena && grow(counts))
        return counts;
    counts_free(counts);
    return NULL;
}

void counts_free(struct counts *counts)
{
    if (!counts)
        return;
    arena_free(counts->arena);
    free(counts->rows);
    free(counts->slots);
    free(counts);
}

static struct counts_row *add(struct counts *counts, struct bytes name)
{
    if (counts->count == counts->slot_count / 2 && !grow(counts))
        return NULL;
    struct counts_row *row = arena_alloc(counts->arena, sizeof *row);
    struct bytes copy = arena_bytes(counts->arena, name);
    if (!row || !copy.data)
        return NULL;
    row->name = copy;
    *slot_of(counts->slots, counts->slot_count, name) = row;
    counts->rows[counts->count++] = row;
    return row;
}

struct counts_row *counts_at(struct counts *counts, struct bytes name)
{
    struct counts_row *row = *slot_of(counts->slots, counts->slot_count, name);
    return row ? row : add(counts, name);
}

bool counts_merge(struct counts *counts, const struct counts *other)
{
    for (size_t i = 0; i < other->count; i++) {
        struct counts_row *row = counts_at(counts, other->rows[i]->name);
        if (!row)
            return false;
        for (size_t j = 0; j < COUNTS_NUMBERS; j++)
            row->numbers[j] += other->rows[i]->numbers[j];
    }
    return true;
}

uint64_t counts_sum(const struct counts_row *row)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < COUNTS_NUMBERS; i++)
        sum += row->numbers[i];
    return sum;
}

static int by_sum(const void *a, const void *b)
{
    const struct counts_row *const *left = a;
    const struct counts_row *const *right = b;
    uint64_t left_sum = counts_sum(*left);
    uint64_t right_sum = counts_sum(*right);
    if (left_sum != right_sum)
        return left_sum < right_sum ? 1 : -1;
    struct bytes x = (*left)->name;
    struct bytes y = (*right)->name;
    int order = memcmp(x.data, y.data, x.len < y.len ? x.len : y.len);
    return order ? order : (x.len > y.len) - (x.len < y.len);
}

struct counts_row *const *counts_sorted(struct counts *counts, size_t *ret_count)
{
    qsort(counts->rows, counts->count, sizeof(struct counts_row *), by_sum);
    *ret_count = counts->count;
    return counts->rows;
}
