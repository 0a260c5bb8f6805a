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

/* Whether a process has "-c CONFIG" among its arguments. */
bool process_runs_config(pid_t pid, const char *config);

/* The number of one that was started as "PROGRAM -c CONFIG", also where PROGRAM was replaced since;
 * 0: none runs. */
pid_t process_find_daemon(const char *program, const char *config);

/* All of them, at most so many: after a hand-over the one before goes on until its sessions end. */
#define PROCESS_DAEMONS 16
size_t process_find_daemons(const char *program, const char *config, pid_t *ret_pids, size_t most);

/* Has each of them read its configuration (SIGUSR1); none is no error. */
MUST_CHECK bool process_reload_daemon(const char *program, const char *config, struct error *error);

/* Ends (SIGTERM) those that were started as "PROGRAM -c CONFIG" and waits for their end; none is no
 * error. */
MUST_CHECK bool process_end_daemons(const char *program, const char *config, struct error *error);

#endif
