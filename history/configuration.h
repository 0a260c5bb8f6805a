/* Which settings were these? */
#ifndef HISTORY_CONFIGURATION_H
#define HISTORY_CONFIGURATION_H

#include "history/history.h"

/* What `submilterctl conf` printed for the settings of that hash, and when they were first in force
 * (milliseconds since 1970). *ret_text is to be freed; NULL: they are not kept, which JSON lines
 * never do. */
MUST_CHECK bool configuration_find(struct history *history, const char *hash, char **ret_text,
                                   int64_t *ret_first_seen, struct error *error);

#endif
