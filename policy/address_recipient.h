/* Addresses that mail goes to. They claim nothing: a recipient is read by one program, the MTA that
 * has been given it, and receivers take addresses that no sender of ours could have. */
#ifndef POLICY_ADDRESS_RECIPIENT_H
#define POLICY_ADDRESS_RECIPIENT_H

#include "policy/address.h"

struct address_recipient {
    /* As address_recipient_domain has it; "[192.0.2.1]"; no bytes for a bare local part. */
    struct bytes domain;
    /* An address literal, or what Postfix and Sendmail look behind in domains of their own: an @ in
     * quotes (resolve_dequoted_address), a % (allow_percent_hack), a ! (swap_bangpath). Nobody
     * knows whose host that leads to. */
    bool elsewhere;
};

/* Reads a forward-path of RCPT TO (RFC 5321 4.1.2) with or without its angle brackets. NULL, or the
 * reason word (policy/address.h) of what is dangerous or no address: source routes, a second @,
 * controls, quotes that don't end, specials outside of them, characters that are not seen or are
 * mapped to others. Dots anywhere in the local part, anything in quotes, address literals, a dot
 * behind the domain, and domains that IDNA 2008 does not have, are addresses. Linear. */
const char *address_recipient_read(struct arena *arena, struct bytes path,
                                   struct address_recipient *ret_recipient);

/* The domain in the form that recipients' domains are compared in: as address_normalise_domain
 * where that knows it; else each label so, or where IDNA 2008 has none such ("xn--53h", a trailing
 * hyphen) as it is shown, in lower case. NULL or the reason word. */
const char *address_recipient_domain(struct arena *arena, struct bytes raw,
                                     struct bytes *ret_domain);

#endif
