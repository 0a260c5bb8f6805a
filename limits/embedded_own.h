/* All that this host has in memory, for a fleet whose store has lost it. */
#ifndef LIMITS_EMBEDDED_OWN_H
#define LIMITS_EMBEDDED_OWN_H

#include "limits/embedded.h"
#include "limits/standing.h"

/* total: what was counted here, as often as it was weighed; unseen: what of it was counted while
 * the fleet was gone, once. Both are empty rather than NULL. standing: NULL where there is none.
 * All live during the call, which must not call the store. What is unseen is taken out where
 * visit says true. */
struct embedded_own {
    enum subject_kind kind;
    struct bytes name;
    const struct tally *total, *unseen;
    const struct standing *standing;
};
void embedded_each_own(struct embedded *embedded, int64_t now,
                       bool (*visit)(const struct embedded_own *own, void *context), void *context);

/* What the fleet says of a login at a time (seconds) holds here, eased too: for when the fleet is
 * gone. */
void embedded_take_standing(struct embedded *embedded, struct bytes login,
                            const struct login_standing *standing, int64_t now);

/* A line for the next start, where there is a file: beside it, and on the disk within a second, or
 * once the disk works again. Does not wait for that. */
void embedded_note(struct embedded *embedded, const char *line);
/* The one that is there, cut. False: there is none. */
MUST_CHECK bool embedded_noted(const struct embedded *embedded, char *line, size_t size);

#endif
