/* Counts of a record, for judging it again. For gate/replay.c. */
#ifndef GATE_REPLAY_LIMITS_H
#define GATE_REPLAY_LIMITS_H

#include "gate/replay.h"

/* Before MAIL. */
void replay_limits_put_in(const struct recorded *recorded, struct message_recorded *again);

/* Before the index-th of the accepted recipients is asked about, before the one that was refused
 * then, and when all have been.
 *
 * A record has how many of them were new and unknown, not which: the first ones stand for them. */
void replay_limits_ask(const struct recorded *recorded, size_t index,
                       struct message_recorded *again);
void replay_limits_ask_refused(const struct recorded *recorded, struct message_recorded *again);
void replay_limits_all_asked(const struct recorded *recorded, struct message_recorded *again);

/* What became of the one that was asked about. */
void replay_limits_answered(bool accepted, struct message_recorded *again);

#endif
