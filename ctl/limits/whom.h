/* Whose counters a command is about. */
#ifndef CTL_LIMITS_WHOM_H
#define CTL_LIMITS_WHOM_H

#include "conf/settings.h"
#include "policy/counting.h"

struct arena;

struct whom {
    enum subject_kind kind;
    const char *given; /* by the admin; NULL: nobody yet */
    struct bytes name; /* as the daemon counts it: whom_settle */
};

/* Values of getopt_long's options; a command's own are characters. */
enum { WHOM_OPTIONS = 0x7e00 };

/* For the command's own array of struct option. */
#define WHOM_LONG_OPTIONS                                                                          \
    {"login", required_argument, NULL, WHOM_OPTIONS + SUBJECT_LOGIN},                              \
        {"group", required_argument, NULL, WHOM_OPTIONS + SUBJECT_GROUP},                          \
        {"domain", required_argument, NULL, WHOM_OPTIONS + SUBJECT_DOMAIN},                        \
        {"client", required_argument, NULL, WHOM_OPTIONS + SUBJECT_CLIENT},                        \
        {"network", required_argument, NULL, WHOM_OPTIONS + SUBJECT_NETWORK},                      \
    {                                                                                              \
        "host", no_argument, NULL, WHOM_OPTIONS + SUBJECT_HOST                                     \
    }

/* Takes one option that getopt_long returned. 1: it was one of these; 0: it is the command's own;
 * -1: a second one, see error. */
MUST_CHECK int whom_option(int option, const char *argument, struct whom *whom,
                           struct error *error);

/* What stands behind the options: one login, unless an option was there. */
MUST_CHECK bool whom_rest(char **argv, int count, struct whom *whom, struct error *error);

/* Finds its name; a group has to be one of the configuration. The arena and its own text live as
 * long as it. */
MUST_CHECK bool whom_settle(struct whom *whom, const struct settings *settings, struct arena *arena,
                            struct error *error);

/* "the login alice", escaped, on standard output. */
void whom_print(const struct whom *whom);

#endif
