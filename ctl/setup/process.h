/* Processes of this host, signalled by a handle, so that never another one is hit. */
#ifndef CTL_SETUP_PROCESS_H
#define CTL_SETUP_PROCESS_H

#include <sys/types.h>

#include "policy/error.h"

/* A handle (to be closed) of the process whose number stands in the first line of a file, if it
 * runs a program of that name ("sendmail"); -1 where there is none. Whoever may write the file can
 * name no process but one of that program. */
int process_of_file(const char *path, const char *program, pid_t *ret_pid);

MUST_CHECK bool process_signal(int handle, int signal, struct error *error);

/* Has each daemon of that program and configuration (ctl/daemons.h) read it (SIGUSR1); none is no
 * error. */
MUST_CHECK bool process_reload_daemon(const char *program, const char *config, struct error *error);

/* Ends them (SIGTERM) and waits for their end; none is no error. */
MUST_CHECK bool process_end_daemons(const char *program, const char *config, struct error *error);

#endif
