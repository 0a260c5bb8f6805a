/* Signals, as bytes in a pipe that the main thread reads. */
#ifndef MILTER_SIGNALS_H
#define MILTER_SIGNALS_H

#include <pthread.h>
#include <stdbool.h>

#include "policy/error.h"

enum signal_event {
    SIGNAL_RELOAD = 'r',  /* USR1, HUP */
    SIGNAL_STOP = 's',    /* TERM, INT */
    SIGNAL_SUCCEED = 'u', /* USR2 */
    SIGNAL_ENDED = 'e',   /* smfi_main has returned: signals_tell */
    SIGNAL_READABLE = 'f',
    SIGNAL_NONE = 0, /* time has run out */
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
 * once, and an end before all else. */
enum signal_event signals_wait(int milliseconds);

/* As signals_wait, and SIGNAL_READABLE once there is something to read from fd (-1: none). */
enum signal_event signals_wait_or(int fd, int milliseconds);

/* Wakes a thread that waits in poll() and has called signals_allow_wake. It may come a moment too
 * early, and is then lost. */
void signals_wake(pthread_t thread);

/* After signals_block: this thread, and the ones that it makes, can be woken. */
void signals_allow_wake(void);

/* From any thread. */
void signals_tell(enum signal_event event);

#endif
