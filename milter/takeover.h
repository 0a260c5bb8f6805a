/* The successor's side of a restart that loses no connection (milter/channel.h has the messages).
 *
 * What fails here fails before the running daemon has given anything up. */
#ifndef MILTER_TAKEOVER_H
#define MILTER_TAKEOVER_H

#include "milter/listen.h"

/* For submilter -t: asks the daemon that settings->pid_file names to hand over. ret_channel is -1
 * where none is running, or it ends instead. Whether it is one is looked at closely: it has to be
 * of the user that we are to be (snapshot_identity) and to expect the signal. */
MUST_CHECK bool takeover_ask(const struct settings *settings, int *ret_channel,
                             struct error *error);

/* Receives the listening socket. Where settings->socket names another address by now, that one is
 * opened and the other one left to the running daemon. */
MUST_CHECK bool takeover_receive(int channel, const struct settings *settings,
                                 struct listening *ret_listening, struct error *error);

/* Everything is loaded: from here to takeover_serving nobody accepts. */
MUST_CHECK bool takeover_ready(int channel, struct error *error);

/* We serve: closes the channel; the running daemon has then left and told the service manager, and
 * the socket's path is ours to remove. */
MUST_CHECK bool takeover_serving(int channel, struct listening *listening, struct error *error);

/* We can't: the running daemon logs why and goes on. Closes the channel; -1 is no harm. */
void takeover_refuse(int channel, const char *reason);

#endif
