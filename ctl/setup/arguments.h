/* The command line of submilterctl setup. */
#ifndef CTL_SETUP_ARGUMENTS_H
#define CTL_SETUP_ARGUMENTS_H

#include "ctl/setup/setup.h"

struct setup_arguments {
    const struct setup_kind *kind;
    struct setup_options options;
    bool undo;
    bool force;
    bool json;
};

/* argv[0] is what getopt says for a name; the kind and what holds without an option are set before.
 * Paths become absolute: what is shown may be pasted elsewhere. false: the usage text is due. */
MUST_CHECK bool arguments_read(struct arena *arena, int argc, char **argv,
                               struct setup_arguments *arguments);

/* Whether the options' values can be had at all; the error names the option and what was expected.
 */
MUST_CHECK bool arguments_check(const struct setup_arguments *arguments, struct error *error);

#endif
