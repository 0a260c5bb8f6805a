/* Who wrote to whom, gathered from the records of accepted mail and handed to limits/ some at a
 * time. */
#ifndef CTL_LIMITS_LEARNED_H
#define CTL_LIMITS_LEARNED_H

#include "history/find.h"
#include "limits/limits.h"

struct learned {
    int64_t decisions; /* all that were looked at */
    int64_t messages;  /* of them: accepted, of somebody who had logged in */
    int64_t unreadable;
    struct error first_unreadable;
    int64_t pairs; /* handed over; one that came with a pause between counts again */
    struct limits *limits;
    struct learned_pairs *waiting;
};

/* False: memory is out. */
MUST_CHECK bool learned_init(struct learned *learned, struct limits *limits);
void learned_done(struct learned *learned);

/* One decision with its record. */
MUST_CHECK bool learned_row(struct learned *learned, const struct history_row *row,
                            struct error *error);

/* Hands over what waits. */
MUST_CHECK bool learned_flush(struct learned *learned, struct error *error);

#endif
