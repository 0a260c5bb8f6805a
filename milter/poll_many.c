/* A few descriptors at a time: so many the kernel holds on its stack, and not waiting it keeps
 * nothing else. libmilter gives all its sessions up for good after 16 failures in a row. */
#include "milter/poll_many.h"

#include <errno.h>
#include <sys/resource.h>

#define FEW 16
#define PAUSE_MILLISECONDS 100

static nfds_t few(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < FEW && limit.rlim_cur > 0)
        return (nfds_t)limit.rlim_cur;
    return FEW;
}

/* How many of them are ready. */
static int look(stream_poll_function *poll, struct pollfd *fds, nfds_t count)
{
    int ready = 0;
    nfds_t step = few();
    for (nfds_t at = 0; at < count; at += step) {
        nfds_t piece = count - at < step ? count - at : step;
        int found = poll(fds + at, piece, 0);
        for (nfds_t i = at; found < 0 && i < at + piece; i++)
            fds[i].revents = 0;
        ready += found > 0 ? found : 0;
    }
    return ready;
}

int poll_many(stream_poll_function *poll, struct pollfd *fds, nfds_t count, int milliseconds)
{
    int ready = poll(fds, count, milliseconds);
    if (ready >= 0 || (errno != EINVAL && errno != ENOMEM && errno != EAGAIN))
        return ready;
    int left = milliseconds;
    for (;;) {
        ready = look(poll, fds, count);
        if (ready || left == 0)
            return ready;
        int pause = left < 0 || left > PAUSE_MILLISECONDS ? PAUSE_MILLISECONDS : left;
        poll(NULL, 0, pause);
        left -= left > 0 ? pause : 0;
    }
}
