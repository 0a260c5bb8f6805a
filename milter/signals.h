/* Signals, as events that the main thread waits for. */
#ifndef MILTER_SIGNALS_H
#define MILTER_SIGNALS_H

#include <pthread.h>
#include <stdbool.h>

#include "policy/error.h"

/* Of several, the first of these comes first: a TERM does not wait for ten reloads. */
enum signal_event {
    SIGNAL_NONE,    /* time has run out, or not quite */
    SIGNAL_ENDED,   /* smfi_main has returned: signals_tell */
    SIGNAL_STOP,    /* TERM, INT */
    SIGNAL_RELOAD,  /* USR1, HUP */
    SIGNAL_SUCCEED, /* USR2 */
    SIGNAL_READABLE,
};

/* Keeps these signals waiting until signals_open: one that comes while the daemon starts would end
 * it otherwise, a reload too. */
void signals_hold(void);

/* Installs the handlers. Call in the main thread, which must go on to leave these signals
 * unblocked: the kernel then hands them to it, and not to libmilter's own thread, which would stop
 * the daemon on a HUP (milter/signals_libmilter.c sees to the rest). */
MUST_CHECK bool signals_open(struct error *error);

/* Blocks all signals in the calling thread and the ones it makes. */
void signals_block(void);

/* The next event; milliseconds: how long to wait, -1 for ever. What was told several times comes
 * once. */
enum signal_event signals_wait(int milliseconds);

/* As signals_wait, and SIGNAL_READABLE once there is something to read from fd (-1: none). */
enum signal_event signals_wait_or(int fd, int milliseconds);

/* Wakes a thread that waits in poll() and has called signals_allow_wake. It may come a moment too
 * early, and is then lost. */
void signals_wake(pthread_t thread);

/* After signals_block: this thread, and the ones that it makes, can be woken. */
void signals_allow_wake(void);

/* From any thread; not SIGNAL_READABLE. */
void signals_tell(enum signal_event event);

#endif
