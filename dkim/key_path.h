/* Opening key folders and key files so that nobody but root and the daemon's own user can have put
 * something else in their place: every component of the path is opened from the one above, and what
 * was opened is what is checked. */
#ifndef DKIM_KEY_PATH_H
#define DKIM_KEY_PATH_H

#include <sys/stat.h>

#include "dkim/keystore.h"

/* Opens the folder of all keys for reading. Links on the way are followed when root or the user
 * owns them. ret_fd is -1 where there is no such folder; that is no error. */
MUST_CHECK bool key_path_open_root(const struct keystore_options *options, int *ret_fd,
                                   struct error *error);

/* Opens a folder in it, which is no link. path is for the error's text. */
MUST_CHECK bool key_path_open_folder(const struct keystore_options *options, int parent,
                                     const char *name, const char *path, int *ret_fd,
                                     struct error *error);

/* Opens a key file, which is no link; ret_status is that of what was opened. */
MUST_CHECK bool key_path_open_file(const struct keystore_options *options, int parent,
                                   const char *name, const char *path, int *ret_fd,
                                   struct stat *ret_status, struct error *error);

#endif
