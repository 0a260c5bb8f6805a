/* The byte stream of a session with the MTA, below libmilter, with fewer system calls.
 *
 * libmilter asks poll() three times and read() twice for each packet, and writes each edit by
 * itself, which wakes the MTA for every one of them: some 200 calls of 220 a message. Here what has
 * come is read at once, and edits go out with the reply that ends the message, without which they
 * mean nothing to the MTA. What is asked of libmilter and what it answers stays the same bytes in
 * the same order.
 *
 * A session is served by one thread at a time; libmilter's lock stands between two of them. */
#ifndef MILTER_STREAM_H
#define MILTER_STREAM_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "policy/error.h"

struct stream;

typedef int stream_poll_function(struct pollfd *fds, nfds_t count, int milliseconds);

/* Of the socket fd, which stays the caller's. poll: the system's. NULL: no memory. */
MUST_CHECK struct stream *stream_new(int fd, stream_poll_function *poll);
void stream_free(struct stream *stream);

/* Gives it the socket that it was made without (fd: -1). */
void stream_attach(struct stream *stream, int fd);

/* As poll(2) with this one socket. For writing it is always ready: stream_write waits, as long as
 * was asked for here. */
int stream_poll(struct stream *stream, struct pollfd *fd, int milliseconds);

/* As read(2). More than len may be taken from the socket: the next calls get it. */
ssize_t stream_read(struct stream *stream, void *buffer, size_t len);

/* As writev(2), but all is written, or it is an error. An edit is kept until something comes that
 * is none. Before the first stream_poll (who waits by select() never calls it) it and stream_read
 * are just as the system's. */
ssize_t stream_write(struct stream *stream, const struct iovec *parts, int count);

/* What was agreed on with the MTA. It holds as long as its socket does: behind libmilter's QUIT_NC
 * the next client's session comes on it, which is not negotiated again. */
struct stream_agreed {
    unsigned long flags; /* SMFIP_* */
    bool asked_macros;   /* by the lists of smfi_setsymlist */
};

/* Nothing at first; the stream's own, to be written to. */
struct stream_agreed *stream_agreed(struct stream *stream);

/* The same of the session that this thread has read from last: inside a callback, but for
 * xxfi_close, it is the callback's. NULL: it has no stream. */
struct stream_agreed *streams_agreed(void);

/* Sessions that are accepted from this socket from now on get a stream each: libmilter finds our
 * read(), writev(), poll(), accept() and close(). Once, before libmilter starts. */
void streams_of(int listening);

/* Whether a session waits because there is no descriptor or memory to accept it with. Any thread.
 */
bool stream_waits_for_room(void);

#endif
