/* Collecting every address that a message claims, before anybody is asked who owns them. */
#ifndef POLICY_IDENTITIES_H
#define POLICY_IDENTITIES_H

#include "policy/facts.h"

/* The most identity fields, and the most addresses, of one message: a look-up is made for each. */
#define IDENTITIES_MAX 64

/* From facts->site, envelope.sender and header fills facts->from, identity_fields and identities:
 * MAIL FROM, then each mailbox of each From, Sender, Resent-From and Resent-Sender field in the
 * header's order (of fields that are not AGREED: the certain ones), then each address that stands
 * in the first From field's display names. in_domains is filled in, ownership is NOT_ASKED. At
 * STAGE_MAIL, where there is no header yet, the MAIL FROM alone. May be called again, then begins
 * anew. False when memory is out. */
bool identities_collect(struct arena *arena, struct facts *facts);

/* Whether it is a field that claims addresses: From, Sender, Resent-From, Resent-Sender. Beyond
 * IDENTITIES_MAX addresses such fields are not among identity_fields. */
bool identities_are_in(const struct field *field);

/* How the record and the replies call a kind: "MAIL FROM", "From", "Resent-Sender", ... */
const char *identities_word(enum identity_kind kind);

#endif
