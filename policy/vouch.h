/* In whose name a field vouches for a message: the authserv-id of Authentication-Results (RFC 8601)
 * and the d= of DKIM-Signature (RFC 6376). */
#ifndef POLICY_VOUCH_H
#define POLICY_VOUCH_H

#include "policy/arena.h"
#include "policy/texts.h"

/* The authserv-id, its comments, quotes and version taken off; in the arena where it had quoted
 * pairs. False: none that all readers would find, one with other characters than
 * names of hosts have, or memory is out. */
bool vouch_authserv_id(struct arena *arena, struct bytes value, struct bytes *ret_id);

/* The d= tag's text, with all blanks and folds taken out; in the arena. A second d= makes it false,
 * as does none, one that is empty or has characters that no domain has, or memory that is out. */
bool vouch_signer(struct arena *arena, struct bytes value, struct bytes *ret_domain);

/* Whether a name is among `names`, or is one of `domains` or lies below one, as domain names are
 * compared: case, IDN form and a trailing dot do not count. Bytes above 127 that form no domain
 * name count as ours, as nobody can say what they are read as. */
bool vouch_is_ours(struct arena *arena, struct bytes name, const struct texts *names,
                   const struct texts *domains);

#endif
