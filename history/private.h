/* What the questions share; for history/ only. */
#ifndef HISTORY_PRIVATE_H
#define HISTORY_PRIVATE_H

#include <sqlite3.h>

#include "history/history.h"
#include "policy/bytes.h"

sqlite3 *history_database(struct history *history);

/* A statement for one question; sqlite3_finalize it. The functions of history/functions.h are
 * there. */
MUST_CHECK bool history_prepare(struct history *history, const char *sql,
                                sqlite3_stmt **ret_statement, struct error *error);

/* *ret_row is false behind the last row. False for an error: the caller stops. */
MUST_CHECK bool history_step(struct history *history, sqlite3_stmt *statement, bool *ret_row,
                             struct error *error);

/* A column as it stands in the row, good until the next step; NULL is no bytes. */
struct bytes history_column(sqlite3_stmt *statement, int column);

#endif
