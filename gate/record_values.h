/* The single values of a record, for the JSON object and the syslog line alike. */
#ifndef GATE_RECORD_VALUES_H
#define GATE_RECORD_VALUES_H

#include "gate/message.h"

const char *record_identity_kind(enum identity_kind kind);
const char *record_ownership(enum ownership ownership);
const char *record_outcome(enum outcome outcome);
const char *record_fact(enum fact fact);
const char *record_contain(enum login_state state); /* "slow", "freeze"; NULL for normal */
const char *record_edit_kind(enum edit_kind kind);
const char *record_algorithm(const struct key *key); /* "rsa-sha256" */

/* The From mailboxes' first address as it was read, or the raw field where it was not. */
struct bytes record_from(const struct facts *facts);

/* The Message-ID that leaves, and the one that was taken away for it; no bytes where there is none.
 */
struct bytes record_message_id(const struct message *message);
struct bytes record_message_id_old(const struct message *message);

/* The rule that decided and its reason; "internal" for a fault; NULL for a plain accept. */
const char *record_rule(const struct message *message);
const char *record_reason(const struct message *message);

/* Whether the message was let go, with its edits and signatures. */
bool record_left(const struct message *message);

#endif
