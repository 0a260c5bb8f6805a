/* Many rows, some at a time: no question to the history is open while a row is dealt with. A pager
 * that stands still would else hold back what the daemon may give up of its database. */
#ifndef CTL_PAGES_H
#define CTL_PAGES_H

#include "history/find.h"

/* As history_find, oldest first, whatever the filter's order. With a limit the newest so many. */
MUST_CHECK bool pages_each(struct history *history, const struct history_filter *filter,
                           bool (*row)(const struct history_row *row, void *context), void *context,
                           struct error *error);

/* A row with texts of its own in the arena; false: it is full. */
struct arena;
MUST_CHECK bool pages_copy_row(struct arena *arena, const struct history_row *row,
                               struct history_row *ret_copy);

#endif
