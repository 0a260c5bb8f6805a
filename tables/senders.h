/* Who may use an address: the same way round as Postfix's smtpd_sender_login_maps.
 *
 * In each table in turn: the whole address, then (with extensions) the address without its
 * extension, then @domain. The first answer for a key in a table decides for the table set: its
 * value is the list of logins, separated by commas and blanks. Without any table a login owns the
 * address that it equals, with any +extension, and a bare login owns login@ each of the site's
 * domains. */
#ifndef TABLES_SENDERS_H
#define TABLES_SENDERS_H

#include "policy/facts.h"
#include "tables/table.h"

struct senders;

struct senders_options {
    struct texts tables;
    bool extensions;
    const char *recipient_delimiter;
    bool case_sensitive_local;
    const struct site *site; /* borrowed, outlives the senders */
};

/* Opens every table. Options are copied, site is borrowed. */
MUST_CHECK bool senders_open(const struct senders_options *options, struct senders **ret_senders,
                             struct error *error);
void senders_free(struct senders *senders);

/* Whether the login may use the mailbox. GRANTED, DENIED or UNAVAILABLE; ret_source (in the arena):
 * the row that decided and where it stands, "login" where it went without a table, or what failed.
 * @domain rows and patterns never cover a mailbox that is not plain. */
enum ownership senders_ask(const struct senders *senders, struct arena *arena, struct bytes login,
                           const struct mailbox *mailbox, struct bytes *ret_source);

#endif
