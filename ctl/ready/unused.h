/* Mechanisms that a change names and nobody used: slips, more likely than not. */
#ifndef CTL_READY_UNUSED_H
#define CTL_READY_UNUSED_H

#include "ctl/ready/impact.h"

struct unused_item {
    const char *name;    /* the change's */
    const char *nearest; /* of those that were used or may be; NULL: none is near */
};

struct unused {
    struct unused_item *items;
    size_t count;
};

/* Those that no login in the filter's time came by and that auth.mechanisms does not have in the
 * policy today; none where the change is about something else. Texts and items lie in the arena. */
MUST_CHECK bool unused_find(const struct ready_change *change, const struct policy *policy,
                            struct history *history, const struct history_filter *filter,
                            struct arena *arena, struct unused *ret_unused, struct error *error);

#endif
