/* Reading and writing of "64k" and "15m". */
#include "conf/unit.h"

#include <inttypes.h>
#include <stdio.h>

struct unit {
    char letter;
    int64_t factor;
};

/* The largest first. */
static const struct unit size_units[] = {
    {'G', 1024 * 1024 * 1024}, {'M', 1024 * 1024}, {'k', 1024}, {'\0', 1}};
static const struct unit duration_units[] = {{'w', 7 * 86400}, {'d', 86400}, {'h', 3600},
                                             {'m', 60},        {'s', 1},     {'\0', 1}};

static const struct unit *units_of(enum option_type type)
{
    return type == OPTION_SIZE ? size_units : duration_units;
}

bool unit_read(enum option_type type, struct bytes text, int64_t *ret_number)
{
    int64_t number = 0;
    size_t i = 0;
    for (; i < text.len && text.data[i] >= '0' && text.data[i] <= '9'; i++)
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, text.data[i] - '0', &number))
            return false;
    if (i == 0 || text.len - i > 1)
        return false;
    char letter = i < text.len ? bytes_lower(text.data[i]) : '\0';
    const struct unit *unit = units_of(type);
    while (unit->letter && bytes_lower(unit->letter) != letter)
        unit++;
    if (unit->letter != letter && bytes_lower(unit->letter) != letter)
        return false;
    return !__builtin_mul_overflow(number, unit->factor, ret_number);
}

void unit_spell(enum option_type type, int64_t number, char *text, size_t size)
{
    const struct unit *unit = units_of(type);
    while (unit->letter && (number == 0 || number % unit->factor != 0))
        unit++;
    if (unit->letter)
        snprintf(text, size, "%" PRId64 "%c", number / unit->factor, unit->letter);
    else
        snprintf(text, size, "%" PRId64, number);
}
