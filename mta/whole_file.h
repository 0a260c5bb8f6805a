/* A file of the host's, read whole. */
#ifndef MTA_WHOLE_FILE_H
#define MTA_WHOLE_FILE_H

#include "policy/arena.h"
#include "policy/error.h"

/* Into the arena, with a NUL behind. Larger than max bytes, or no regular file, is an error that
 * names the path. */
MUST_CHECK bool whole_file_read(struct arena *arena, const char *path, size_t max,
                                struct bytes *ret_text, struct error *error);

#endif
