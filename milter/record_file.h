/* The file that JSON records are appended to. All of one thread, but for record_file_works. */
#ifndef MILTER_RECORD_FILE_H
#define MILTER_RECORD_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "policy/bytes.h"

/* Takes over the path; NULL for none. Opens it (O_APPEND, mode 0640), anew where it is the same. */
void record_file_use(char *path);

/* Whole lines. Opens the file anew where another one than before stands at the path (log
 * rotation). What cannot be written is counted, and said once writing works again, or another file
 * is used. */
void record_file_write(const struct bytes *lines, size_t count);

/* Whether the last attempt went well. From any thread. */
bool record_file_works(void);

#endif
