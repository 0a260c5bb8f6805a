/* libmilter's calls on a session's socket go through its stream.
 *
 * libmilter asks for them through the dynamic linker and finds these, and so does everybody else in
 * the daemon: for any other descriptor they are the system's own. A session is known by the socket
 * that it was accepted from. */
#include "milter/stream.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "milter/log.h"
#include "milter/poll_many.h"

#define DESCRIPTORS_MAX ((rlim_t)1 << 20)
#define WAIT_MILLISECONDS 100

typedef int accept_function(int fd, struct sockaddr *address, socklen_t *len);
typedef int close_function(int fd);
typedef ssize_t read_function(int fd, void *buffer, size_t len);
typedef ssize_t writev_function(int fd, const struct iovec *parts, int count);

/* By descriptor, as many as there may be. */
static _Atomic(struct stream *) *streams;
static atomic_size_t
    stream_count; /* other threads may be reading files while streams_of is called */
static int listens = -1;
static atomic_bool waits; /* accept() does */
/* libmilter reads a packet and calls the callback for it in one thread, and has no name for the
 * socket that callbacks could ask for. */
static _Thread_local int read_last = -1;

void streams_of(int listening)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    rlim_t count = limit.rlim_cur > DESCRIPTORS_MAX ? DESCRIPTORS_MAX : limit.rlim_cur;
    streams = calloc((size_t)count, sizeof *streams);
    listens = listening;
    atomic_store(&stream_count, streams ? (size_t)count : 0);
}

static struct stream *stream_of(int fd)
{
    return fd >= 0 && (size_t)fd < atomic_load(&stream_count) ? atomic_load(&streams[fd]) : NULL;
}

/* The function that ours hides. clang's ThreadSanitizer has its own within the program, by other
 * names: who uses a descriptor that another thread closes is seen there, and a signal that comes
 * meanwhile is handed on. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HIDDEN_IN RTLD_DEFAULT
#define HIDDEN_NAME(name) "__interceptor_" name
#endif
#endif
#ifndef HIDDEN_IN
#define HIDDEN_IN RTLD_NEXT
#define HIDDEN_NAME(name) name
#endif

/* Asked for once each: it is the same whoever is first to ask. */
static void *hidden(_Atomic(void *) *known, const char *name)
{
    void *function = atomic_load(known);
    if (!function) {
        function = dlsym(HIDDEN_IN, name);
        if (!function)
            abort();
        atomic_store(known, function);
    }
    return function;
}

/* ISO C knows no way from an object's address to a function's. */
#define HIDDEN(type, name)                                                                         \
    static type *hidden_##name(void)                                                               \
    {                                                                                              \
        static _Atomic(void *) known;                                                              \
        void *found = hidden(&known, HIDDEN_NAME(#name));                                          \
        __typeof__(type) *function;                                                                \
        memcpy(&function, &found, sizeof function);                                                \
        return function;                                                                           \
    }
HIDDEN(accept_function, accept)
HIDDEN(close_function, close)
HIDDEN(read_function, read)
HIDDEN(writev_function, writev)
HIDDEN(stream_poll_function, poll)

/* By these names, since <unistd.h> has its own inline definitions with _FORTIFY_SOURCE. */
accept_function our_accept __asm__("accept");
close_function our_close __asm__("close");
read_function our_read __asm__("read");
writev_function our_writev __asm__("writev");
stream_poll_function our_poll __asm__("poll");

/* libmilter tries again at once where what accept() needs has run out, which takes a whole
 * processor. It is asked again in a moment; the sessions that come wait in the socket. */
static void wait_for_room(int reason)
{
    if (!waits)
        log_error("no session can be accepted: %s; those that come wait%s", strerror(reason),
                  reason == EMFILE ? " (the limit is LimitNOFILE= of the unit)" : "");
    waits = true;
    hidden_poll()(NULL, 0, WAIT_MILLISECONDS);
    errno = reason;
}

static int accept_session(int fd, struct sockaddr *address, socklen_t *len)
{
    /* First: libmilter ends by itself where it has no memory for sessions some times in a row. */
    struct stream *stream = stream_new(-1, hidden_poll());
    int accepted = stream ? hidden_accept()(fd, address, len) : -1;
    int reason = stream ? errno : ENOMEM;
    if (accepted >= 0 && waits) {
        waits = false;
        log_info("sessions are accepted again");
    }
    if (accepted >= 0 && (size_t)accepted < atomic_load(&stream_count)) {
        stream_attach(stream, accepted);
        stream = atomic_exchange(&streams[accepted], stream);
    }
    stream_free(stream);
    errno = reason;
    if (accepted < 0 &&
        (reason == EMFILE || reason == ENFILE || reason == ENOBUFS || reason == ENOMEM))
        wait_for_room(reason);
    return accepted;
}

int our_accept(int fd, struct sockaddr *address, socklen_t *len)
{
    return fd == listens ? accept_session(fd, address, len) : hidden_accept()(fd, address, len);
}

int our_close(int fd)
{
    if (stream_of(fd))
        stream_free(atomic_exchange(&streams[fd], NULL));
    return hidden_close()(fd);
}

ssize_t our_read(int fd, void *buffer, size_t len)
{
    struct stream *stream = stream_of(fd);
    if (!stream)
        return hidden_read()(fd, buffer, len);
    read_last = fd;
    return stream_read(stream, buffer, len);
}

bool stream_waits_for_room(void)
{
    return waits;
}

struct stream_agreed *streams_agreed(void)
{
    struct stream *stream = stream_of(read_last);
    return stream ? stream_agreed(stream) : NULL;
}

ssize_t our_writev(int fd, const struct iovec *parts, int count)
{
    struct stream *stream = stream_of(fd);
    return stream ? stream_write(stream, parts, count) : hidden_writev()(fd, parts, count);
}

int our_poll(struct pollfd *fds, nfds_t count, int milliseconds)
{
    struct stream *stream = count == 1 ? stream_of(fds->fd) : NULL;
    return stream ? stream_poll(stream, fds, milliseconds)
                  : poll_many(hidden_poll(), fds, count, milliseconds);
}

/* What <unistd.h> and <poll.h> make of some calls, but not of all, with _FORTIFY_SOURCE: one of
 * libmilter's two reads may be such a one. */
ssize_t fortified_read(int fd, void *buffer, size_t len, size_t size) __asm__("__read_chk");
int fortified_poll(struct pollfd *fds, nfds_t count, int milliseconds,
                   size_t size) __asm__("__poll_chk");

ssize_t fortified_read(int fd, void *buffer, size_t len, size_t size)
{
    if (len > size)
        abort();
    return our_read(fd, buffer, len);
}

int fortified_poll(struct pollfd *fds, nfds_t count, int milliseconds, size_t size)
{
    if (count > size / sizeof *fds)
        abort();
    return our_poll(fds, count, milliseconds);
}
