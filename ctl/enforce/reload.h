/* Having the daemon read a configuration that was changed, and seeing that it holds. */
#ifndef CTL_ENFORCE_RELOAD_H
#define CTL_ENFORCE_RELOAD_H

#include "conf/settings.h"
#include "ctl/daemons.h"
#include "ctl/setup/plan.h"

enum reload_result {
    RELOAD_NOT_TRIED,
    RELOAD_NO_DAEMON, /* none runs with this configuration, as far as can be seen */
    RELOAD_UNSEEN,    /* it was told, and has not said that it did */
    RELOAD_TAKEN,     /* the change is in force */
};

struct reload {
    const char *config;
    const char *daemon; /* the program */
    const struct settings *before, *after;
    bool managed;             /* by systemd */
    pid_t pids[DAEMONS_MOST]; /* after a hand-over more than one */
    int waiting[DAEMONS_MOST];
    size_t count; /* 0: none was found */
    bool by_pid_file;
    unsigned told;
    enum reload_result result;
};

/* Looks for the daemon, and adds to the plan what has to be done once the files are written; where
 * the daemon refuses the change, the plan fails and is taken back. ret_reload lives as long as the
 * plan. */
MUST_CHECK bool reload_plan(const char *config, const char *daemon, const struct settings *before,
                            const struct settings *after, struct plan *plan,
                            struct reload *ret_reload, struct error *error);

#endif
