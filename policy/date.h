/* The date-time of RFC 5322 3.3, and reading the obsolete forms of 4.3. */
#ifndef POLICY_DATE_H
#define POLICY_DATE_H

#include <stdint.h>

#include "policy/bytes.h"

#define DATE_TEXT_SIZE 48

/* "Mon, 21 Sep 2026 14:13:20 +0000" for seconds since 1970, in UTC, whatever the locale.
 * Years outside 0..9999 are cut to that range. */
void date_format(int64_t seconds, char ret_text[DATE_TEXT_SIZE]);

/* Reads a Date field's value: comments, folds, two- and three-digit years, missing seconds, named
 * zones; a missing or unknown zone counts as UTC. The day's name is read over. False: not a date.
 */
bool date_parse(struct bytes value, int64_t *ret_seconds);

#endif
