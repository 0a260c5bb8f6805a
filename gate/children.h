/* Child processes, whose ends have to be heard of. */
#ifndef GATE_CHILDREN_H
#define GATE_CHILDREN_H

/* First thing in main(), before any child: a SIGCHLD that somebody ignores stays so through exec
 * (some supervisors and web panels do it), and the kernel then reaps children by itself. waitpid()
 * has no status of them, and their numbers may be others' before we signal them. */
void children_are_waited_for(void);

#endif
