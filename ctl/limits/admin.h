/* What the daemon counts and remembers, as an admin's command opens it beside the daemon. */
#ifndef CTL_LIMITS_ADMIN_H
#define CTL_LIMITS_ADMIN_H

#include "conf/settings.h"
#include "limits/limits.h"

struct admin {
    struct settings *settings;
    struct limits *limits; /* NULL before admin_enter */
    const char *config;    /* borrowed */
    bool has_daemon; /* one runs on this host with this configuration, as far as can be seen */
};

/* Reads the configuration. 0, or the exit status that the error is due, as where it says that
 * counters are in the daemon's memory alone. */
MUST_CHECK int admin_configure(const char *config, struct admin *ret_admin, struct error *error);

/* Root becomes the daemon's user for good, then it is opened. 0, or an exit status. */
MUST_CHECK int admin_enter(struct admin *admin, struct error *error);

/* Both in one. After an error nothing is to be closed. */
MUST_CHECK int admin_open(const char *config, struct admin *ret_admin, struct error *error);

/* A zeroed one is taken. */
void admin_close(struct admin *admin);

/* Says on standard error where Redis did not answer: whose counts were shown, or on which hosts a
 * change holds. */
void admin_warn_of_alone(const struct admin *admin, bool changed);

/* Says on standard error where no daemon was found that would take up what is changed. */
void admin_warn_of_no_daemon(const struct admin *admin);

#endif
