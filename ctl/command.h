/* The sub-commands of submilterctl: one file each. */
#ifndef CTL_COMMAND_H
#define CTL_COMMAND_H

#include "policy/error.h"

struct command {
    const char *name;
    const char *arguments; /* for the usage text */
    const char *summary;
    const char *options; /* what --help says of each, in lines; NULL: the arguments say it all */
    /* argv[0] is what getopt says for a name; config: the file that -c named, or the default.
     * Returns the exit status; for EX_USAGE the usage text is printed by the caller. */
    int (*run)(const char *config, int argc, char **argv);
};

#define COMMAND(name) extern const struct command command_##name;
#include "ctl/commands.h"
#undef COMMAND

/* Says it on stderr; returns status. */
int command_complain(const struct error *error, int status);

#endif
