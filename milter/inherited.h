/* A listening socket that another process has made: the service manager, a predecessor, a shell. */
#ifndef MILTER_INHERITED_H
#define MILTER_INHERITED_H

#include "milter/listen.h"

/* Takes descriptor fd over, once it is a listening stream socket of a family that the MTA can
 * reach. what: how to call it in errors ("fd:3"). */
MUST_CHECK bool inherited_adopt(int fd, const char *what, struct listening *ret_listening,
                                struct error *error);

/* Whether it listens at the address that spec (settings->socket) means. True for fd:N. */
bool inherited_is_at(const struct listening *listening, const char *spec);

/* Whether a service manager has handed us sockets (sd_listen_fds(3)): LISTEN_PID is ours and
 * LISTEN_FDS says how many. Takes these variables from the environment. Call once, before any
 * thread. */
bool inherited_is_offered(void);

/* The one socket that was handed to us. More than one, or none that listens: an error. */
MUST_CHECK bool inherited_take(struct listening *ret_listening, struct error *error);

#endif
