/* Reading what has come since. */
#include "history/latest.h"

#include "history/private.h"

static bool ask_number(struct history *history, const char *sql, int64_t parameter,
                       int64_t *ret_number, struct error *error)
{
    sqlite3_stmt *statement;
    bool row, good = history_prepare(history, sql, &statement, error);
    if (good && sqlite3_bind_parameter_count(statement))
        sqlite3_bind_int64(statement, 1, parameter);
    good = good && history_step(history, statement, &row, error);
    *ret_number = good && row ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    return good;
}

bool latest_begin(struct history *history, int64_t since, int64_t *after, struct error *error)
{
    int64_t newest, first;
    if (!ask_number(history, "SELECT max(seq) FROM decisions", 0, &newest, error))
        return false;
    if (*after && newest >= *after)
        return true;
    if (!ask_number(history, "SELECT min(seq) FROM decisions WHERE time >= ?1", since, &first,
                    error))
        return false;
    *after = first ? first - 1 : newest;
    return true;
}

bool latest_rows(struct history *history, int64_t *after,
                 void (*called)(const struct latest_row *row, void *context), void *context,
                 struct error *error)
{
    sqlite3_stmt *statement;
    bool row, good = history_prepare(history,
                                     "SELECT seq, time, usec, id, login, client, coalesce("
                                     "nullif(from_address, ''), mail_from), action, rule, reason"
                                     " FROM decisions WHERE seq > ?1 ORDER BY seq",
                                     &statement, error);
    if (good)
        sqlite3_bind_int64(statement, 1, *after);
    while (good && (good = history_step(history, statement, &row, error)) && row) {
        const struct latest_row found = {.time = sqlite3_column_int64(statement, 1),
                                         .usec = sqlite3_column_int64(statement, 2),
                                         .id = history_column(statement, 3),
                                         .login = history_column(statement, 4),
                                         .client = history_column(statement, 5),
                                         .from = history_column(statement, 6),
                                         .action = history_column(statement, 7),
                                         .rule = history_column(statement, 8),
                                         .reason = history_column(statement, 9)};
        *after = sqlite3_column_int64(statement, 0);
        called(&found, context);
    }
    sqlite3_finalize(statement);
    return good;
}

bool latest_time(struct history *history, int64_t *ret_time, struct error *error)
{
    return ask_number(history, "SELECT max(time) FROM decisions", 0, ret_time, error);
}
