/* A Sendmail's configuration as the checks see it, and commands that change it. */
#ifndef CTL_DOCTOR_SENDMAIL_VIEW_H
#define CTL_DOCTOR_SENDMAIL_VIEW_H

#include "ctl/doctor/mend.h"
#include "mta/sendmail_build.h"
#include "mta/sendmail_cf.h"

struct sendmail_view {
    struct sendmail_build build;
    struct sendmail_cf cf;
    bool has_mc; /* false: mc, and building, is not to be had */
    struct sendmail_mc mc;
    const struct sendmail_filter *ours; /* NULL: none, or nobody can tell */
};

/* False where the .cf cannot be read; the first check (coverage) says so. */
MUST_CHECK bool sendmail_view_read(struct doctor *doctor, struct sendmail_view *ret_view,
                                   struct error *error);

/* The same for checks that need no word on why not. */
MUST_CHECK bool sendmail_view_open(struct doctor *doctor, struct sendmail_view *ret_view);

/* Whether the daemon runs; ret_file: its pid file. */
bool sendmail_view_runs(struct doctor *doctor, const struct sendmail_view *view,
                        const char **ret_file);

/* Lines of .mc before the mailers, the .cf made anew, Sendmail restarted. */
struct mend sendmail_view_add(struct doctor *doctor, const struct sendmail_view *view,
                              const char *lines);

/* The same with the call's text replaced. call NULL: a sentence that says what is wanted. */
struct mend sendmail_view_replace(struct doctor *doctor, const struct sendmail_view *view,
                                  const struct mc_call *call, const char *with);

/* " && make the .cf anew && restart Sendmail" without the first " && ". */
const char *sendmail_view_rebuild(struct doctor *doctor, const struct sendmail_view *view);

/* Restarts Sendmail; "true" where it does not run. */
const char *sendmail_view_restart(struct doctor *doctor, const struct sendmail_view *view);

/* The DAEMON_OPTIONS call that made a daemon; NULL: not in the .mc itself. */
const struct mc_call *sendmail_view_daemon(const struct sendmail_view *view,
                                           const struct sendmail_daemon *daemon);

/* A DAEMON_OPTIONS call with other modifiers. */
const char *sendmail_view_modifiers(struct doctor *doctor, const struct sendmail_daemon *daemon,
                                    const char *modifiers);

/* "DAEMON, port N" */
const char *sendmail_view_name(struct doctor *doctor, const struct sendmail_daemon *daemon);

#endif
