/* The macros that Postfix sends with a command: those that the filter asked for at that stage, or
 * main.cf's defaults where it asked for none, as far as they have a value by then. */
#ifndef BENCH_LOAD_MACROS_H
#define BENCH_LOAD_MACROS_H

#include "policy/bytes.h"

#define MACROS_STAGES 7
#define MACROS_LIST_MAX 512
#define MACROS_MAX 2048

/* What is different from message to message; NULL: not known yet. */
struct macro_values {
    const char *login, *rcpt, *queue_id;
};

struct macro_lists {
    char asked[MACROS_STAGES][MACROS_LIST_MAX]; /* by the protocol's number of the stage */
};

/* One list of the filter's answer to the negotiation. False: there is no such stage, or no room. */
bool macros_ask(struct macro_lists *lists, unsigned stage, struct bytes names);

/* The data of the macro packet that goes with a command, in room. */
struct bytes macros_for(const struct macro_lists *lists, char command,
                        const struct macro_values *values, char room[static MACROS_MAX]);

#endif
