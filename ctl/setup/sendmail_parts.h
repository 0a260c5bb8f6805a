/* The parts of `setup sendmail`. */
#ifndef CTL_SETUP_SENDMAIL_PARTS_H
#define CTL_SETUP_SENDMAIL_PARTS_H

#include "ctl/setup/conf_text.h"
#include "ctl/setup/setup.h"
#include "mta/sendmail_build.h"
#include "mta/sendmail_cf.h"

struct sendmail_site {
    struct sendmail_build build;
    struct sendmail_mc mc;
    struct sendmail_cf cf;
    const char *host; /* $j */
};

/* The .mc with submilter in it: after the filters that are there, and in the list of each
 * submission daemon that has a list of its own. Unchanged where all is as it should be. socket: as
 * submilter.conf has it. */
MUST_CHECK bool sendmail_edit(struct arena *arena, const struct sendmail_site *site,
                              const char *socket, struct bytes *ret_mc, struct error *error);

/* Whether a .cf asks submilter as it should; the error says what is missing. */
MUST_CHECK bool sendmail_edit_holds(struct arena *arena, const struct sendmail_cf *cf,
                                    const char *socket, struct error *error);

/* Domains that mail is sent as. */
MUST_CHECK bool sendmail_domains(const struct setup_options *options,
                                 const struct sendmail_site *site, struct plan *plan,
                                 struct texts *ret_domains, struct error *error);

/* Listeners for what the daemons are for, and who may relay. */
MUST_CHECK bool sendmail_listeners(const struct sendmail_site *site, struct plan *plan,
                                   struct conf_text *conf, struct error *error);

/* Another filter that signs: says so and returns true. */
bool sendmail_has_signer(const struct sendmail_site *site, const char *socket, struct plan *plan);

/* What changes a message after submilter has signed it, and other things to know. */
void sendmail_say_what_to_know(const struct sendmail_site *site, const char *socket,
                               struct plan *plan);

#endif
