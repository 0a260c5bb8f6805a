/* Which right name a wrong one was meant to be. */
#ifndef CONF_NEAREST_H
#define CONF_NEAREST_H

#include <stddef.h>

struct nearest {
    const char *wanted;
    const char *name; /* the nearest so far, or NULL when none is near */
    size_t distance;
};

struct nearest nearest_to(const char *wanted);

/* Considers one right name, which is borrowed. */
void nearest_offer(struct nearest *nearest, const char *name);

#endif
