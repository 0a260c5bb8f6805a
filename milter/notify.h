/* Telling the service manager how we are: sd_notify(3)'s protocol, without its library.
 *
 * Nothing is sent where NOTIFY_SOCKET is not set. */
#ifndef MILTER_NOTIFY_H
#define MILTER_NOTIFY_H

#include <sys/types.h>

/* Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID from the environment. Call once, before any
 * thread. The first two stay there for a successor, where they are meant for us. */
void notify_open(void);

/* READY=1, and STATUS: at the start, and when a reload is over. */
__attribute__((format(printf, 1, 2))) void notify_ready(const char *format, ...);

/* RELOADING=1 with the time; notify_ready ends it. */
void notify_reloading(void);

/* STOPPING=1, and STATUS. */
__attribute__((format(printf, 1, 2))) void notify_stopping(const char *format, ...);

/* A start that failed: STATUS, and EXIT_STATUS, which managers that do not know it pass over. */
void notify_failed(const char *text, int exit_status);

/* From now on that process is the service; it is the last that this one may send. */
void notify_successor(pid_t process);

/* We serve: sent in answer to WatchdogSec=. */
void notify_alive(void);

/* Milliseconds between two calls of notify_alive; 0 when nobody asks for them. */
int notify_interval(void);

#endif
