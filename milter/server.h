/* libmilter at work: its thread, and the descriptor that it accepts from. */
#ifndef MILTER_SERVER_H
#define MILTER_SERVER_H

#include "milter/listen.h"

/* Starts libmilter in a thread of its own. SIGNAL_ENDED tells (signals_wait) when that has ended.
 */
MUST_CHECK bool server_start(const struct settings *settings, const struct listening *listening,
                             struct error *error);

/* Whether SIGNAL_ENDED has been told. */
bool server_has_ended(void);

/* Stops libmilter at once, whatever its sessions are at. Waits 10 s at most for it to end; where it
 * does not, that is logged, and server_hangs(). */
void server_stop(void);

/* Whether server_stop has waited in vain: libmilter's threads are left as they are, and the process
 * is to end by _exit(). */
bool server_hangs(void);

/* After server_stop or SIGNAL_ENDED: waits for the thread, unless it hangs. Whether libmilter ended
 * as it should, or was stopped. */
MUST_CHECK bool server_join(void);

/* Accepts no more; what comes waits in the socket, if somebody else holds it open. Sessions go on.
 */
MUST_CHECK bool server_pause(struct error *error);

/* Accepts again. */
void server_resume(void);

/* After server_pause: gives the listening socket up for good. */
void server_leave(void);

/* Whether any session is open: also such as have been accepted but have not yet said anything. */
bool server_is_busy(void);

/* Speaks to ourselves through the listening socket, as an MTA would. SILENT at once where libmilter
 * has ended. */
enum server_answer {
    SERVER_ANSWERS,
    SERVER_SILENT, /* no answer in so many milliseconds */
    SERVER_FULL,   /* no descriptor or memory is left for one more session; open ones go on */
    SERVER_HIDDEN, /* we may not connect to it, and can't tell */
};
enum server_answer server_ask(const struct listening *listening, int milliseconds);

#endif
