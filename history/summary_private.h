/* What the parts of a summary share: the span's rows in a table of their own, and reading rows. */
#ifndef HISTORY_SUMMARY_PRIVATE_H
#define HISTORY_SUMMARY_PRIVATE_H

#include <sqlite3.h>

#include "history/private.h"
#include "history/summary.h"

struct summary_question {
    struct history *history; /* temp.span holds the span's decisions */
    size_t top;
    struct summary *summary;
    struct error *error;
};

/* SQL's condition for decisions that were not let go. */
#define SUMMARY_STOPPED "action IN ('reject', 'tempfail')"

/* Runs SQL that gives no rows. */
MUST_CHECK bool summary_run(const struct summary_question *question, const char *sql);

/* ?1 is top, ?2 the span's since, ?3 its end; NULL on error. sqlite3_finalize it. */
sqlite3_stmt *summary_ask(const struct summary_question *question, const char *sql);

/* *ret_row is false behind the last row. False for an error. */
MUST_CHECK bool summary_next(const struct summary_question *question, sqlite3_stmt *statement,
                             bool *ret_row);

/* A column's text in the summary's arena; NULL for NULL and where memory is out. */
const char *summary_text(const struct summary_question *question, sqlite3_stmt *statement,
                         int column);

/* Asks SQL with LIMIT ?1, whose last column is the number of all rows: fill is called with a zeroed
 * row of size bytes for each. */
MUST_CHECK bool summary_list(const struct summary_question *question, const char *sql, size_t size,
                             void (*fill)(const struct summary_question *question,
                                          sqlite3_stmt *statement, void *row),
                             void *ret_rows, size_t *ret_count, int64_t *ret_all);

MUST_CHECK bool summary_count(const struct summary_question *question); /* counts, latency */
MUST_CHECK bool summary_rows(const struct summary_question *question);  /* the short lists */
MUST_CHECK bool summary_networks(const struct summary_question *question);
MUST_CHECK bool summary_contained(const struct summary_question *question);
MUST_CHECK bool summary_friction(const struct summary_question *question);

#endif
