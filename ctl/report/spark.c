/* Sparklines and bars. */
#include "ctl/report/spark.h"

#include <string.h>

static const char *const blocks[] = {" ",
                                     "\xe2\x96\x81",
                                     "\xe2\x96\x82",
                                     "\xe2\x96\x83",
                                     "\xe2\x96\x84",
                                     "\xe2\x96\x85",
                                     "\xe2\x96\x86",
                                     "\xe2\x96\x87",
                                     "\xe2\x96\x88"};
static const char *const signs[] = {" ", "_", ".", "-", ":", "=", "+", "*", "#"};
static const char *const eighths[] = {"",
                                      "\xe2\x96\x8f",
                                      "\xe2\x96\x8e",
                                      "\xe2\x96\x8d",
                                      "\xe2\x96\x8c",
                                      "\xe2\x96\x8b",
                                      "\xe2\x96\x8a",
                                      "\xe2\x96\x89",
                                      "\xe2\x96\x88"};

static bool append(const char *part, char *text, size_t size, size_t *len)
{
    size_t more = strlen(part);
    if (*len + more >= size)
        return false;
    memcpy(text + *len, part, more + 1);
    *len += more;
    return true;
}

/* 0 for 0, else 1 to steps. */
static size_t step_of(int64_t number, int64_t most, size_t steps)
{
    if (number <= 0 || most <= 0)
        return 0;
    if (number >= most)
        return steps;
    size_t step = (size_t)((double)number / (double)most * (double)steps + 0.5);
    return step ? step : 1;
}

void spark_line(const int64_t *numbers, size_t count, bool utf8, char *ret_text, size_t size)
{
    int64_t most = 0;
    size_t len = 0;
    *ret_text = '\0';
    for (size_t i = 0; i < count; i++)
        most = numbers[i] > most ? numbers[i] : most;
    for (size_t i = 0; i < count; i++) {
        size_t step = step_of(numbers[i], most, 8);
        if (!append(utf8 ? blocks[step] : signs[step], ret_text, size, &len))
            return;
    }
}

void spark_bar(int64_t number, int64_t most, unsigned width, bool utf8, char *ret_text, size_t size)
{
    size_t steps = step_of(number, most, utf8 ? (size_t)width * 8 : width);
    size_t len = 0;
    *ret_text = '\0';
    for (; steps >= 8 && utf8; steps -= 8)
        if (!append(eighths[8], ret_text, size, &len))
            return;
    if (utf8 && !append(eighths[steps], ret_text, size, &len))
        return;
    for (; !utf8 && steps; steps--)
        if (!append("#", ret_text, size, &len))
            return;
}
