/* Whether a pattern's result could name a login. */
#ifndef TABLES_GRANT_PATTERN_H
#define TABLES_GRANT_PATTERN_H

#include "policy/arena.h"
#include "policy/bytes.h"

/* result: as in a row that varies (struct table_row). False only where no text that a pattern can
 * match makes it name the login. */
bool grant_pattern_may_name(struct arena *arena, struct bytes result, struct bytes login);

/* Whether it names the login whatever matches. */
bool grant_pattern_names(struct arena *arena, struct bytes result, struct bytes login);

#endif
