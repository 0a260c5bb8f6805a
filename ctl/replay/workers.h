/* Threads that judge records again, each with numbers of its own that are added up at the end. */
#ifndef CTL_REPLAY_WORKERS_H
#define CTL_REPLAY_WORKERS_H

#include "ctl/replay/differences.h"

struct workers;

struct workers_options {
    unsigned threads;
    size_t sample_max;
    int64_t since, until; /* milliseconds since 1970, of the record's time; 0: open */
};

/* Takes a reference of the snapshot. */
MUST_CHECK bool workers_start(struct snapshot *snapshot, const struct workers_options *options,
                              struct workers **ret_workers, struct error *error);

/* A record's text, which is copied; place and line say where it is from (place outlives the
 * workers). Waits while they have enough to do. False: they failed, workers_end says why. */
bool workers_give(struct workers *workers, const char *place, uint64_t line, struct bytes text);

/* Waits for all that was given, adds up and frees. NULL is taken, and adds nothing. */
MUST_CHECK bool workers_end(struct workers *workers, struct differences *differences,
                            struct error *error);

/* Frees without waiting for what is not begun. NULL is taken. */
void workers_stop(struct workers *workers);

#endif
