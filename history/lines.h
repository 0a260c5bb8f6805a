/* Files of JSON lines into the tables. */
#ifndef HISTORY_LINES_H
#define HISTORY_LINES_H

#include <sqlite3.h>

#include "history/history.h"

struct lines_count {
    size_t inserted;
    size_t known; /* they were there already */
    size_t unreadable;
    char first_unreadable[1024]; /* "FILE:LINE: why" */
};

/* The files after one another ("-": stdin). batch: records a transaction, 0 for all in one. What
 * an error leaves is the transactions before it. watch may be NULL. *count is added to. */
MUST_CHECK bool lines_load(sqlite3 *database, const char *const *paths, size_t path_count,
                           size_t batch, const struct history_watch *watch,
                           struct lines_count *count, struct error *error);

#endif
