/* What a record does not hold, and what stands for it when it is judged again. For gate/replay.c.
 */
#ifndef GATE_REPLAY_CARRY_H
#define GATE_REPLAY_CARRY_H

#include "gate/recorded.h"

/* Whether a rule would have to see something that the record does not hold. */
bool replay_must_carry(const struct recorded *recorded, enum rule_id rule);

/* Whether such a rule's violation is one all the same, whatever it did not see: it tells by fields'
 * names, numbers and sizes, and values can only add to it. */
bool replay_names_tell(const struct recorded *recorded, enum rule_id rule);

/* The recorded verdict of a rule with the edits that it asked for then, as far as they were made.
 * In the arena; false when memory is out. */
MUST_CHECK bool replay_carried_verdict(const struct recorded *recorded, enum rule_id rule,
                                       struct arena *arena, struct verdict *ret_verdict);

#endif
