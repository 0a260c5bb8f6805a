/* The newest row, and whether there can be a newer one. */
#include "history/changes.h"

#include "history/private.h"

static bool number(struct history *history, const char *sql, int64_t *ret_number,
                   struct error *error)
{
    sqlite3_stmt *statement;
    bool row;
    *ret_number = 0;
    if (!history_prepare(history, sql, &statement, error))
        return false;
    bool asked = history_step(history, statement, &row, error);
    if (asked && row)
        *ret_number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return asked;
}

bool changes_newest(struct history *history, int64_t *ret_seq, struct error *error)
{
    return number(history, "SELECT max(seq) FROM decisions", ret_seq, error);
}

bool changes_version(struct history *history, int64_t *ret_version, struct error *error)
{
    return number(history, "PRAGMA data_version", ret_version, error);
}
