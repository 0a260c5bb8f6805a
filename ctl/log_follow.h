/* Going on with what is decided from now on. */
#ifndef CTL_LOG_FOLLOW_H
#define CTL_LOG_FOLLOW_H

#include "ctl/log_rows.h"
#include "ctl/source.h"

struct log_follow;

/* To be called before the records are opened, so that no line falls between. */
MUST_CHECK bool log_follow_new(const struct source_place *place, struct log_follow **ret_follow,
                               struct error *error);
void log_follow_free(struct log_follow *follow);

/* To be called before the rows that are there are read. */
MUST_CHECK bool log_follow_begin(struct log_follow *follow, struct history *history,
                                 struct error *error);

/* Whether a row is left to log_follow_run: it came after the beginning. */
bool log_follow_is_later(const struct log_follow *follow, const struct history_row *row);

/* Adds and flushes rows that the filter lets through, until a signal comes (progress_catch), which
 * is no error. Takes over the history and closes it; *history is NULL then. */
MUST_CHECK bool log_follow_run(struct log_follow *follow, struct history **history,
                               const struct history_filter *filter, struct log_rows *rows,
                               struct error *error);

#endif
