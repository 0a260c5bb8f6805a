/* The running daemon: threads, reload, the way out. */
#ifndef MILTER_DAEMON_H
#define MILTER_DAEMON_H

#include "gate/snapshot.h"
#include "milter/listen.h"

/* Starts libmilter's thread and the log's. Takes the snapshot over where it goes well; where it
 * does not, nothing is left running. */
MUST_CHECK bool daemon_start(struct snapshot *snapshot, const struct listening *listening,
                             struct error *error);

/* After daemon_start: serves until it is told to stop. Returns a sysexits status. */
int daemon_serve(const char *path, const struct listening *listening);

#endif
