/* SQLite's own means against hostile files: sqlite.org/security.html. */
#include "history/untrusted.h"

#include <stddef.h>

#define VALUE_MAX (192 << 20) /* a record at most, and the columns that repeat it */

bool untrusted_guard(sqlite3 *database, struct error *error)
{
    static const struct {
        int option, on;
    } options[] = {{SQLITE_DBCONFIG_DEFENSIVE, 1},
                   {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
                   {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
                   {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0}};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (sqlite3_db_config(database, options[i].option, options[i].on, NULL) != SQLITE_OK)
            return error_set(error, "%s", sqlite3_errmsg(database));
    sqlite3_limit(database, SQLITE_LIMIT_LENGTH, VALUE_MAX);
    return sqlite3_exec(database, "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0", NULL, NULL,
                        NULL) == SQLITE_OK ||
           error_set(error, "%s", sqlite3_errmsg(database));
}
