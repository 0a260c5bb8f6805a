/* How far a login may go, as it is kept: who said so last, an admin or a sign, and when. */
#ifndef LIMITS_STANDING_H
#define LIMITS_STANDING_H

#include "limits/limits.h"

struct standing {
    enum login_state state;
    int64_t since, until; /* seconds since 1970; until 0: for good */
    int64_t raised;       /* milliseconds: when a sign raised it last */
    int64_t set;          /* milliseconds: when an admin said what it is last; 0: never */
    char cause[LIMITS_CAUSE_MAX + 1];
};

/* What holds at a time (seconds). cause of *ret_standing is cause of standing. NULL: normal. */
void standing_at(const struct standing *standing, int64_t now, struct login_standing *ret_standing);

/* Of a caller's words. */
void standing_of(const struct login_standing *from, struct standing *ret_standing);

/* Whether raising to b at a time (seconds) would change what a says. */
bool standing_is_raised_by(const struct standing *a, const struct login_standing *b, int64_t now);

/* Takes what another process knew into account, at a time (seconds): what an admin said last holds,
 * and of what signs raised since then the stronger. */
void standing_merge(struct standing *standing, const struct standing *other, int64_t now);

#endif
