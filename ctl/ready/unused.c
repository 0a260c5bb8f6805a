/* Looking for names that are not there. */
#include "ctl/ready/unused.h"

#include <string.h>

#include "conf/nearest.h"

#define MOST_KNOWN 200

struct known {
    struct arena *arena;
    const char *items[MOST_KNOWN];
    size_t count;
};

static bool add(struct bytes name, void *context)
{
    struct known *known = context;
    const char *copy = arena_text(known->arena, name);
    if (copy && known->count < MOST_KNOWN)
        known->items[known->count++] = copy;
    return copy;
}

static bool is_about_mechanisms(const struct ready_change *change)
{
    return change->option && !change->word->value &&
           strcmp(change->word->option, "mechanisms") == 0;
}

static void compare(const struct texts *named, const struct texts *known, struct unused *unused)
{
    for (size_t i = 0; i < named->count; i++) {
        if (texts_have(known, bytes_of(named->items[i])))
            continue;
        struct nearest nearest = nearest_to(named->items[i]);
        for (size_t j = 0; j < known->count; j++)
            nearest_offer(&nearest, known->items[j]);
        unused->items[unused->count++] = (struct unused_item){named->items[i], nearest.name};
    }
}

bool unused_find(const struct ready_change *change, const struct policy *policy,
                 struct history *history, const struct history_filter *filter, struct arena *arena,
                 struct unused *ret_unused, struct error *error)
{
    *ret_unused = (struct unused){NULL, 0};
    if (!is_about_mechanisms(change))
        return true;
    struct known known = {.arena = arena};
    const struct texts may = ready_list(change, policy->settings[change->word->rule], arena);
    for (size_t i = 0; i < may.count; i++)
        (void)add(bytes_of(may.items[i]), &known);
    if (!readiness_mechanisms(history, filter, add, &known, error))
        return false;
    ret_unused->items = arena_alloc(arena, change->values.count * sizeof *ret_unused->items);
    if (arena_failed(arena))
        return error_set(error, "out of memory");
    const struct texts all = {known.items, known.count};
    compare(&change->values, &all, ret_unused);
    return true;
}
