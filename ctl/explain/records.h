/* The records that were asked for. */
#ifndef CTL_EXPLAIN_RECORDS_H
#define CTL_EXPLAIN_RECORDS_H

#include <jansson.h>

#include "ctl/explain/asked.h"
#include "policy/error.h"

struct history;

#define RECORDS_MAX 100 /* of one question: more is no single mail's */

/* Appends the records of an id or a queue id to the array, oldest first. since, until: as the
 * filter's; old Postfixes give a queue id again. */
MUST_CHECK bool records_find(struct history *history, const struct asked *asked, int64_t since,
                             int64_t until, json_t *records, struct error *error);

/* A file that holds records (JSON, in lines or laid out), or a text with ids in it, such as a saved
 * bounce: then ids is appended to. "-": standard input. */
MUST_CHECK bool records_read(const char *path, json_t *records, json_t *ids, struct error *error);

#endif
