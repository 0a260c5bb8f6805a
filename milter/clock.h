/* How long things take: a clock that nobody sets. */
#ifndef MILTER_CLOCK_H
#define MILTER_CLOCK_H

#include <stdint.h>

/* Milliseconds since some moment before the start. */
int64_t clock_milliseconds(void);

#endif
