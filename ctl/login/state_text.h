/* How far a login may go, in words and as JSON. */
#ifndef CTL_LOGIN_STATE_TEXT_H
#define CTL_LOGIN_STATE_TEXT_H

#include <stdio.h>

#include "gate/json.h"
#include "policy/counting.h"

/* "slowed since 2026-11-20 14:00:05 until 16:00:05 (1 h 40 min more), by root: phished"; "normal",
 * and of one that was thawed "normal (until 2026-11-21 14:00:05 whatever signs of theft say)".
 * Without a line's end. now: milliseconds since 1970. */
void state_text_print(FILE *out, const struct login_standing *standing, int64_t now);

/* The same of one that is over: "slowed since 2026-11-20 14:00:05, by root: phished". */
void state_text_print_past(FILE *out, const struct login_standing *standing);

/* The members state, since, until, cause of an object that is open. */
void state_text_json(struct json *json, const struct login_standing *standing);

#endif
