/* What a running daemon and its successor say to each other while the listening socket changes
 * hands: whole messages of text, one of them with a descriptor.
 *
 *   running                       successor
 *   offer own|lent SPEC  + fd ->
 *                              <- ready            everything is loaded, rights are given away
 *   yours                     ->                   (the running one accepts no more)
 *                              <- serving PID SPEC libmilter has answered
 *   left                      ->
 *                              <- (end)            it has read that
 *   (end)                     ->                   the running one has told the service manager,
 *                                                  finishes its sessions and ends
 *
 * Until it has read "left" the successor may say "failed REASON" (or "exec ERRNO", where it could
 * not be run), or be gone: the running one then accepts again, and nothing is lost, as connections
 * wait in the socket meanwhile. */
#ifndef MILTER_CHANNEL_H
#define MILTER_CHANNEL_H

#include <stddef.h>
#include <sys/types.h>

#include "policy/error.h"

#define CHANNEL_TEXT 1200

/* Both ends of a new channel, closed on exec. */
MUST_CHECK bool channel_pair(int ends[2], struct error *error);

/* Sends a message; passed: a descriptor that goes with it, or -1. The other end's death is an
 * error, and no signal. */
MUST_CHECK bool channel_send(int channel, int passed, const char *text, struct error *error);

/* Waits for a message, at most so many milliseconds (0: only what is there). ret_passed may be NULL
 * where no descriptor may come; -1 without one. The other end's death is an error. */
MUST_CHECK bool channel_receive(int channel, int milliseconds, char text[CHANNEL_TEXT],
                                int *ret_passed, struct error *error);

/* Behind the last message. channel_was_heard: whether the other end has read it, which it shows by
 * closing, at once or by channel_part; not where it is gone without, or has something else to say.
 * One that stays silent for so long lives, and will find it: that counts. channel_part waits, at
 * most so many milliseconds, for the other end to close, and closes. */
bool channel_was_heard(int channel, int milliseconds);
void channel_part(int channel, int milliseconds);

/* A successor that root starts waits for its predecessor under an abstract name with that one's
 * process id. channel_meet waits there for that one, at most so many milliseconds, and sends all
 * others away; channel_call calls whoever waits, and returns -1 when nobody does, or somebody who
 * is neither root nor our own user. */
MUST_CHECK bool channel_listen(pid_t predecessor, int *ret_listening, struct error *error);
MUST_CHECK bool channel_meet(int listening, pid_t predecessor, int milliseconds, int *ret_channel,
                             struct error *error);
int channel_call(void);

#endif
