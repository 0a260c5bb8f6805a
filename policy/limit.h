/* A limit as it stands in the configuration: "30 messages/minute", "1000 recipients/day",
 * "200 new/day", "2G bytes/day". */
#ifndef POLICY_LIMIT_H
#define POLICY_LIMIT_H

#include "policy/counting.h"
#include "policy/error.h"

struct limit {
    int64_t max; /* that many are let through, the next is not; 0: none at all */
    enum quantity quantity;
    enum window window;
};

/* Any run of blanks, or none around the slash; "new" may be "new recipients", "messages" "message".
 * Sizes (k, M, G) for bytes alone. error says what was expected. */
MUST_CHECK bool limit_parse(const char *text, struct limit *ret_limit, struct error *error);

/* For an option row's check; of a domain refusals are not counted. */
bool limit_check(const char *text, struct error *error);
bool limit_check_of_domain(const char *text, struct error *error);

/* For an option row's clash: both are of the same quantity and window, where only the stricter one
 * would ever be felt. */
bool limit_clash(const char *text, const char *other, struct error *error);

#endif
