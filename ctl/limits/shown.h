/* What there is to be shown of one subject. */
#ifndef CTL_LIMITS_SHOWN_H
#define CTL_LIMITS_SHOWN_H

#include "ctl/limits/held.h"
#include "ctl/limits/whom.h"
#include "limits/limits.h"

struct shown {
    struct whom whom;
    int64_t now; /* milliseconds since 1970 */
    bool found;
    bool alone; /* it is this host's own, as Redis is gone */
    struct limits_request look;
    /* Of a login. */
    const char *group; /* NULL: none */
    struct limits_request group_look;
    int64_t remembered, known; /* correspondents; -1: nobody can tell */
    const struct held *limits;
    size_t limit_count;
};

/* The counters that a limit is held against. */
const struct counted_subject *shown_counted(const struct shown *show, enum subject_kind subject);

MUST_CHECK bool shown_text(const struct shown *show, struct error *error);
MUST_CHECK bool shown_json(const struct shown *show, struct error *error);

#endif
