/* Has anything been written? For those who follow the history. */
#ifndef HISTORY_CHANGES_H
#define HISTORY_CHANGES_H

#include "history/history.h"

/* The number (seq) of the row that was written last; 0: there is none. */
MUST_CHECK bool changes_newest(struct history *history, int64_t *ret_seq, struct error *error);

/* A number that is another one after anybody else has written. Cheap: no table is read. */
MUST_CHECK bool changes_version(struct history *history, int64_t *ret_version, struct error *error);

#endif
