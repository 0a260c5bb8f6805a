/* How a reload went, told by the daemon to whoever asked for it: a signal alone says nothing back.
 *
 * Who asks waits at an abstract name with the daemon's process id, signals it, and receives one
 * text a reload: "reloaded HASH", or "refused SENTENCE". Where nobody waits, the daemon goes on. */
#ifndef GATE_RELOAD_REPORT_H
#define GATE_RELOAD_REPORT_H

#include <sys/types.h>

#include "policy/error.h"

/* The daemon's side. hash NULL: it was refused, for that reason. Never waits. Only root and our own
 * user are told. */
void reload_report_tell(const char *hash, const char *reason);

/* The other side, in this order; close() what was opened. Open fails where somebody waits there
 * already. */
MUST_CHECK bool reload_report_open(pid_t daemon, int *ret_waiting, struct error *error);

enum reload_report {
    RELOAD_REPORT_TAKEN,   /* that configuration is in force */
    RELOAD_REPORT_REFUSED, /* the one before stays; the error says why */
    RELOAD_REPORT_NONE,    /* nothing was heard in that time */
};

/* Waits until the daemon has that configuration in force, or has refused one; reports of other
 * configurations are passed over. At most so many milliseconds. */
enum reload_report reload_report_wait(int waiting, pid_t daemon, const char *hash, int milliseconds,
                                      struct error *error);

#endif
