/* Reading and writing points in time. */
#include "ctl/when.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define HALF_A_YEAR_MS (INT64_C(180) * 86400000)

int64_t when_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Digits, from min to max of them, into a number; takes them off the text. */
static bool take_number(const char **text, int min, int max, int *ret_number)
{
    int count = 0;
    *ret_number = 0;
    while (count < max && isdigit((unsigned char)**text)) {
        *ret_number = *ret_number * 10 + (*(*text)++ - '0');
        count++;
    }
    return count >= min;
}

static bool take(const char **text, char character)
{
    if (**text != character)
        return false;
    ++*text;
    return true;
}

/* "7d" and the like. */
static bool read_ago(const char *text, int64_t now, int64_t *ret_ms)
{
    static const char units[] = "smhdw";
    static const int64_t seconds[] = {1, 60, 3600, 86400, 604800};
    int number;
    if (!take_number(&text, 1, 8, &number))
        return false;
    const char *unit = *text ? strchr(units, *text) : NULL;
    if (!unit || (text[1] && strcmp(text + 1, " ago") != 0))
        return false;
    *ret_ms = now - number * seconds[unit - units] * 1000;
    return true;
}

/* "14:00", "14:00:05", "14:00:05.25" */
static bool take_clock(const char **text, struct tm *time, int *ret_ms)
{
    *ret_ms = 0;
    if (!take_number(text, 1, 2, &time->tm_hour) || !take(text, ':') ||
        !take_number(text, 2, 2, &time->tm_min) || time->tm_hour > 23 || time->tm_min > 59)
        return false;
    time->tm_sec = 0;
    if (!take(text, ':'))
        return true;
    if (!take_number(text, 2, 2, &time->tm_sec) || time->tm_sec > 60)
        return false;
    if (!take(text, '.'))
        return true;
    int weight = 100;
    if (!isdigit((unsigned char)**text))
        return false;
    for (; isdigit((unsigned char)**text); weight /= 10)
        *ret_ms += weight * (*(*text)++ - '0');
    return true;
}

/* "2026-11-20" */
static bool take_day(const char **text, struct tm *time)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year, month, day;
    if (!take_number(text, 4, 4, &year) || !take(text, '-') || !take_number(text, 2, 2, &month) ||
        !take(text, '-') || !take_number(text, 2, 2, &day) || year < 1970 || month < 1 ||
        month > 12 || day < 1 || day > days[month - 1])
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    time->tm_year = year - 1900;
    time->tm_mon = month - 1;
    time->tm_mday = day;
    return month != 2 || day < 29 || leap;
}

/* "Z", "+01:00"; nothing: local time. */
static bool read_zone(const char *text, bool *ret_local, int *ret_offset)
{
    *ret_local = !*text;
    *ret_offset = 0;
    if (!*text || strcmp(text, "Z") == 0 || strcmp(text, "z") == 0)
        return true;
    int hours, minutes, sign = *text == '-' ? -1 : 1;
    if (!take(&text, '+') && !take(&text, '-'))
        return false;
    if (!take_number(&text, 2, 2, &hours) || !take(&text, ':') ||
        !take_number(&text, 2, 2, &minutes) || *text || hours > 23 || minutes > 59)
        return false;
    *ret_offset = sign * (hours * 3600 + minutes * 60);
    return true;
}

static struct tm today(int64_t now)
{
    time_t seconds = (time_t)(now / 1000);
    struct tm time;
    localtime_r(&seconds, &time);
    time.tm_hour = time.tm_min = time.tm_sec = 0;
    return time;
}

static int64_t in_local_time(struct tm *time)
{
    time->tm_isdst = -1;
    return (int64_t)mktime(time) * 1000;
}

static bool read_day_and_clock(const char *text, int64_t *ret_ms)
{
    struct tm time = {0};
    int ms = 0, offset;
    bool local;
    if (!take_day(&text, &time))
        return false;
    if (*text) {
        if (!take(&text, ' ') && !take(&text, 'T') && !take(&text, 't'))
            return false;
        if (!take_clock(&text, &time, &ms))
            return false;
        take(&text, ' ');
    }
    if (!read_zone(text, &local, &offset))
        return false;
    *ret_ms = ms + (local ? in_local_time(&time) : ((int64_t)timegm(&time) - offset) * 1000);
    return true;
}

static bool read_clock(const char *text, int64_t now, int64_t *ret_ms)
{
    struct tm time = today(now);
    int ms;
    if (!take_clock(&text, &time, &ms) || *text)
        return false;
    *ret_ms = in_local_time(&time) + ms;
    return true;
}

static bool read_word(const char *text, int64_t now, int64_t *ret_ms)
{
    struct tm time = today(now);
    if (strcmp(text, "now") == 0) {
        *ret_ms = now;
        return true;
    }
    if (strcmp(text, "yesterday") == 0)
        time.tm_mday--;
    else if (strcmp(text, "today") != 0)
        return false;
    *ret_ms = in_local_time(&time);
    return true;
}

bool when_parse(const char *text, int64_t now_ms, int64_t *ret_ms, struct error *error)
{
    if (read_word(text, now_ms, ret_ms) || read_ago(text, now_ms, ret_ms) ||
        read_day_and_clock(text, ret_ms) || read_clock(text, now_ms, ret_ms))
        return true;
    return error_set(error,
                     "\"%s\" is no time: expected one like 2h, 7d, today, yesterday, 14:00, "
                     "2026-11-20, \"2026-11-20 14:00\" or 2026-11-20T14:00:00Z",
                     text);
}

static struct tm local(int64_t ms)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm time;
    localtime_r(&seconds, &time);
    return time;
}

void when_local(int64_t ms, char ret_text[WHEN_SIZE])
{
    struct tm time = local(ms);
    strftime(ret_text, WHEN_SIZE, "%Y-%m-%d %H:%M:%S", &time);
}

void when_short(int64_t ms, int64_t now_ms, char ret_text[WHEN_SIZE])
{
    struct tm time = local(ms), now = local(now_ms);
    bool today = time.tm_year == now.tm_year && time.tm_yday == now.tm_yday;
    int64_t away = ms < now_ms ? now_ms - ms : ms - now_ms;
    if (today)
        strftime(ret_text, WHEN_SIZE, "%H:%M:%S", &time);
    else if (away < HALF_A_YEAR_MS)
        strftime(ret_text, WHEN_SIZE, "%m-%d %H:%M:%S", &time);
    else
        when_local(ms, ret_text);
}

void when_local_zone(int64_t ms, char ret_text[WHEN_SIZE])
{
    struct tm time = local(ms);
    strftime(ret_text, WHEN_SIZE, "%Y-%m-%d %H:%M:%S %z", &time);
}

void when_utc(int64_t ms, char ret_text[WHEN_SIZE])
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm time;
    gmtime_r(&seconds, &time);
    size_t len = strftime(ret_text, WHEN_SIZE, "%Y-%m-%dT%H:%M:%S", &time);
    snprintf(ret_text + len, WHEN_SIZE - len, ".%03dZ", (int)(ms % 1000));
}
