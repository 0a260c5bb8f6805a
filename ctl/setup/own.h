/* submilter's own part of a setup, the same for each MTA: configuration, folders, keys, user. */
#ifndef CTL_SETUP_OWN_H
#define CTL_SETUP_OWN_H

#include "conf/settings.h"
#include "ctl/setup/conf_text.h"
#include "ctl/setup/units.h"

/* The settings of a submilter.conf that somebody has written already; NULL where there is none, or
 * it sets nothing (as the shipped one). To be given back with settings_unref. */
MUST_CHECK bool own_settings(const struct setup_options *options, struct plan *plan,
                             struct settings **ret_settings, struct error *error);

/* When everything was put back: what to say of a daemon that still runs, and of keys. */
void own_add_end(const struct setup_options *options, struct plan *plan);

/* The folder of keys where no submilter.conf names one: beside it. */
const char *own_keys_folder(const struct setup_options *options, struct arena *arena);

/* Adds user, folders (socket_folder, NULL for none, is for the MTA's group conf->socket_group),
 * submilter.conf unless there is one (written, from own_settings), observe.conf beside it unless
 * options->enforce or the MTA asks submilter already, and keys for the domains. conf is what holds
 * where nothing is written. ret_changed: what a daemon that runs has to read. */
MUST_CHECK bool own_add(const struct setup_options *options, const struct conf_text *conf,
                        const struct settings *written, const char *socket_folder,
                        struct plan *plan, bool *ret_changed, struct error *error);

/* For who hooks more in where the MTA asks submilter already: says that rules are enforced there.
 */
void own_say_enforced(const struct setup_options *options, const struct conf_text *conf,
                      const struct settings *written, struct plan *plan);

/* What the admin does once the plan is carried out: looks at what is refused, and enforces.
 * written: from own_settings. */
void own_say_next(const struct setup_options *options, const struct settings *written,
                  struct plan *plan);

/* Whether the user, whom the daemon becomes, can read the tables of senders; where there is no such
 * user yet, the plan asks once there is. */
MUST_CHECK bool own_check_tables(const struct texts *tables, const char *user, struct plan *plan,
                                 struct error *error);

/* What systemd's units have to agree with: what is written, else conf. */
MUST_CHECK bool own_wanted(const struct setup_options *options, const struct conf_text *conf,
                           const struct settings *written, struct arena *arena,
                           struct units_wanted *ret_wanted, struct error *error);

#endif
