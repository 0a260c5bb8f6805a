/* Points in time: as an admin writes them, and as they are shown. Milliseconds since 1970. */
#ifndef CTL_WHEN_H
#define CTL_WHEN_H

#include <stdint.h>

#include "policy/error.h"

#define WHEN_SIZE 32

int64_t when_now(void);

/* "90s", "30m", "2h", "7d", "2w" (that long before now); "now", "today", "yesterday" (their first
 * moment); "14:00" (today), "2026-11-20" (its first moment), "2026-11-20 14:00", with seconds and
 * their fraction where wanted; RFC 3339 ("2026-11-20T14:00:00Z", "...+01:00"). Local time where no
 * zone is named. */
MUST_CHECK bool when_parse(const char *text, int64_t now_ms, int64_t *ret_ms, struct error *error);

/* "2026-11-20 14:00:05" in local time, for tables. */
void when_local(int64_t ms, char ret_text[WHEN_SIZE]);

/* As short as it can be: "14:00:05" today, "11-20 14:00:05" within half a year, else as above. */
void when_short(int64_t ms, int64_t now_ms, char ret_text[WHEN_SIZE]);

/* when_local with the zone: "2026-11-20 14:00:05 +0100". */
void when_local_zone(int64_t ms, char ret_text[WHEN_SIZE]);

/* "2026-11-20T13:00:05.123Z", as in records and all JSON. */
void when_utc(int64_t ms, char ret_text[WHEN_SIZE]);

#endif
