/* The records of a stretch of time, one after the other: from the history, or straight from files
 * of JSON lines, without the database that other questions make of these. */
#ifndef CTL_REPLAY_FEED_H
#define CTL_REPLAY_FEED_H

#include "ctl/source.h"
#include "policy/bytes.h"

/* Calls for each record with its place: a file and a line, or "history" and the row. Of files all
 * are handed over, whatever their time. false from each ends it, which is no error. An interrupt is
 * one (source_complain). */
MUST_CHECK bool feed_each(const struct source_place *place, const struct source_options *options,
                          bool (*each)(const char *place, uint64_t line, struct bytes text,
                                       void *context),
                          void *context, struct error *error);

#endif
