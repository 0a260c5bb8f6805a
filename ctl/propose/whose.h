/* Whether an address is some login's own mailbox: the login's name, in the forms in which a table
 * is asked for the address, or what a table's row says of it. Rows of pattern tables say nothing
 * here: one of them makes every address its namesake's, also where there is nobody of that name. */
#ifndef CTL_PROPOSE_WHOSE_H
#define CTL_PROPOSE_WHOSE_H

#include "ctl/names.h"
#include "policy/arena.h"
#include "tables/senders.h"

struct whose {
    bool own;       /* the login's own name, and no other login's */
    bool anothers;  /* another login's, or an extension of an address that others have */
    uint32_t owner; /* that other login; NAMES_NONE: it sent nothing */
};

struct whose_question {
    const struct names *logins;
    const struct senders *senders;
    struct arena *arena;
    uint32_t login;
    struct bytes address;
    bool ours; /* the address lies in one of the site's domains, where bare logins have theirs */
};

/* False: a table did not answer, or memory is out. */
MUST_CHECK bool whose_find(const struct whose_question *question, struct whose *ret_whose,
                           struct error *error);

#endif
