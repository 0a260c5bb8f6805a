/* The limits that hold for somebody, as the daemon chooses them: by policy, and by the login's
 * group. */
#ifndef CTL_LIMITS_HELD_H
#define CTL_LIMITS_HELD_H

#include "conf/settings.h"
#include "policy/limit.h"

struct held {
    const char *policy;
    enum mode mode;
    enum subject_kind subject; /* whose counters it is held against */
    bool contain;              /* past it only unknown recipients are deferred */
    struct limit limit;
};

/* Of the policies that the listeners name (for a login or a group: of those that sessions which
 * logged in come to), each once; those of rule limits that is not off. name: the login's or the
 * group's; of others it does not matter. The list is in the arena. */
MUST_CHECK bool held_collect(const struct settings *settings, enum subject_kind kind,
                             struct bytes name, struct arena *arena, const struct held **ret_limits,
                             size_t *ret_count, struct error *error);

/* "60 messages/minute" */
#define HELD_TEXT_SIZE 64
const char *held_text(const struct limit *limit, char ret_text[HELD_TEXT_SIZE]);

#endif
