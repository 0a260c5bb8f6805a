/* A file that is there whole or not at all, and that is never written over another. */
#ifndef CTL_PROPOSE_NEW_FILE_H
#define CTL_PROPOSE_NEW_FILE_H

#include <sys/types.h>

#include "policy/bytes.h"
#include "policy/error.h"

/* The path without its symbolic links, as the configuration would name it; its folder has to be
 * there, and the file must not. free() it. */
MUST_CHECK bool new_file_path(const char *path, char **ret_path, struct error *error);

/* path: as new_file_path gave it. */
MUST_CHECK bool new_file_write(const char *path, mode_t mode, struct bytes text,
                               struct error *error);

#endif
