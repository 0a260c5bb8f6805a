/* Whether a snapshot does what its admin's expectations say, before it comes into force. */
#ifndef MILTER_EXPECTED_H
#define MILTER_EXPECTED_H

#include "gate/snapshot.h"
#include "milter/advice.h"

/* For a reload and for -n: all of them hold. */
MUST_CHECK bool expected_holds(struct snapshot *snapshot, struct error *error);

/* For a start, which has nothing to go back to: none is broken. One that cannot be told now, as a
 * table does not answer, does not matter: its mail waits with a 451 just as long. */
MUST_CHECK bool expected_lets_start(struct snapshot *snapshot, struct error *error);

/* What a start passed over. */
void expected_warn(struct snapshot *snapshot, advice_say *say);

#endif
