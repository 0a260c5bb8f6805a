/* What a row wants, in words: for errors and for the reference. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "conf/unit.h"
#include "conf/value.h"

static void spell(const struct option_row *row, int64_t number, char text[32])
{
    if (row->type == OPTION_SIZE || row->type == OPTION_DURATION)
        unit_spell(row->type, number, text, 32);
    else
        snprintf(text, 32, "%" PRId64, number);
}

static void with_range(const struct option_row *row, const char *what, char *text, size_t size)
{
    char min[32];
    char max[32];
    spell(row, row->min, min);
    spell(row, row->max, max);
    if (row->max)
        snprintf(text, size, "%s from %s to %s", what, min, max);
    else
        snprintf(text, size, "%s, %s or more", what, min);
}

static void choices(const struct option_row *row, const char *quote, const char *between,
                    const char *last, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; row->choices[i] && used + 1 < size; i++) {
        const char *before = i == 0 ? "" : row->choices[i + 1] ? between : last;
        snprintf(text + used, size - used, "%s%s%s%s", before, quote, row->choices[i], quote);
        used += strlen(text + used);
    }
}

void value_expected(const struct option_row *row, char *text, size_t size)
{
    switch (row->type) {
    case OPTION_BOOL:
        snprintf(text, size, "true or false");
        break;
    case OPTION_INT:
        with_range(row, "a number", text, size);
        break;
    case OPTION_SIZE:
        with_range(row, "a size in bytes (1000, \"64k\", \"10M\")", text, size);
        break;
    case OPTION_DURATION:
        with_range(row, "a time in seconds (90, \"15m\", \"12h\", \"30d\")", text, size);
        break;
    case OPTION_TEXT:
        snprintf(text, size, "a text in double quotes");
        break;
    case OPTION_CHOICE:
        choices(row, "\"", ", ", " or ", text, size);
        break;
    case OPTION_TEXTS:
        snprintf(text, size, "a list of texts like [ \"one\", \"two\" ]");
        break;
    case OPTION_NUMBERS:
        with_range(row, "a list like [ 1, 2 ] of numbers", text, size);
        break;
    }
}

void value_range(const struct option_row *row, char *text, size_t size)
{
    char min[32];
    char max[32];
    text[0] = '\0';
    if (row->type == OPTION_BOOL)
        snprintf(text, size, "true | false");
    else if (row->type == OPTION_CHOICE)
        choices(row, "", " | ", " | ", text, size);
    else if (row->type == OPTION_INT || row->type == OPTION_SIZE || row->type == OPTION_DURATION) {
        spell(row, row->min, min);
        spell(row, row->max, max);
        snprintf(text, size, row->max ? "%s to %s" : "%s or more", min, max);
    }
}
