/* Reading ahead, and holding edits back until the reply that they belong to. */
#include "milter/stream.h"

#include <errno.h>
#include <libmilter/mfdef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* What Postfix writes at once over a unix socket. With 8 KB no message was faster, and a session
 * with a message under way kept 55 KB in place of 47. */
#define AHEAD_BYTES ((size_t)4 * 1024)
#define HELD_BYTES ((size_t)8 * 1024)
#define PARTS_MAX 4

/* A packet begins with its length in 4 bytes, in network order, and its command. */
#define COMMAND_AT MILTER_LEN_BYTES

struct stream {
    int fd;
    stream_poll_function *poll;
    /* What was read and not yet asked for. The memory is there only while something is in it: most
     * of the open sessions are idle. */
    char *ahead;
    size_t ahead_at;
    size_t ahead_len;
    bool is_readable; /* so poll() said, and nothing was read since */
    bool polls_here;  /* else (by select()) nobody would hear of what was read ahead */
    bool reads_here;  /* poll() may only be answered for what is read and written here, too */
    bool writes_here;
    int patience; /* of who writes, in milliseconds */
    char *held;
    size_t held_len;
    struct stream_agreed agreed;
};

struct stream *stream_new(int fd, stream_poll_function *poll)
{
    struct stream *stream = malloc(sizeof *stream);
    if (stream)
        *stream = (struct stream){.fd = fd, .poll = poll};
    return stream;
}

void stream_attach(struct stream *stream, int fd)
{
    stream->fd = fd;
}

void stream_free(struct stream *stream)
{
    if (!stream)
        return;
    free(stream->ahead);
    free(stream->held);
    free(stream);
}

struct stream_agreed *stream_agreed(struct stream *stream)
{
    return &stream->agreed;
}

static bool answers_readable(const struct stream *stream)
{
    return stream->ahead_len > 0 || (stream->is_readable && stream->reads_here);
}

int stream_poll(struct stream *stream, struct pollfd *fd, int milliseconds)
{
    stream->polls_here = true;
    if (fd->events & POLLOUT) {
        stream->patience = milliseconds;
        if (stream->writes_here) {
            fd->revents = POLLOUT;
            return 1;
        }
    } else if (answers_readable(stream)) {
        fd->revents = POLLIN;
        return 1;
    }
    int ready = stream->poll(fd, 1, milliseconds);
    if (ready == 1 && fd->revents == POLLIN)
        stream->is_readable = true;
    return ready;
}

static size_t take_ahead(struct stream *stream, void *buffer, size_t len)
{
    if (len > stream->ahead_len)
        len = stream->ahead_len;
    memcpy(buffer, stream->ahead + stream->ahead_at, len);
    stream->ahead_at += len;
    stream->ahead_len -= len;
    if (!stream->ahead_len) {
        free(stream->ahead);
        stream->ahead = NULL;
    }
    return len;
}

ssize_t stream_read(struct stream *stream, void *buffer, size_t len)
{
    stream->reads_here = true;
    if (stream->ahead_len)
        return (ssize_t)take_ahead(stream, buffer, len);
    stream->is_readable = false;
    char *ahead = stream->polls_here ? malloc(AHEAD_BYTES) : NULL;
    struct iovec parts[] = {{buffer, len}, {ahead, AHEAD_BYTES}};
    ssize_t got = readv(stream->fd, parts, ahead ? 2 : 1);
    if (got <= 0 || (size_t)got <= len) {
        int reason = errno;
        free(ahead);
        errno = reason;
        return got;
    }
    stream->ahead = ahead;
    stream->ahead_at = 0;
    stream->ahead_len = (size_t)got - len;
    return (ssize_t)len;
}

static size_t bytes_in(const struct iovec *parts, int count)
{
    size_t sum = 0;
    for (int i = 0; i < count; i++)
        sum += parts[i].iov_len;
    return sum;
}

/* Those that the MTA applies only once it has the reply to the end of the message. */
static bool is_edit(const struct iovec *parts)
{
    if (parts->iov_len != COMMAND_AT + 1)
        return false;
    switch (((const char *)parts->iov_base)[COMMAND_AT]) {
    case SMFIR_ADDRCPT:
    case SMFIR_ADDRCPT_PAR:
    case SMFIR_DELRCPT:
    case SMFIR_CHGFROM:
    case SMFIR_ADDHEADER:
    case SMFIR_INSHEADER:
    case SMFIR_CHGHEADER:
    case SMFIR_QUARANTINE:
        return true;
    default:
        return false;
    }
}

static bool hold(struct stream *stream, const struct iovec *parts, int count, size_t len)
{
    if (!stream->held)
        stream->held = malloc(HELD_BYTES);
    if (!stream->held || len > HELD_BYTES - stream->held_len)
        return false;
    for (int i = 0; i < count; i++) {
        memcpy(stream->held + stream->held_len, parts[i].iov_base, parts[i].iov_len);
        stream->held_len += parts[i].iov_len;
    }
    return true;
}

/* What is left of the parts once the first so many bytes are gone. */
static void skip_bytes(struct msghdr *message, size_t len)
{
    while (message->msg_iovlen && len >= message->msg_iov->iov_len) {
        len -= message->msg_iov->iov_len;
        message->msg_iov++;
        message->msg_iovlen--;
    }
    if (message->msg_iovlen) {
        message->msg_iov->iov_base = (char *)message->msg_iov->iov_base + len;
        message->msg_iov->iov_len -= len;
    }
}

static bool wait_writable(const struct stream *stream)
{
    struct pollfd fd = {.fd = stream->fd, .events = POLLOUT};
    int ready = stream->poll(&fd, 1, stream->patience);
    if (ready == 0)
        errno = ETIMEDOUT;
    return ready > 0 || (ready < 0 && errno == EINTR);
}

static bool send_all(const struct stream *stream, struct iovec *parts, size_t count)
{
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};
    skip_bytes(&message, 0);
    while (message.msg_iovlen) {
        ssize_t sent = sendmsg(stream->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent >= 0)
            skip_bytes(&message, (size_t)sent);
        else if (errno == EAGAIN || errno == EWOULDBLOCK ? !wait_writable(stream) : errno != EINTR)
            return false;
    }
    return true;
}

ssize_t stream_write(struct stream *stream, const struct iovec *parts, int count)
{
    if (!stream->polls_here)
        return writev(stream->fd, parts, count);
    stream->writes_here = true;
    size_t len = bytes_in(parts, count);
    if (count < 1 || count > PARTS_MAX) {
        errno = EINVAL;
        return -1;
    }
    if (is_edit(parts) && hold(stream, parts, count, len))
        return (ssize_t)len;
    struct iovec all[1 + PARTS_MAX] = {{stream->held, stream->held_len}};
    memcpy(all + 1, parts, (size_t)count * sizeof *parts);
    bool sent = send_all(stream, all, 1 + (size_t)count);
    int reason = errno;
    free(stream->held);
    stream->held = NULL;
    stream->held_len = 0;
    errno = reason;
    return sent ? (ssize_t)len : -1;
}
