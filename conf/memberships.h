/* Which groups of users name a login, and what they change for it. */
#ifndef CONF_MEMBERSHIPS_H
#define CONF_MEMBERSHIPS_H

#include "conf/settings.h"

struct membership {
    const char *name;
    const char *file; /* where the group stands */
    unsigned line;
    bool holds;            /* the first one does; the others have no say */
    struct texts policies; /* that it changes; none: all */
    const char *changes;   /* "from.mode = \"observe\", ..."; "" for none */
};

/* The index-th group that names the login. False: there is no further one, or memory is out:
 * arena_failed(). */
bool memberships_get(const struct settings *settings, struct arena *arena, struct bytes login,
                     size_t index, struct membership *ret_membership);

#endif
