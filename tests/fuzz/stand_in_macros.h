/* The macros that libmilter would keep of an MTA's. */
#ifndef TESTS_FUZZ_STAND_IN_MACROS_H
#define TESTS_FUZZ_STAND_IN_MACROS_H

#include "policy/bytes.h"

#define STAND_IN_MACROS_MAX 24

struct stand_in_macros {
    struct {
        char name[32];
        char *value;
    } items[STAND_IN_MACROS_MAX];
    size_t count;
};

/* Braces around a long name are put here. The first of all is the host's name, and stays until all
 * are forgotten; for one too many all others go. */
void stand_in_macros_define(struct stand_in_macros *macros, struct bytes name, struct bytes value);

/* name: with its braces. NULL: there is none. */
char *stand_in_macros_value(const struct stand_in_macros *macros, const char *name);

void stand_in_macros_forget(struct stand_in_macros *macros);

#endif
