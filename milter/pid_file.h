/* The file that says which process we are. */
#ifndef MILTER_PID_FILE_H
#define MILTER_PID_FILE_H

#include "policy/error.h"

/* Opens it for pid_file_write; path NULL: nothing to do. Only a plain file with one name: the
 * folder may belong to the daemon's user, who must not have root write elsewhere. To be called with
 * the rights that its folder asks for. What stands in it stays there for now. */
MUST_CHECK bool pid_file_open(const char *path, struct error *error);

/* Writes our process id and a newline, and closes it: for when we serve, and are the one that
 * serves. Without pid_file_open: nothing. */
MUST_CHECK bool pid_file_write(struct error *error);

#endif
