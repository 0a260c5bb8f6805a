/* The configuration's files, read whole. */
#ifndef CONF_FILES_H
#define CONF_FILES_H

#include "policy/arena.h"
#include "policy/error.h"

#define FILES_MAX 1000 /* in conf.d */

struct file {
    const char *path;
    struct bytes text;
};

/* The main file, and behind it the files named *.conf of the folder conf.d beside it, in name
 * order. All of it lies in the arena. False: one cannot be read, is no regular file, or is over 1
 * MB. */
MUST_CHECK bool files_read(const char *path, struct arena *arena, struct file **ret_files,
                           size_t *ret_count, struct error *error);

/* The first 16 hex digits of SHA-256 over all texts one after the other, as
 * `cat FILE conf.d/?*.conf | sha256sum` shows them. */
MUST_CHECK bool files_hash(const struct file *files, size_t count, char hash[17],
                           struct error *error);

/* Whether a file of that name in conf.d is read. */
bool files_wants(const char *name);

#endif
