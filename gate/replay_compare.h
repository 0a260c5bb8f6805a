/* Comparing a decision that was made again with the recorded one. For gate/replay.c. */
#ifndef GATE_REPLAY_COMPARE_H
#define GATE_REPLAY_COMPARE_H

#include "gate/replay.h"

struct replay_effect replay_effect_of(const struct verdict *verdict, enum mode mode,
                                      enum action action);

/* then, now, gap, message, what is carried and the refused recipients are there: fills in rules and
 * all that differs. */
void replay_compare(const struct recorded *recorded, struct replayed *replayed);

#endif
