/* A small SMTP server that takes one message and keeps it: what the MTA sends is what receivers
 * get. */
#ifndef CTL_VERIFY_SINK_H
#define CTL_VERIFY_SINK_H

#include <stdint.h>

#include "policy/arena.h"
#include "policy/error.h"

struct sink;

/* Listens; the MTA may connect from now on, and waits until sink_wait takes it in. */
MUST_CHECK bool sink_open(const char *address, long port, struct sink **ret_sink,
                          struct error *error);
void sink_close(struct sink *sink);

/* Takes messages in until one has the mark in it and so many have come; others are forgotten. For
 * those it is waited but shortly: an MTA that finds nobody would hold the next run's mail back for
 * minutes. ret_text (in the
 * arena): CRLF line ends, dots unstuffed. seconds: how long it is waited for. */
MUST_CHECK bool sink_wait(struct sink *sink, const char *mark, int expected, long seconds,
                          struct arena *arena, struct bytes *ret_text, struct error *error);

/* Takes in what is still expected, for a short while. How many have not come. */
int sink_drain(struct sink *sink, int expected, struct arena *arena);

/* One connection, from the greeting to its end; deadline: in milliseconds of CLOCK_MONOTONIC.
 * *count goes up with each message. True: ret_text is the one with the mark in it. */
bool sink_serve(int connection, const char *mark, int64_t deadline, struct arena *arena,
                struct bytes *ret_text, int *count);

#endif
