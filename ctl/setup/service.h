/* The daemon: its user, its configuration checked, running before an MTA waits for it. */
#ifndef CTL_SETUP_SERVICE_H
#define CTL_SETUP_SERVICE_H

#include "ctl/setup/setup.h"

/* Makes the user where there is none. */
void service_add_user(const struct setup_options *options, struct plan *plan);

/* `submilter -n`: tables and keys, too, as the daemon will read them. */
void service_add_check(const struct setup_options *options, struct plan *plan);

/* Starts it where nothing answers at the socket (in submilter.conf's form), and waits until
 * something does: an MTA that is hooked up to a milter which does not answer defers all mail.
 * changed: the configuration has rows in the plan, so that a daemon which runs has to read it; an
 * error where only the admin can make it do so. */
MUST_CHECK bool service_add_start(const struct setup_options *options, const char *socket,
                                  bool changed, struct plan *plan, struct error *error);

/* A reload, by systemd where that runs the daemon, else by the admin. */
void service_add_reload(const struct setup_options *options, struct plan *plan);

/* Whether somebody answers at the socket now. */
bool service_answers(const char *socket);

#endif
