/* The command line. */
#ifndef MILTER_ARGUMENTS_H
#define MILTER_ARGUMENTS_H

#include <limits.h>

#include "policy/error.h"

/* The descriptor on which a successor speaks with the daemon that started it. */
#define ARGUMENTS_CHANNEL 3
#define ARGUMENTS_MOST 8

struct arguments {
    const char *path;
    bool foreground;
    bool check_only;
    bool verbose;
    bool take_over;
    bool successor; /* started by a running daemon: ARGUMENTS_CHANNEL is open */
    char program[PATH_MAX];
};

/* False where there is nothing more to do: exit with ret_exit. Prints what it is asked for, and
 * what is wrong. */
MUST_CHECK bool arguments_read(int argc, char **argv, struct arguments *ret_arguments,
                               int *ret_exit);

/* A reload, and a successor, have to find the file after the daemon has left its working folder. */
MUST_CHECK bool arguments_make_absolute(struct arguments *arguments, struct error *error);

/* What to start a successor with; the texts are borrowed. */
void arguments_for_successor(const struct arguments *arguments, char *ret_argv[ARGUMENTS_MOST]);

#endif
