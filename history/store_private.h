/* What the parts of the store share; for history/store*.c only. */
#ifndef HISTORY_STORE_PRIVATE_H
#define HISTORY_STORE_PRIVATE_H

#include <limits.h>
#include <sqlite3.h>

#include "history/insert.h"
#include "history/store.h"

struct store {
    sqlite3 *database;
    struct insert *insert;
    char path[PATH_MAX]; /* without links */
    int patience;        /* in milliseconds, for whom else writes */
};

/* Of an SQLite code that is no success. */
enum store_result store_result_of(int code);

/* With the database's sentence. */
enum store_result store_failed(const struct store *store, int code, struct error *error);

enum store_result store_run(struct store *store, const char *sql, struct error *error);

/* Harmless where no transaction is open. */
void store_roll_back(struct store *store);

#endif
