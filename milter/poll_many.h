/* Looking at many descriptors where the kernel refuses to. */
#ifndef MILTER_POLL_MANY_H
#define MILTER_POLL_MANY_H

#include "milter/stream.h"

/* As poll(2), by the function given, which is the system's. Where that takes no list so long (there
 * are more sessions than descriptors allowed since: EINVAL) or has no memory for it (ENOMEM,
 * EAGAIN), it is asked about a few at a time, again and again until one is ready or the time is
 * over: what becomes ready is then found up to a tenth of a second late. A few that cannot be
 * looked at count as not ready. */
int poll_many(stream_poll_function *poll, struct pollfd *fds, nfds_t count, int milliseconds);

#endif
