/* Records and their summary, of one test at a time. */
#include "summary_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "history_fixture.h"

#define DAY INT64_C(86400000)
#define COUNT(array) (sizeof(array) / sizeof *(array))

static char *lines[200];
static size_t line_count;
static struct history *history;
static struct summary *summary;

void summary_record(const char *id, int seconds, const char *action, const char *format, ...)
{
    char when[40], keys[2000], day[20];
    va_list args;
    time_t at = (time_t)(SUMMARY_NOON / 1000 + seconds);
    struct tm utc;
    gmtime_r(&at, &utc);
    strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(when, sizeof when, "%s.000Z", day);
    va_start(args, format);
    vsnprintf(keys, sizeof keys, format, args);
    va_end(args);
    assert_true(line_count < COUNT(lines));
    lines[line_count++] = fixture_record(id, when, action, keys);
}

const struct summary *summary_made(int64_t since, int64_t until)
{
    struct error error = {0};
    history = fixture_history((const char *const *)lines, line_count);
    if (!summary_collect(history, since, until, SUMMARY_NOON + DAY, SUMMARY_TOP, &summary, &error))
        fail_msg("%s", error.text);
    return summary;
}

int summary_fixture_done(void **state)
{
    (void)state;
    while (line_count)
        free(lines[--line_count]);
    summary_free(summary);
    summary = NULL;
    history_close(history);
    history = NULL;
    fixture_done();
    return 0;
}
