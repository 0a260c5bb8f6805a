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

enum domain_in_flags {
    DOMAIN_IN_BELOW = 1,      /* domains below it count too */
    DOMAIN_IN_SENDMAIL = 2,   /* a percent sign may be an at sign; a dot, whatever is passed over */
    DOMAIN_IN_CUT = 4,        /* the text may be cut behind any byte */
    DOMAIN_IN_FROM_START = 8, /* as if an at sign stood before the text */
};

/* Both folded. Blanks, quotation marks, backslashes and brackets may stand anywhere in the domain,
 * and comments, however a reader ends them. Linear. */
bool domain_in(struct bytes text, struct bytes domain, unsigned flags);

#endif
