/* The running daemon's side of a restart that loses no connection (milter/channel.h has the
 * messages; milter/takeover.h is the successor's side).
 *
 * On SIGUSR2: who waits for us already (submilter -t) gets the listening socket; else the program
 * is started anew, from the same path and with the same arguments, and gets it. */
#ifndef MILTER_HANDOVER_H
#define MILTER_HANDOVER_H

#include "milter/arguments.h"
#include "milter/listen.h"

/* Only the main thread calls these. False: nobody could be started. While one hand-over is under
 * way, another one is refused. */
MUST_CHECK bool handover_begin(const struct arguments *arguments, const struct listening *listening,
                               struct error *error);

/* Whether nobody accepts just now, for some seconds at most: who connects waits for the successor,
 * or for its silence. */
bool handover_is_paused(void);

/* What to poll for handover_step; -1 when no hand-over is under way. */
int handover_channel(void);

/* Whether the successor has been silent for too long: handover_step then gives it up. */
bool handover_is_overdue(void);

enum handover_step {
    HANDOVER_WAIT,
    HANDOVER_DONE,   /* the successor serves: ret_successor */
    HANDOVER_FAILED, /* we serve on: error says why */
};

/* Goes on with what the successor said, or with its silence. Pauses and resumes libmilter
 * (milter/server.h) as it goes. */
enum handover_step handover_step(pid_t *ret_successor, struct error *error);

/* We are to end: a successor that is not serving yet will not. */
void handover_abandon(void);

#endif
