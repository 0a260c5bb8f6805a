/* The file that says which process we are. */
#ifndef MILTER_PID_FILE_H
#define MILTER_PID_FILE_H

#include "policy/error.h"

/* Writes our process id and a newline. Only into a plain file with one name: the folder may belong
 * to the daemon's user, who must not have root write elsewhere. path NULL: nothing to do. */
MUST_CHECK bool pid_file_write(const char *path, struct error *error);

#endif
