/* Spelling a time to wait. */
#include "policy/how_long.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

/* Up to which number of the smaller unit that one is used. */
static const struct {
    int64_t most, seconds;
    const char *word;
} units[] = {{90, 1, "second"}, {90 * 60, 60, "minute"}, {48 * 3600, 3600, "hour"}};

const char *how_long(int64_t seconds, char text[static HOW_LONG_SIZE])
{
    int64_t unit = 86400;
    const char *word = "day";
    if (seconds < 1)
        seconds = 1;
    for (size_t i = sizeof units / sizeof *units; i--;)
        if (seconds <= units[i].most) {
            unit = units[i].seconds;
            word = units[i].word;
        }
    int64_t number = seconds / unit + (seconds % unit != 0);
    snprintf(text, HOW_LONG_SIZE, "%" PRId64 " %s%s", number, word, number == 1 ? "" : "s");
    return text;
}
