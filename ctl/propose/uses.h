/* How often a login sent, from where, on which day, and as whom: what the history is asked for,
 * small enough to be held in memory for a month of a large site. */
#ifndef CTL_PROPOSE_USES_H
#define CTL_PROPOSE_USES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/error.h"

/* Messages of one login, from one client network, on one day, as one address. Logins, addresses
 * and networks are numbers (names.h). */
struct use {
    uint32_t login, address, network;
    int64_t day;         /* counted in the admin's own time zone */
    int64_t first, last; /* milliseconds since 1970 */
    int64_t messages;
    int64_t claiming;   /* of them: that claim what the login does not own */
    int64_t recipients; /* that were accepted */
};

struct uses {
    struct use *items; /* from the heap */
    size_t count, capacity;
};

/* False when memory is out. */
MUST_CHECK bool uses_add(struct uses *uses, const struct use *use);

/* For orders: what comes first by one member, or else goes on to the next. */
#define USES_ORDER(a, b)                                                                           \
    if ((a) != (b))                                                                                \
    return (a) < (b) ? -1 : 1

/* The orders in which they are needed. */
int uses_by_address(const void *left, const void *right); /* login, address, network, day */
int uses_by_network(const void *left, const void *right); /* network, login, day */
int uses_by_day(const void *left, const void *right);

/* Sorts, and makes one of those that the order holds for equal. */
void uses_settle(struct uses *uses, int (*order)(const void *, const void *));

/* The uses of a login, sorted by address, that come from a network; from all with NULL. */
const struct use *uses_of(const struct uses *uses, uint32_t login, const uint32_t *network,
                          size_t *ret_count);

/* The sum of one use or more; login, address, network and day are the first one's. */
struct use uses_sum(const struct use *uses, size_t count);

#endif
