/* Who may use an address: the same way round as Postfix's smtpd_sender_login_maps.
 *
 * Asked for are, in this order, the whole address, then (with extensions) the address without its
 * extension, then @domain: each of them in all tables before the next, as Postfix does. The first
 * answer decides; its value is the list of logins, separated by commas and blanks. A login stands
 * in it when it is the same but for ASCII letters' case and the form that its domain is written in:
 * what else is one account is for the server that authenticates to say. Addresses are looked for in
 * all spellings that mail to one mailbox may have (tables/key.h), before the next key.
 *
 * Each key is asked for with the domain as A-labels and, where that makes a difference, as U-labels
 * too. @domain, patterns and extensions are for plain mailboxes only. A pattern table is asked
 * once, with the whole address. An address without a domain is nobody's; rows with a bare name,
 * which Postfix asks for in its local domains, are not asked for.
 *
 * Without any table a login owns the address that it equals but for case, with any +extension, and
 * a bare login owns login@ each of the site's domains. */
#ifndef TABLES_SENDERS_H
#define TABLES_SENDERS_H

#include "policy/facts.h"
#include "tables/sender_keys.h"
#include "tables/table.h"

struct senders;

struct senders_options {
    struct texts tables;
    bool extensions;
    const char *recipient_delimiter; /* any of these bytes; the first of them in the local part
                                        counts, unless it is its first byte */
    bool case_sensitive_local;
    const struct site *site;        /* borrowed, outlives the senders */
    const struct senders *previous; /* may be NULL: whose tables are taken over where their files
                                       have not changed since */
};

/* Opens every table. Options are copied, but for site, which is borrowed, and previous. */
MUST_CHECK bool senders_open(const struct senders_options *options, struct senders **ret_senders,
                             struct error *error);
void senders_free(struct senders *senders);

/* Whether the login may use the mailbox. GRANTED, DENIED or UNAVAILABLE; ret_source (in the arena):
 * the row that decided and where it stands, "login" where it went without a table, no bytes where
 * no row answered, or what failed. A table that does not answer is never taken for a no: it is
 * UNAVAILABLE unless an earlier answer decided. */
enum ownership senders_ask(const struct senders *senders, struct arena *arena, struct bytes login,
                           const struct mailbox *mailbox, struct bytes *ret_source);

/* What tables are asked for, in that order. When memory is out: arena_failed(). */
void senders_keys(const struct senders *senders, struct arena *arena, const struct mailbox *mailbox,
                  struct sender_keys *ret_keys);

/* In the order in which they are asked; NULL behind the last. */
const struct table *senders_table(const struct senders *senders, size_t index);

#endif
