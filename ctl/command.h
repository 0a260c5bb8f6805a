/* The sub-commands of submilterctl: one file each. */
#ifndef CTL_COMMAND_H
#define CTL_COMMAND_H

#include "policy/error.h"

struct command {
    const char *name;
    const char *arguments; /* for the usage text */
    const char *summary;
    const char *options; /* what --help says of each, in lines; NULL: the arguments say it all */
    /* argv[0] is the command's name; config: the file that -c named, or the default. Returns the
     * exit status; for EX_USAGE the usage text is printed by the caller. */
    int (*run)(const char *config, int argc, char **argv);
};

extern const struct command command_conf;
extern const struct command command_doctor;
extern const struct command command_explain;
extern const struct command command_history;
extern const struct command command_key;
extern const struct command command_log;
extern const struct command command_replay;
extern const struct command command_report;
extern const struct command command_setup;
extern const struct command command_test;
extern const struct command command_top;
extern const struct command command_verify;

/* Says it on stderr; returns status. */
int command_complain(const struct error *error, int status);

#endif
