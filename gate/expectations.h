/* Files of expectations, and whether all of them hold under a snapshot. */
#ifndef GATE_EXPECTATIONS_H
#define GATE_EXPECTATIONS_H

#include "gate/expectation_judge.h"

#define EXPECTATIONS_MAX 20000 /* of all files together */

struct expectations;

struct expectations_tally {
    size_t held, broken, untold;
};

/* Reads the files, in this order. False: one cannot be read or has a line that is none. */
MUST_CHECK bool expectations_read(const struct texts *paths, struct expectations **ret_expectations,
                                  struct error *error);
void expectations_free(struct expectations *expectations);

/* Judges them one after the other, and calls back (each may be NULL) for each: the finding is
 * good until the call ends. now: milliseconds since 1970. */
void expectations_judge(const struct expectations *expectations, struct snapshot *snapshot,
                        int64_t now,
                        void (*each)(void *context, const struct expectation *expectation,
                                     const struct finding *finding),
                        void *context, struct expectations_tally *ret_tally);

/* What a snapshot has to pass before it comes into force: its own configuration's expectations.
 * False, and the error names the first that is broken, or a file that cannot be read; where the
 * tally has none broken but some untold, the first of these. */
MUST_CHECK bool expectations_check(struct snapshot *snapshot, int64_t now,
                                   struct expectations_tally *ret_tally, struct error *error);

#endif
