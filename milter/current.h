/* The snapshot in force, and whether new messages are still taken. */
#ifndef MILTER_CURRENT_H
#define MILTER_CURRENT_H

#include "gate/snapshot.h"

/* A reference of the snapshot in force; give it back with snapshot_unref. NULL before the first. */
struct snapshot *current_snapshot(void);

/* Takes the caller's reference over. The one before is kept until current_clear finds that its last
 * message has ended. NULL at the end. By the main thread only, as is current_clear. */
void current_replace(struct snapshot *snapshot);

/* Frees the snapshots that messages have done with: 10,000 keys take 20 ms, which no callback is to
 * be held up by. Whether any are left. */
bool current_clear(void);

/* After SIGTERM: MAIL is answered with a 451 from now on. */
void current_drain(void);
bool current_is_draining(void);

#endif
