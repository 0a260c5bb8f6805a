/* Decisions as rows of a table, or as JSON lines. */
#ifndef CTL_LOG_ROWS_H
#define CTL_LOG_ROWS_H

#include <stdio.h>

#include "history/find.h"

struct log_rows;

/* NULL: memory is out. */
struct log_rows *log_rows_new(bool json, FILE *out);
void log_rows_free(struct log_rows *rows);

/* history: where the row is from, which is asked for what observed rules said. Rows wait for
 * log_rows_flush now and then. False without an error: standard output failed. */
MUST_CHECK bool log_rows_add(struct log_rows *rows, struct history *history,
                             const struct history_row *row, struct error *error);
MUST_CHECK bool log_rows_flush(struct log_rows *rows, struct error *error);

/* Whether any row was added. */
bool log_rows_any(const struct log_rows *rows);

#endif
