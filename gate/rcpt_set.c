/* A hash table that grows in an arena. */
#include "gate/rcpt_set.h"

#include "policy/siphash.h"

/* The recipient's own slot, or the free one that it would have. */
static unsigned *find_slot(const struct rcpt_set *set, struct bytes rcpt)
{
    size_t mask = 2 * set->room - 1;
    size_t at = siphash(set->secret, rcpt.data, rcpt.len) & mask;
    while (set->slots[at] && !bytes_equal(set->rcpts[set->slots[at] - 1], rcpt))
        at = (at + 1) & mask;
    return &set->slots[at];
}

bool rcpt_set_has(const struct rcpt_set *set, struct bytes rcpt)
{
    return set->count && *find_slot(set, rcpt);
}

static void put(struct rcpt_set *set, struct bytes rcpt)
{
    unsigned *slot = find_slot(set, rcpt);
    set->rcpts[set->count++] = rcpt;
    *slot = (unsigned)set->count;
}

static bool grow(struct rcpt_set *set, struct arena *arena)
{
    struct rcpt_set more = {.secret = set->secret, .room = set->room ? 2 * set->room : 4};
    more.rcpts = arena_alloc(arena, more.room * sizeof *more.rcpts);
    more.slots = arena_alloc(arena, 2 * more.room * sizeof *more.slots);
    if (!more.rcpts || !more.slots)
        return false;
    for (size_t i = 0; i < set->count; i++)
        put(&more, set->rcpts[i]);
    *set = more;
    return true;
}

void rcpt_set_add(struct rcpt_set *set, struct arena *arena, struct bytes rcpt)
{
    if (set->count < set->room || grow(set, arena))
        put(set, rcpt);
}
