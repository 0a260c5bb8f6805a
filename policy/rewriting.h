/* What Sendmail could make of a From field: it writes address fields anew after its milters have
 * judged them, so that what leaves can name a domain that nobody saw in what came. Measured of
 * 8.17, as Debian configures it:
 *
 *   sent                                 leaves as
 *   Name <ceo@example com>               Name <ceo@example.com>
 *   ceo@example(x)com                    ceo@example.com (x)
 *   ceo%example com, example.com! ceo    ceo@example.com
 *   group: ceo%example.com;              group: ceo@example.com;
 *   ceo@example.com\, ...com), ...com>   ceo@example.com
 *   The CEO, "ceo", \ceo, x!ceo, ceo)    The.CEO@HOST, "ceo"@HOST, ... (or another domain, where
 *                                        it masquerades)
 *   ceo@localhost, ceo@example.com.UUCP  ceo@HOST, example.com!ceo@HOST
 *   Doe, John <doe@example.net>          Doe@HOST, John <doe@example.net>
 *   name <address>, over 255 bytes       cut behind 255: ... <ceo@example.com of example.community
 *   name <address>, over 1256 bytes      the name's first words alone, as an address
 *   no From, or an empty one             MAIL FROM's address
 *
 * Comments (in parentheses) do not count, of several addresses in angle brackets the last does.
 * What is answered here is never less than Sendmail does, and at times more. */
#ifndef POLICY_REWRITING_H
#define POLICY_REWRITING_H

#include "policy/arena.h"
#include "policy/bytes.h"

struct rewriting {
    struct bytes text;
    struct bytes bare;  /* of the same length, with blanks for comments and stray brackets */
    struct bytes plain; /* and with letters for what is quoted: what is left divides and joins */
    bool repaired;      /* brackets, quotes or backslashes stand so that it has to guess */
};

/* text: a field's value, folded by domain_in_fold or not; borrowed. False when memory is out. */
bool rewriting_of(struct arena *arena, struct bytes text, struct rewriting *ret);

/* Whether an address of the domain could leave. The text and the domain are folded
 * (domain_in_fold); below: domains below it count too. */
bool rewriting_names(const struct rewriting *rewriting, struct bytes domain, bool below);

/* Whether an address could leave to which Sendmail has put the domain. */
bool rewriting_completes(const struct rewriting *rewriting);

/* Whether some mailbox, with its name, is so long that it could be cut; then the name counts in
 * rewriting_names too. */
bool rewriting_cuts(const struct rewriting *rewriting);

/* Whether one is so long that its name could be taken for an address; none of a text that is
 * shorter than so many bytes is. */
#define REWRITING_OVERFLOWS_FROM 100
bool rewriting_overflows(const struct rewriting *rewriting);

#endif
