/* The parts of `setup postfix`. */
#ifndef CTL_SETUP_POSTFIX_PARTS_H
#define CTL_SETUP_POSTFIX_PARTS_H

#include "ctl/setup/conf_text.h"
#include "ctl/setup/postfix_scratch.h"
#include "ctl/setup/setup.h"
#include "mta/postfix_use.h"

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

/* Whether rules about addresses can be enforced: every map can be read. The error says what to do.
 */
MUST_CHECK bool postfix_senders_may_enforce(const struct postfix *postfix, struct arena *arena,
                                            struct error *error);

/* Another program that signs: says so and returns true. */
bool postfix_has_signer(const struct postfix *postfix, struct plan *plan);

/* The list `smtpd_milters` with ours behind it, without blanks so that `postconf -P` takes it. */
const char *postfix_chain(struct arena *arena, const char *raw);

/* Whether a list (expanded) has our socket. */
bool postfix_list_has(struct arena *arena, const char *value, const char *queue_directory,
                      bool chroot, const char *socket);

/* Whether the edited copy asks submilter wherever it should, and says the same as before of
 * everything else. */
MUST_CHECK bool postfix_edit_holds(const struct postfix_scratch *scratch, struct error *error);

/* Whether any list of milters has our socket. */
bool postfix_asks(const struct postfix *postfix, struct arena *arena, const char *socket);

/* Adds the changes of main.cf and master.cf. endpoint: ours as Postfix writes it. */
MUST_CHECK bool postfix_edit(const struct postfix *postfix, const char *socket,
                             const char *endpoint, struct plan *plan, struct error *error);

#endif
