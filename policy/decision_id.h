/* The name of one decision: sortable by time, unique, short enough to be read out on the telephone.
 */
#ifndef POLICY_DECISION_ID_H
#define POLICY_DECISION_ID_H

#include <stdint.h>

#include "policy/bytes.h"

#define DECISION_ID_LEN 26

/* 48 bits of time in milliseconds since 1970 and 80 random bits in Crockford's base 32 (no I, L, O,
 * U), as ULIDs have it; ret_id is NUL-terminated. */
void decision_id_format(uint64_t milliseconds, const uint8_t random[10],
                        char ret_id[DECISION_ID_LEN + 1]);

/* The way back. False: it is no such id. */
bool decision_id_parse(struct bytes id, uint64_t *ret_milliseconds, uint8_t ret_random[10]);

#endif
