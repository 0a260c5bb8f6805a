/* The values of a filter's parameters; for history/ only. */
#ifndef HISTORY_FILTER_BIND_H
#define HISTORY_FILTER_BIND_H

#include <sqlite3.h>

#include "history/filter.h"

/* Binds those parameters of filter_condition and filter_order that stand in the statement. The
 * filter's texts have to outlive the statement's run. */
MUST_CHECK bool filter_bind(const struct history_filter *filter, sqlite3_stmt *statement,
                            struct error *error);

#endif
