/* Files of JSON lines into the daemon's database. */
#ifndef HISTORY_IMPORT_H
#define HISTORY_IMPORT_H

#include "history/history.h"

struct import_count {
    size_t inserted;
    size_t known; /* they were there already */
    size_t unreadable;
    char first_unreadable[1024]; /* "FILE:LINE: why" */
};

/* The files after one another ("-": stdin), in short transactions, so that the daemon goes on
 * writing. The database is made where there is none. An error, or a watch that says stop, leaves
 * what was imported until then: *count says how much. watch may be NULL. */
MUST_CHECK bool import_files(const char *path, const char *const *files, size_t file_count,
                             const struct history_watch *watch, struct import_count *ret_count,
                             struct error *error);

#endif
