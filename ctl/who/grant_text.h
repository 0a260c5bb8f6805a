/* How a grant is shown. */
#ifndef CTL_WHO_GRANT_TEXT_H
#define CTL_WHO_GRANT_TEXT_H

#include "gate/json.h"
#include "tables/grants.h"

/* What it is for, in words, in the arena; NULL when memory is out. */
const char *grant_text_subject(struct arena *arena, const struct grant *grant);

/* A row without its key where that stands beside it already. */
struct bytes grant_text_place(struct bytes row, struct bytes shown);

/* One object of a list. */
void grant_text_json(struct json *json, const struct grant *grant);

#endif
