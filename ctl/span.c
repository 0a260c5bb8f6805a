/* Seconds in words. */
#include "ctl/span.h"

#include <inttypes.h>
#include <stdio.h>

const char *span_text(int64_t seconds, char ret_text[SPAN_SIZE])
{
    static const struct {
        int64_t seconds;
        const char *word;
    } units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};
    static const size_t last = sizeof units / sizeof *units - 1;
    size_t unit = 0;
    while (unit < last && seconds < units[unit].seconds)
        unit++;
    int64_t whole = seconds / units[unit].seconds;
    int64_t rest = unit < last ? seconds % units[unit].seconds / units[unit + 1].seconds : 0;
    int len = snprintf(ret_text, SPAN_SIZE, "%" PRId64 " %s", whole, units[unit].word);
    if (rest && whole < 10)
        snprintf(ret_text + len, SPAN_SIZE - (size_t)len, " %" PRId64 " %s", rest,
                 units[unit + 1].word);
    return ret_text;
}
