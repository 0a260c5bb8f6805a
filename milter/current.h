/* The snapshot in force, and whether new messages are still taken. */
#ifndef MILTER_CURRENT_H
#define MILTER_CURRENT_H

#include "gate/snapshot.h"

/* A reference of the snapshot in force; give it back with snapshot_unref. NULL before the first. */
struct snapshot *current_snapshot(void);

/* Takes the caller's reference over; the one before goes when its last message has ended. NULL at
 * the end. */
void current_replace(struct snapshot *snapshot);

/* After SIGTERM: MAIL is answered with a 451 from now on. */
void current_drain(void);
bool current_is_draining(void);

#endif
