/* Files of JSON lines into the tables. */
#ifndef HISTORY_LINES_H
#define HISTORY_LINES_H

#include <sqlite3.h>

#include "history/import.h"

/* The files after one another ("-": stdin). batch: records a transaction, 0 for all in one. What
 * an error leaves is the transactions before it. Between two of them others get to write. watch may
 * be NULL. *count is added to. */
MUST_CHECK bool lines_load(sqlite3 *database, const char *const *paths, size_t path_count,
                           size_t batch, const struct history_watch *watch,
                           struct import_count *count, struct error *error);

#endif
