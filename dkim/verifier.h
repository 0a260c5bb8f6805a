/* Whether a message carries a valid signature of our own: public keys from our key store, no DNS.
 */
#ifndef DKIM_VERIFIER_H
#define DKIM_VERIFIER_H

#include "dkim/keystore.h"
#include "policy/facts.h"

struct verifier;

/* True when the header has a DKIM-Signature whose d= and s= name a key of the store: worth
 * verifying. */
bool verifier_wanted(const struct keystore *store, const struct facts_header *header,
                     struct arena *arena);

/* The header block as received. store, header and arena outlive the verifier. */
MUST_CHECK bool verifier_new(const struct keystore *store, const struct facts_header *header,
                             struct arena *arena, struct verifier **ret_verifier,
                             struct error *error);
MUST_CHECK bool verifier_body(struct verifier *verifier, struct bytes chunk, struct error *error);

/* ret_domain: d= of the first signature that holds, covers From and has no l=; no bytes: none does.
 * False when it could not be found out. */
MUST_CHECK bool verifier_finish(struct verifier *verifier, struct bytes *ret_domain,
                                struct error *error);
void verifier_free(struct verifier *verifier);

#endif
