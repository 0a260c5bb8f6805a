/* Running a program of the host (postconf, m4, diff) and keeping what it said. */
#ifndef MTA_PROGRAM_H
#define MTA_PROGRAM_H

#include "policy/arena.h"
#include "policy/error.h"

struct program_output {
    int status;       /* exit status; 128 + the signal's number where one ended it */
    struct bytes out; /* in the arena, with a NUL behind */
    struct bytes err;
};

/* Runs argv[0], looked for in PATH and the sbin folders, with /dev/null as its input and LC_ALL=C;
 * waits for its end, at most seconds, and ends it then. Any exit status is a success here: false
 * only where the program could not be run, did not end, or memory is out. */
MUST_CHECK bool program_run(struct arena *arena, const char *const argv[], int seconds,
                            struct program_output *ret_output, struct error *error);

/* Likewise, and an exit status other than 0 is an error too: it names the program and the line
 * that says why: the first that is an error, else the first that is no warning, else the first. */
MUST_CHECK bool program_must_run(struct arena *arena, const char *const argv[], int seconds,
                                 struct program_output *ret_output, struct error *error);

/* Likewise, in that folder: a program like m4 runs what it finds by a relative path. */
MUST_CHECK bool program_must_run_in(struct arena *arena, const char *folder,
                                    const char *const argv[], int seconds,
                                    struct program_output *ret_output, struct error *error);

#endif
