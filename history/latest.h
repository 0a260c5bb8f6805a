/* The newest decisions, as they come. */
#ifndef HISTORY_LATEST_H
#define HISTORY_LATEST_H

#include "history/history.h"
#include "policy/bytes.h"

/* The texts are good within the callback; no bytes where the record has none. */
struct latest_row {
    int64_t time; /* milliseconds since 1970 */
    int64_t usec;
    struct bytes id, login, client, from, action, rule, reason;
};

/* Where a walk begins whose first rows are of since or later. A history that has been begun anew
 * since *after was read (its rows have smaller numbers) is walked from there too. */
MUST_CHECK bool latest_begin(struct history *history, int64_t since, int64_t *after,
                             struct error *error);

/* Calls for each row behind *after, in the order in which they were written, and moves it on.
 * Nothing of the history is held when it returns. */
MUST_CHECK bool latest_rows(struct history *history, int64_t *after,
                            void (*row)(const struct latest_row *row, void *context), void *context,
                            struct error *error);

/* The time of the newest decision; 0 where there is none. */
MUST_CHECK bool latest_time(struct history *history, int64_t *ret_time, struct error *error);

#endif
