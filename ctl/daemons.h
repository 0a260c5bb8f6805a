/* The daemons of this host, by how they were started. */
#ifndef CTL_DAEMONS_H
#define CTL_DAEMONS_H

#include <stdbool.h>
#include <sys/types.h>

/* After a hand-over the one before goes on until its sessions end. */
#define DAEMONS_MOST 16

/* Whether a process is one that was started with that configuration: by "-c FILE" as submilter
 * reads it, or with none, which means the default file. Another path of the same file will do; a
 * relative one is looked for in the working folder of the process, or in ours where it has left
 * that.
 *
 * program: the file that it runs, also where that was replaced since. NULL: anything by the name of
 * submilter; that much anybody can tell, and the file only root. */
bool daemons_is(pid_t pid, const char *program, const char *config);

/* All of them, at most so many: how many there are. */
size_t daemons_find(const char *program, const char *config, pid_t *ret_pids, size_t most);

/* One of them; 0: none runs. */
pid_t daemons_find_one(const char *program, const char *config);

#endif
