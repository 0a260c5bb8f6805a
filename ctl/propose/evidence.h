/* What the records show of a login that sends as an address which is not its own: how often, when,
 * from where, and how that lies beside the login's other mail. Counted, not judged. */
#ifndef CTL_PROPOSE_EVIDENCE_H
#define CTL_PROPOSE_EVIDENCE_H

#include "ctl/propose/uses.h"

/* Of one login and one address. */
struct evidence {
    uint32_t login, address;
    int64_t messages, recipients;
    int64_t first, last;
    uint32_t days, networks;
    int64_t busiest_day; /* messages of the day with the most of them */

    /* The login's other mail: all that claims nothing which is not its own. */
    int64_t other_messages;
    /* Messages from networks where this login is not known: it sends no other mail there on two
     * days, nor do three other logins. 0 where there is no other mail to compare with. */
    int64_t strange_messages;
    uint32_t strange_networks;
    uint32_t crowd;   /* logins that claim what they don't own from one such network, at most */
    bool roams;       /* most networks of its other mail are used for one day, as on the road */
    uint32_t sprayed; /* other addresses that it claimed within a day of this one, each on one day
                         only */
};

struct evidence_list {
    struct evidence *items; /* from the heap; by login, then by address */
    size_t count;
};

/* claims: what logins sent as addresses that they do not own. activity: all that they sent (the
 * address counts for nothing). Both are sorted, and uses of one kind become one. False when memory
 * is out. */
MUST_CHECK bool evidence_build(struct uses *claims, struct uses *activity,
                               struct evidence_list *ret_list);

#endif
