/* Cutting a span of time along the local calendar. */
#include "history/buckets.h"

#include <stdbool.h>
#include <time.h>

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

enum unit { FIXED, HOURS, DAYS, WEEKS, MONTHS };

static const struct step {
    enum unit unit;
    int count;
    int64_t length;
} steps[] = {{FIXED, 0, MINUTE},     {FIXED, 0, 5 * MINUTE}, {FIXED, 0, 15 * MINUTE},
             {FIXED, 0, HOUR},       {HOURS, 3, 3 * HOUR},   {HOURS, 6, 6 * HOUR},
             {HOURS, 12, 12 * HOUR}, {DAYS, 1, DAY},         {WEEKS, 7, 7 * DAY},
             {MONTHS, 1, 30 * DAY},  {MONTHS, 12, 365 * DAY}};

static struct tm local_time(int64_t at)
{
    time_t seconds = (time_t)(at / 1000);
    struct tm local;
    localtime_r(&seconds, &local);
    return local;
}

static int64_t moment(struct tm local)
{
    local.tm_isdst = -1;
    return (int64_t)mktime(&local) * 1000;
}

/* The begin of the piece that holds a moment. */
static int64_t piece_of(const struct step *step, int64_t at)
{
    struct tm local = local_time(at);
    if (step->unit == FIXED) {
        int64_t offset = (int64_t)local.tm_gmtoff * 1000;
        return at - (at + offset) % step->length;
    }
    local.tm_sec = local.tm_min = 0;
    local.tm_hour = step->unit == HOURS ? local.tm_hour - local.tm_hour % step->count : 0;
    if (step->unit == WEEKS)
        local.tm_mday -= (local.tm_wday + 6) % 7;
    if (step->unit == MONTHS) {
        local.tm_mday = 1;
        local.tm_mon -= local.tm_mon % step->count;
    }
    return moment(local);
}

static int64_t next_piece(const struct step *step, int64_t begin)
{
    struct tm local = local_time(begin);
    switch (step->unit) {
    case FIXED:
        return begin + step->length;
    case HOURS:
        local.tm_hour += step->count;
        local.tm_min = 0; /* where the clock was put forward at the begin */
        break;
    case DAYS:
    case WEEKS:
        local.tm_mday += step->count;
        local.tm_hour = 0;
        break;
    case MONTHS:
        local.tm_mon += step->count;
        break;
    }
    int64_t next = moment(local);
    return next > begin ? next : begin + step->length;
}

size_t buckets_cut(int64_t begin, int64_t end, size_t max, int64_t *ret_begins, int64_t *ret_length)
{
    const size_t count = sizeof steps / sizeof *steps;
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t at = piece_of(&steps[i], begin);
        bool last = i == count - 1;
        if (!last && (end - at + steps[i].length - 1) / steps[i].length > (int64_t)max)
            continue;
        for (found = 0; found < max && (!found || at < end); at = next_piece(&steps[i], at))
            ret_begins[found++] = at;
        *ret_length = steps[i].length;
        if (at >= end)
            break;
    }
    return found;
}
