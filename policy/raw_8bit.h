/* Where in a field's value bytes above 127 stand. */
#ifndef POLICY_RAW_8BIT_H
#define POLICY_RAW_8BIT_H

#include "policy/bytes.h"

bool raw_8bit_in(struct bytes text);

/* For Content-Type and its like: outside quoted strings and comments. Linear. */
bool raw_8bit_outside_quotes(struct bytes value);

/* For address fields: in an address itself, between angle brackets or bare. Names, quoted or not,
 * and comments may have them. Linear. */
bool raw_8bit_in_address(struct bytes value);

#endif
