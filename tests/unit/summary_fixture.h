/* A summary (history/summary.h) of records that a test makes one by one. */
#ifndef TESTS_SUMMARY_FIXTURE_H
#define TESTS_SUMMARY_FIXTURE_H

#include "history/summary.h"

#define SUMMARY_NOON INT64_C(1795176000000) /* 2026-11-20 12:00 UTC */
#define SUMMARY_TOP 10                      /* rows of a list */

/* A record of so many seconds after noon, with more keys; see fixture_record. */
void summary_record(const char *id, int seconds, const char *action, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Of all records from since to until, a day after noon at the latest; good until the test ends. */
const struct summary *summary_made(int64_t since, int64_t until);

/* The end of a test: the next one begins without records. */
int summary_fixture_done(void **state);

#endif
