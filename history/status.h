/* What is in the history? */
#ifndef HISTORY_STATUS_H
#define HISTORY_STATUS_H

#include "history/history.h"

struct history_status {
    int64_t rows;
    int64_t oldest, newest; /* milliseconds since 1970; 0 where there is none */
    int64_t configurations;
    int64_t schema;
    int64_t size; /* bytes of the database, without its journal */
    int64_t free; /* of those, not used at present */
};

MUST_CHECK bool history_status(struct history *history, struct history_status *ret_status,
                               struct error *error);

#endif
