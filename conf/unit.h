/* Sizes and durations with their units. */
#ifndef CONF_UNIT_H
#define CONF_UNIT_H

#include "policy/bytes.h"
#include "policy/option.h"

/* "64k", "10M", "1G" (OPTION_SIZE) or "90s", "15m", "12h", "30d", "2w" (OPTION_DURATION), or digits
 * only; false for anything else, and where it does not fit. */
bool unit_read(enum option_type type, struct bytes text, int64_t *ret_number);

/* The number with the largest unit that it is a whole multiple of: "10M", "90s", "0". */
void unit_spell(enum option_type type, int64_t number, char *text, size_t size);

#endif
