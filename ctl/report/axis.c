/* Which buckets have a label, and what it says. */
#include "ctl/report/axis.h"

#include <time.h>

#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)

#define LABELS 14 /* for more there is no room on any screen */

enum grain { MINUTES, HOURS, DAYS, MONTHS, YEARS };

static struct tm local_time(int64_t at)
{
    time_t seconds = (time_t)(at / 1000);
    struct tm local;
    localtime_r(&seconds, &local);
    return local;
}

/* Whether something begins here that a label names; grain as the whole span is long. */
static bool is_mark(const struct tm *now, const struct tm *before, enum grain grain)
{
    switch (grain) {
    case MINUTES:
        return now->tm_min / 15 != before->tm_min / 15 || now->tm_hour != before->tm_hour;
    case HOURS:
        return now->tm_hour / 3 != before->tm_hour / 3 || now->tm_mday != before->tm_mday;
    case DAYS:
        return now->tm_yday != before->tm_yday;
    case MONTHS:
        return now->tm_mon != before->tm_mon;
    case YEARS:
        return now->tm_year != before->tm_year;
    }
    return false;
}

static void write_mark(const struct tm *now, enum grain grain, char *ret_text, size_t size)
{
    if (grain == MINUTES || (grain == HOURS && now->tm_hour))
        strftime(ret_text, size, "%H:%M", now);
    else if (grain == HOURS || grain == DAYS)
        strftime(ret_text, size, "%a %-d", now);
    else if (grain == MONTHS && now->tm_mon)
        strftime(ret_text, size, "%b", now);
    else if (grain == MONTHS)
        strftime(ret_text, size, "%b %Y", now);
    else
        strftime(ret_text, size, "%Y", now);
}

static enum grain grain_of(int64_t length)
{
    if (length <= 3 * HOUR)
        return MINUTES;
    if (length <= 36 * HOUR)
        return HOURS;
    if (length <= 40 * DAY)
        return DAYS;
    return length <= 3 * 366 * DAY ? MONTHS : YEARS;
}

size_t axis_labels(const struct summary *summary, struct axis_label ret_labels[AXIS_LABELS_MAX])
{
    size_t count = 0;
    const struct summary_bucket *buckets = summary->buckets;
    if (!summary->bucket_count)
        return 0;
    enum grain grain = grain_of(summary->until - buckets[0].begin);
    for (size_t i = 0; i < summary->bucket_count && count < AXIS_LABELS_MAX; i++) {
        struct tm now = local_time(buckets[i].begin);
        struct tm before = local_time(i ? buckets[i - 1].begin : buckets[i].begin - 1);
        if (!is_mark(&now, &before, grain))
            continue;
        ret_labels[count].bucket = i;
        write_mark(&now, grain, ret_labels[count++].text, sizeof ret_labels->text);
    }
    if (!count) {
        struct tm now = local_time(buckets[0].begin);
        ret_labels[0].bucket = 0;
        strftime(ret_labels[count++].text, sizeof ret_labels->text, "%-d %b %H:%M", &now);
    }
    size_t kept = 0, every = (count + LABELS - 1) / LABELS;
    for (size_t i = 0; i < count; i += every)
        ret_labels[kept++] = ret_labels[i];
    size_t apart = (kept + 3) / 4;
    for (size_t i = 0; i < kept; i++)
        ret_labels[i].main = i % apart == 0;
    return kept;
}

const char *axis_bucket(const struct summary *summary, size_t bucket, char *ret_text, size_t size)
{
    struct tm local = local_time(summary->buckets[bucket].begin);
    if (summary->bucket_ms >= DAY)
        strftime(ret_text, size, "%a %-d %b %Y", &local);
    else
        strftime(ret_text, size, "%a %-d %b, %H:%M", &local);
    return ret_text;
}
