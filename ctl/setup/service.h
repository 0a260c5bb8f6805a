/* The daemon: its user, its configuration checked, running before an MTA waits for it. */
#ifndef CTL_SETUP_SERVICE_H
#define CTL_SETUP_SERVICE_H

#include "conf/settings.h"
#include "ctl/setup/units.h"

/* Makes the user where there is none. */
void service_add_user(const struct setup_options *options, struct plan *plan);

/* Who the daemon is to be; written: own_settings. In the arena or of the options. */
const char *service_user(const struct setup_options *options, const struct settings *written,
                         struct arena *arena);

struct service_state {
    bool changed;  /* the configuration has rows in the plan: a daemon that runs has to read it */
    bool mta_runs; /* so that it must not wait for a daemon */
};

/* `submilter -n` reads tables and keys as the daemon will; systemd's units are made to fit; where
 * the MTA runs, the daemon is started unless something answers at the socket, and waited for: an
 * MTA that is hooked up to a milter which does not answer defers all mail. An error where only the
 * admin can make a daemon that runs read the configuration. */
MUST_CHECK bool service_add(const struct setup_options *options, const struct units_wanted *wanted,
                            const struct service_state *state, struct plan *plan,
                            struct error *error);

/* After everything was put back: written is what still holds, or NULL. */
void service_add_end(const struct settings *written, struct plan *plan);

/* A reload, by systemd where that runs the daemon, else by the admin. */
void service_add_reload(const struct setup_options *options, struct plan *plan);

/* Whether somebody answers at the socket now. */
bool service_answers(const char *socket);

#endif
