/* Dates between people's spelling and seconds, by the proleptic Gregorian calendar. */
#include "policy/date.h"

#include <stdio.h>

#include "policy/cfws.h"

static const char month_names[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char day_names[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

static const struct {
    const char *name;
    int hours;
} zones[] = {{"EST", -5}, {"EDT", -4}, {"CST", -6}, {"CDT", -5},
             {"MST", -7}, {"MDT", -6}, {"PST", -8}, {"PDT", -7}};

/* Days since 1970-01-01; the year is counted from March, so that a leap day ends it. */
static int64_t days_of(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static int days_in(int64_t year, int month)
{
    static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

static int64_t clamp(int64_t number, int64_t low, int64_t high)
{
    return number < low ? low : number > high ? high : number;
}

void date_format(int64_t seconds, char ret_text[DATE_TEXT_SIZE])
{
    seconds = clamp(seconds, days_of(0, 1, 1) * 86400, days_of(10000, 1, 1) * 86400 - 1);
    int64_t days = seconds / 86400 - (seconds % 86400 < 0);
    int time = (int)(seconds - days * 86400);

    int64_t since_era = days + 719468;
    int64_t era = (since_era >= 0 ? since_era : since_era - 146096) / 146097;
    int64_t day_of_era = since_era - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int shifted_month = (int)((5 * day_of_year + 2) / 153);
    int day = (int)(day_of_year - (153 * shifted_month + 2) / 5 + 1);
    int month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    int year = (int)(year_of_era + era * 400 + (month <= 2));

    int weekday = (int)(((days + 4) % 7 + 7) % 7);
    snprintf(ret_text, DATE_TEXT_SIZE, "%s, %02d %s %04d %02d:%02d:%02d +0000", day_names[weekday],
             day, month_names[month - 1], year, time / 3600, time / 60 % 60, time % 60);
}

/* A number of `min` to `max` digits and no more; -1 where there is none. */
static int take_number(struct bytes *rest, size_t min, size_t max, size_t *ret_digits)
{
    int number = 0;
    size_t digits = 0;
    while (digits < rest->len && rest->data[digits] >= '0' && rest->data[digits] <= '9') {
        if (digits == max)
            return -1;
        number = number * 10 + (rest->data[digits++] - '0');
    }
    if (digits < min)
        return -1;
    *rest = bytes_slice(*rest, digits, rest->len);
    if (ret_digits)
        *ret_digits = digits;
    return number;
}

static bool take_byte(struct bytes *rest, char byte)
{
    if (!cfws_skip(rest) || !rest->len || rest->data[0] != byte)
        return false;
    *rest = bytes_slice(*rest, 1, rest->len);
    return true;
}

static void skip_day_name(struct bytes *rest)
{
    struct bytes at = *rest;
    struct bytes word = cfws_take_token(&at, ",.0123456789");
    if (!word.len)
        return;
    while (take_byte(&at, ',') || take_byte(&at, '.'))
        ;
    *rest = at;
}

/* By its first three letters, so that "Sept" and "June" are read too; 0 where it is none. */
static int take_month(struct bytes *rest)
{
    struct bytes word = cfws_take_token(rest, ",.-0123456789");
    for (int i = 0; i < 12; i++)
        if (word.len >= 3 && bytes_start_with_nocase(word, bytes_of(month_names[i])))
            return i + 1;
    return 0;
}

static int take_year(struct bytes *rest)
{
    size_t digits;
    int year = take_number(rest, 2, 4, &digits);
    if (year < 0 || digits == 4)
        return year;
    if (digits == 2 && year < 50)
        return year + 2000;
    return year + 1900;
}

static bool take_time(struct bytes *rest, int *ret_seconds)
{
    int hour = take_number(rest, 1, 2, NULL);
    if (hour < 0 || hour > 23 || !take_byte(rest, ':') || !cfws_skip(rest))
        return false;
    int minute = take_number(rest, 1, 2, NULL);
    if (minute < 0 || minute > 59)
        return false;
    int second = 0;
    if (take_byte(rest, ':')) {
        if (!cfws_skip(rest))
            return false;
        second = take_number(rest, 1, 2, NULL);
        if (second < 0 || second > 60)
            return false;
        if (rest->len && rest->data[0] == '.')
            cfws_take_token(rest, "+-"); /* fractions of a second, which nobody may write */
    }
    *ret_seconds = hour * 3600 + minute * 60 + second;
    return true;
}

/* Seconds east of Greenwich. */
static bool take_zone(struct bytes *rest, int *ret_seconds)
{
    *ret_seconds = 0;
    struct bytes word = cfws_take_token(rest, "");
    if (word.len && (word.data[0] == '+' || word.data[0] == '-')) {
        struct bytes digits = bytes_slice(word, 1, word.len);
        int number = take_number(&digits, 4, 4, NULL);
        if (number < 0 || number % 100 > 59)
            return false;
        *ret_seconds = (word.data[0] == '-' ? -1 : 1) * (number / 100 * 3600 + number % 100 * 60);
        return true;
    }
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++)
        if (bytes_equal_nocase(word, bytes_of(zones[i].name)))
            *ret_seconds = zones[i].hours * 3600;
    return true;
}

bool date_parse(struct bytes value, int64_t *ret_seconds)
{
    struct bytes rest = value;
    if (!cfws_skip(&rest))
        return false;
    skip_day_name(&rest);
    if (!cfws_skip(&rest))
        return false;
    int day = take_number(&rest, 1, 2, NULL);
    take_byte(&rest, '-');
    if (day < 1 || !cfws_skip(&rest))
        return false;
    int month = take_month(&rest);
    take_byte(&rest, '-');
    if (month < 1 || !cfws_skip(&rest))
        return false;
    int year = take_year(&rest);
    if (year < 0 || day > days_in(year, month) || !cfws_skip(&rest))
        return false;
    int time;
    int zone;
    if (!take_time(&rest, &time) || !cfws_skip(&rest) || !take_zone(&rest, &zone))
        return false;
    *ret_seconds = days_of(year, month, day) * 86400 + time - zone;
    return true;
}
