/* All that is kept of one subject. */
#ifndef LIMITS_RECORD_H
#define LIMITS_RECORD_H

#include "limits/habits.h"
#include "limits/standing.h"
#include "limits/tally.h"

/* Zeroed: nothing. It owns what it points to. */
struct record {
    struct tally tally;
    struct habits *habits;     /* of a login that sent something; NULL */
    struct standing *standing; /* of a login about which something was ever said; NULL */
};

void record_done(struct record *record);

bool record_is_empty(const struct record *record);

/* Makes place for habits or a standing. NULL: no memory. */
struct habits *record_habits(struct record *record);
struct standing *record_standing(struct record *record);

/* Adds what another says, at a time (milliseconds). False: no memory; part of it may be in. */
MUST_CHECK bool record_merge(struct record *record, const struct record *other, int64_t now);

/* Forgets what has left its window, networks and programs not seen for that long (seconds), and all
 * habits that are as old. */
void record_expire(struct record *record, int64_t now, int64_t remember);

#endif
