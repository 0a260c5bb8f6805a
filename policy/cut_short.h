/* Whether the MTA ended the header block before its author did.
 *
 * MTAs end the block at the first line that is no field, and hand on all from there as body; a
 * leading empty line makes a body of every field. What is left is then seen at the body's
 * beginning. A body may also look like that rightly: forwarded text, MIME parts, what a program
 * printed. */
#ifndef POLICY_CUT_SHORT_H
#define POLICY_CUT_SHORT_H

#include "policy/facts.h"

#define CUT_SHORT_BEGINNING 4096 /* bytes of the body that are enough to tell */

/* True with the name of a field that shows it, as the body has it. Fields count by how little
 * people write them by hand, and only those that the header block lacks. Linear in the beginning's
 * length. False and arena_failed() when memory is out. */
bool cut_short(struct arena *arena, const struct facts_header *header, struct bytes beginning,
               struct bytes *ret_name);

#endif
