/* Text of others (configurations, mail, what programs say) for a terminal. */
#ifndef CTL_PLAIN_H
#define CTL_PLAIN_H

#include <stdio.h>

#include "policy/bytes.h"

/* Lines and tabs stay; other control characters, those that turn the direction of writing, and what
 * is no UTF-8 are written as \xNN, byte for byte. */
void plain_write(FILE *out, struct bytes text);

/* A value within a line: line ends, tabs and what is not seen are written as \xNN too. */
void plain_write_value(FILE *out, struct bytes text);

#endif
