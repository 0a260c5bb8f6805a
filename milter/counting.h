/* The counters of this process: opened once, at the start, and lent to messages. */
#ifndef MILTER_COUNTING_H
#define MILTER_COUNTING_H

#include "conf/settings.h"
#include "limits/limits.h"

/* As the daemon's user. Makes what has to be there: the folder, the secret. */
MUST_CHECK bool counting_start(const struct settings *settings, struct error *error);

/* For one message, or one question; NULL: there are none, or no more. Safe from any thread. */
struct limits *counting_take(void);
/* Gives it back; NULL is taken. */
void counting_give(struct limits *limits);

/* Writes what waits and closes them, within five seconds. Whoever keeps them for longer than two of
 * them finds them as they were; what he counts from then on is lost. */
void counting_stop(void);

/* Whether something holds them up after that: the process is to end by _exit(). */
bool counting_hangs(void);

#endif
