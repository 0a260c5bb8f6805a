/* The submilter that runs with this configuration. */
#ifndef CTL_DOCTOR_RUNNING_H
#define CTL_DOCTOR_RUNNING_H

#include <sys/types.h>

#include "ctl/doctor/mend.h"

/* 0: none runs, or nobody can tell which it is. */
pid_t running_find(struct doctor *doctor);

/* Starts it, or restarts the unit where systemd has one. */
const char *running_start_command(struct doctor *doctor);

/* Likewise where it runs already. By systemd's units that is all the same. */
const char *running_restart_command(struct doctor *doctor, pid_t pid);

/* " && kill -USR1 PID", so that a running daemon reads anew what a command changed; "" for none. */
const char *running_then_reload(struct doctor *doctor);

/* Whether we are root or the daemon's own user: for anybody else, what can't be read says nothing
 * of what the daemon can read. */
bool running_as_root_or_it(const struct doctor *doctor);

#endif
