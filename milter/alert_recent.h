/* What was told of lately: the first question, before anything is built or a store is asked. */
#ifndef MILTER_ALERT_RECENT_H
#define MILTER_ALERT_RECENT_H

#include <stdbool.h>
#include <stdint.h>

/* Whether the key was not seen within so many seconds; it is from now on. What does not fit pushes
 * out what is oldest. A clock that was set back makes nothing wait for longer. Not safe from
 * several threads at once. */
bool alert_recent_is_new(const char *key, int64_t seconds, int64_t now);

#endif
