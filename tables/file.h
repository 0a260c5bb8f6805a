/* Files that tables are made of: opened with an error that helps, read whole and in one piece. */
#ifndef TABLES_FILE_H
#define TABLES_FILE_H

#include <stddef.h>
#include <sys/stat.h>

#include "policy/error.h"
#include "policy/file_state.h"

/* Opens a regular file for reading. The error names what stands in the way (missing, which folder
 * or file may not be read by whom, owner, mode) and the commands that mend it. */
MUST_CHECK bool file_open(const char *path, int *ret_fd, struct stat *ret_stat,
                          struct error *error);

/* Reads a regular file of at most max bytes, all of it from one open, and not while somebody writes
 * into it. ret_data: from malloc, with one NUL behind ret_len. ret_state (may be NULL): the file's.
 */
MUST_CHECK bool file_read(const char *path, size_t max, char **ret_data, size_t *ret_len,
                          struct file_state *ret_state, struct error *error);

#endif
