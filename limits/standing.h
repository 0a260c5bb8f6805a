/* How far a login may go, as it is kept: what an admin said last, and how far signs took it since
 * then. Each state has an end of its own: frozen while that holds, else slowed while that holds. */
#ifndef LIMITS_STANDING_H
#define LIMITS_STANDING_H

#include "limits/limits.h"

#define LOGIN_STATES (LOGIN_FROZEN + 1)

struct standing_word {
    bool is_said;
    int64_t since, until; /* seconds since 1970; until 0: for good */
    char cause[LIMITS_CAUSE_MAX + 1];
};

struct standing {
    struct standing_word words[LOGIN_STATES]; /* that of normal keeps signs off */
    int64_t raised;                           /* milliseconds: when a sign raised it last */
    int64_t set; /* which of an admin's words it follows: milliseconds, but each is later than
                    the one before, whatever the clock does; 0: none */
};

/* What holds at a time (seconds). cause of *ret_standing is that of standing. NULL: normal. */
void standing_at(const struct standing *standing, int64_t now, struct login_standing *ret_standing);

/* What holds of one state, though a stronger one does as well. False: nothing. */
bool standing_has(const struct standing *standing, enum login_state state, int64_t now,
                  struct login_standing *ret_standing);

/* An admin's word, at a time (milliseconds): it settles every state. */
void standing_set(struct standing *standing, const struct login_standing *to, int64_t now);

/* Whether raising to b at a time (seconds) would change what a says. */
bool standing_is_raised_by(const struct standing *a, const struct login_standing *b, int64_t now);

/* A sign's word, at a time (seconds). False: it changes nothing. */
bool standing_raise(struct standing *standing, const struct login_standing *to, int64_t now);

/* What the fleet says, at a time (seconds): it holds, eased too. set: as standing_set's now. False:
 * it is nothing new. */
bool standing_follow(struct standing *standing, const struct login_standing *told, int64_t now,
                     int64_t set);

/* Takes what another process knew into account, at a time (seconds). What signs said before they
 * heard of the last of an admin's words is over; since then each state holds the longer. */
void standing_merge(struct standing *standing, const struct standing *other, int64_t now);

/* From when on nothing of it holds, in seconds; 0: never. */
int64_t standing_over(const struct standing *standing);

#endif
