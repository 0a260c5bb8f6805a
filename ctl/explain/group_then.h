/* Whether a group of users, as it was set then, has a say in a decision. */
#ifndef CTL_EXPLAIN_GROUP_THEN_H
#define CTL_EXPLAIN_GROUP_THEN_H

#include <jansson.h>
#include <stdbool.h>

#include "policy/bytes.h"

/* An entry of the groups as settings_print writes it, from behind its bracket on. Of those that
 * name the login only the first has a say: the caller asks no further then. */
bool group_then_names(struct bytes entry, const json_t *record);

/* Whether it changes the record's policy. */
bool group_then_covers(struct bytes entry, const json_t *record);

#endif
