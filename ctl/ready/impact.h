/* Whether a stricter setting would refuse what was recorded: the rule itself is asked, as the
 * daemon would ask it, with today's settings and with the changed ones. */
#ifndef CTL_READY_IMPACT_H
#define CTL_READY_IMPACT_H

#include "conf/settings.h"
#include "ctl/ready/words.h"
#include "history/readiness.h"

enum impact_result {
    IMPACT_NONE,      /* it goes on as it does */
    IMPACT_BREAKS,    /* it would be refused */
    IMPACT_AS_SET,    /* likewise, and without the change too, were the rule enforced as it is */
    IMPACT_ALREADY,   /* today's tls or auth refuses it */
    IMPACT_UNKNOWN,   /* it is not known whether there was TLS, or a login */
    IMPACT_ELSEWHERE, /* the change is not for its policy */
    IMPACT_NO_MEMORY,
};

struct impact {
    const struct settings *settings;
    const struct ready_change *change;
    const char *policy;  /* the change is for this one; NULL: for all that go back to submission */
    struct arena *arena; /* for one row: cleared each time */
};

enum impact_result impact_of(const struct impact *impact, const struct readiness_row *row);

/* Whether the record, which takes long to read, has to be looked at. Else nothing that it may say
 * makes it anything but IMPACT_NONE (or, where few secret bits are refused today, IMPACT_ALREADY);
 * *ret_elsewhere: or IMPACT_ELSEWHERE. */
bool impact_is_open(const struct impact *impact, const struct readiness_row *message,
                    bool *ret_elsewhere);

#endif
