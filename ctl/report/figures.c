/* Numbers for people. */
#include "ctl/report/figures.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

const char *figures_count(int64_t number, char ret_text[FIGURES_SIZE])
{
    char digits[FIGURES_SIZE];
    int len = snprintf(digits, sizeof digits, "%" PRId64, number);
    size_t out = 0;
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0 && digits[i - 1] != '-')
            ret_text[out++] = ',';
        ret_text[out++] = digits[i];
    }
    ret_text[out] = '\0';
    return ret_text;
}

const char *figures_short(int64_t number, char ret_text[FIGURES_SIZE])
{
    if (number < 10000)
        return figures_count(number, ret_text);
    if (number < 1000000)
        snprintf(ret_text, FIGURES_SIZE, "%.3gk", (double)number / 1000);
    else
        snprintf(ret_text, FIGURES_SIZE, "%.3gM", (double)number / 1000000);
    return ret_text;
}

const char *figures_percent(int64_t part, int64_t whole, char ret_text[FIGURES_SIZE])
{
    double percent = whole ? 100.0 * (double)part / (double)whole : 0;
    if (!whole)
        *ret_text = '\0';
    else if (part && percent < 0.05)
        snprintf(ret_text, FIGURES_SIZE, "<0.1%%");
    else if (part < whole && percent > 99.9)
        snprintf(ret_text, FIGURES_SIZE, "99.9%%");
    else
        snprintf(ret_text, FIGURES_SIZE, "%.1f%%", percent);
    return ret_text;
}

const char *figures_delay(int64_t microseconds, char ret_text[FIGURES_SIZE])
{
    double value = (double)microseconds;
    if (microseconds < 1000)
        snprintf(ret_text, FIGURES_SIZE, "%" PRId64 " us", microseconds);
    else if (microseconds < 10000)
        snprintf(ret_text, FIGURES_SIZE, "%.1f ms", value / 1000);
    else if (microseconds < 1000000)
        snprintf(ret_text, FIGURES_SIZE, "%.0f ms", value / 1000);
    else
        snprintf(ret_text, FIGURES_SIZE, "%.1f s", value / 1000000);
    return ret_text;
}

const char *figures_span(int64_t milliseconds, char ret_text[FIGURES_SIZE])
{
    static const struct {
        int64_t length;
        const char *word;
    } units[] = {{86400000, "day"}, {3600000, "hour"}, {60000, "minute"}, {1000, "second"}};
    size_t unit = 0;
    while (unit < 3 && (milliseconds < units[unit].length ||
                        (milliseconds < 2 * units[unit].length &&
                         milliseconds % units[unit].length > units[unit + 1].length)))
        unit++;
    int64_t count = (milliseconds + units[unit].length / 2) / units[unit].length;
    snprintf(ret_text, FIGURES_SIZE, "%" PRId64 " %s%s", count, units[unit].word,
             count == 1 ? "" : "s");
    return ret_text;
}

int64_t figures_round_up(int64_t most)
{
    static const int64_t tenths[] = {10, 12, 16, 20, 30, 40, 60, 80};
    for (int64_t power = 1; power < INT64_MAX / 1000; power *= 10)
        for (size_t i = 0; i < sizeof tenths / sizeof *tenths; i++) {
            int64_t round = power * tenths[i] / 10;
            if (most <= round && (round == 1 || round % 2 == 0))
                return round;
        }
    return most;
}
