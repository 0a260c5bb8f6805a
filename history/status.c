/* Counting. */
#include "history/status.h"

#include "history/private.h"

static bool number(struct history *history, const char *sql, int64_t *ret_number,
                   struct error *error)
{
    sqlite3_stmt *statement;
    bool there;
    if (!history_prepare(history, sql, &statement, error))
        return false;
    bool asked = history_step(history, statement, &there, error);
    *ret_number = asked && there ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    return asked;
}

bool history_status(struct history *history, struct history_status *ret_status, struct error *error)
{
    int64_t page;
    int64_t pages;
    int64_t free;
    if (!number(history, "SELECT count(*) FROM decisions", &ret_status->rows, error) ||
        !number(history, "SELECT min(time) FROM decisions", &ret_status->oldest, error) ||
        !number(history, "SELECT max(time) FROM decisions", &ret_status->newest, error) ||
        !number(history, "SELECT count(*) FROM configurations", &ret_status->configurations,
                error) ||
        !number(history, "PRAGMA user_version", &ret_status->schema, error) ||
        !number(history, "PRAGMA page_size", &page, error) ||
        !number(history, "PRAGMA page_count", &pages, error) ||
        !number(history, "PRAGMA freelist_count", &free, error))
        return false;
    ret_status->size = page * pages;
    ret_status->free = page * free;
    return true;
}
