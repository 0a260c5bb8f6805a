/* The parts of `setup postfix`. */
#ifndef CTL_SETUP_POSTFIX_PARTS_H
#define CTL_SETUP_POSTFIX_PARTS_H

#include "ctl/setup/conf_text.h"
#include "ctl/setup/setup.h"
#include "mta/postfix.h"

/* What an smtpd(8) service is for. */
enum postfix_use {
    POSTFIX_NO_SMTPD,
    POSTFIX_MX,          /* port 25, and others that anybody may talk to */
    POSTFIX_SUBMISSION,  /* 587, 465, and others where users log in */
    POSTFIX_REINJECTION, /* only a content filter of this host talks to it */
};
enum postfix_use postfix_use_of(const struct postfix *postfix,
                                const struct postfix_service *service);

/* Whether anybody can log in at any service. */
bool postfix_has_logins(const struct postfix *postfix);

/* Ports of the submission services, as text. */
MUST_CHECK bool postfix_submission_ports(struct arena *arena, const struct postfix *postfix,
                                         struct texts *ret_ports);

/* Networks that may relay without a login: this host's own, and others. What cannot be said as
 * networks becomes a warning. */
MUST_CHECK bool postfix_networks(const struct postfix *postfix, struct plan *plan,
                                 struct texts *ret_own, struct texts *ret_others);

/* Domains that mail is sent as; those that only a database knows become a warning. */
MUST_CHECK bool postfix_domains(const struct setup_options *options, const struct postfix *postfix,
                                struct plan *plan, struct texts *ret_domains, struct error *error);

/* senders.tables, from smtpd_sender_login_maps; what submilter cannot read becomes a warning. */
MUST_CHECK bool postfix_senders(const struct postfix *postfix, struct plan *plan,
                                struct texts *ret_tables);

/* Another program that signs: says so and returns true. */
bool postfix_has_signer(const struct postfix *postfix, struct plan *plan);

/* The list `smtpd_milters` with ours behind it, without blanks so that `postconf -P` takes it. */
const char *postfix_chain(struct arena *arena, const char *raw);

/* Whether a list (expanded) has our socket. */
bool postfix_list_has(struct arena *arena, const char *value, const char *queue_directory,
                      bool chroot, const char *socket);

/* Adds the changes of main.cf and master.cf. endpoint: ours as Postfix writes it. */
MUST_CHECK bool postfix_edit(const struct postfix *postfix, const char *socket,
                             const char *endpoint, struct plan *plan, struct error *error);

#endif
