/* The mail of logins in which they claim nothing that is not theirs: where they are at home. */
#ifndef CTL_PROPOSE_OTHER_MAIL_H
#define CTL_PROPOSE_OTHER_MAIL_H

#include "ctl/propose/uses.h"

struct other_mail {
    struct uses uses;    /* by login, network, day */
    struct uses claimed; /* the claims, likewise, of all addresses */
    bool short_history;  /* too few days for anybody to have settled */
    uint32_t *site_networks;
    size_t site_network_count;
};

/* claims and activity as of evidence_build; both are sorted by address. False when memory is out;
 * other_mail_done all the same. */
MUST_CHECK bool other_mail_find(struct uses *claims, struct uses *activity,
                                struct other_mail *ret_other);
void other_mail_done(struct other_mail *other);

/* Whether it is no wonder that the login sends from there: it sends other mail there on two days,
 * or three other logins do. */
bool other_mail_is_known(const struct other_mail *other, uint32_t login, uint32_t network);

/* Whether most networks of its other mail are used for one day, as on the road. Those that it
 * claims from do not count: a thief's own would. */
bool other_mail_roams(const struct other_mail *other, uint32_t login);

#endif
