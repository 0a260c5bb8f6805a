/* Whether some reader could find a domain behind an at sign, in a text whose right reading nobody
 * knows. */
#ifndef POLICY_DOMAIN_IN_H
#define POLICY_DOMAIN_IN_H

#include "policy/arena.h"
#include "policy/bytes.h"

/* The text as domain_in needs it: as it is seen (policy/mention.h), and without differences of case
 * and compatibility. False when memory is out. */
bool domain_in_fold(struct arena *arena, struct bytes text, struct bytes *ret_folded);

/* The folded form of the Unicode that A-labels stand for. False when memory is out. */
bool domain_in_fold_shown(struct arena *arena, const char *domain, struct bytes *ret_folded);

/* Both folded. Blanks, quotation marks, backslashes and brackets may stand anywhere in the domain,
 * and comments, however a reader ends them. below: domains below it count too. Linear. */
bool domain_in(struct bytes text, struct bytes domain, bool below);

#endif
