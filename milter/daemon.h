/* The running daemon: threads, reload, hand-over, the way out. */
#ifndef MILTER_DAEMON_H
#define MILTER_DAEMON_H

#include "gate/snapshot.h"
#include "milter/arguments.h"
#include "milter/listen.h"

/* Starts libmilter's thread and the log's, and sees that libmilter answers. With a channel (-1:
 * none) a running daemon stops accepting for us meanwhile, and has left when this returns true.
 * Takes the snapshot over where it goes well; where it does not, nothing is left running. */
MUST_CHECK bool daemon_start(struct snapshot *snapshot, struct listening *listening, int channel,
                             struct error *error);

/* After daemon_start: serves until it is told to stop. Returns a sysexits status. */
int daemon_serve(const struct arguments *arguments, const struct listening *listening);

#endif
