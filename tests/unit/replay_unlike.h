/* What tells a decision from the same one, recorded and made again. */
#ifndef TESTS_UNIT_REPLAY_UNLIKE_H
#define TESTS_UNIT_REPLAY_UNLIKE_H

#include "gate/replay.h"

/* The message's record, written and read back; NULL where it cannot be read, which is said on
 * stdout. */
struct recorded *replay_unlike_record(const struct message *message);

/* What differs, in words; NULL: nothing. */
const char *replay_unlike_message(const struct message *then, const struct message *now);

/* Likewise, by what the replay says itself. captured: the record has the header. cut: the rules
 * were not asked about a header beyond the caps, and the record says so. */
const char *replay_unlike_replayed(const struct replayed *replayed, bool captured, bool cut);

#endif
