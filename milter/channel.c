/* Messages and descriptors between two daemons. */
#include "milter/channel.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "milter/clock.h"

#define KIND (SOCK_SEQPACKET | SOCK_CLOEXEC)
#define CALLERS 64
#define CALL_MILLISECONDS 500
#define CALL_AGAIN_MILLISECONDS 10

union ancillary {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
};

bool channel_pair(int ends[2], struct error *error)
{
    return socketpair(AF_UNIX, KIND, 0, ends) == 0 ||
           error_set(error, "socketpair: %s", strerror(errno));
}

bool channel_send(int channel, int passed, const char *text, struct error *error)
{
    union ancillary ancillary = {0};
    struct iovec data = {.iov_base = (void *)(size_t)text, .iov_len = strlen(text)};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
    if (passed >= 0) {
        message.msg_control = &ancillary;
        message.msg_controllen = sizeof ancillary.space;
        ancillary.header.cmsg_level = SOL_SOCKET;
        ancillary.header.cmsg_type = SCM_RIGHTS;
        ancillary.header.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&ancillary.header), &passed, sizeof passed);
    }
    ssize_t sent;
    do
        sent = sendmsg(channel, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent >= 0 || error_set(error, "the other process cannot be told: %s", strerror(errno));
}

/* The space for one has room for two on most machines. Who passes more than one gets none taken. */
static int passed_in(struct msghdr *message)
{
    int fds[sizeof(union ancillary) / sizeof(int)];
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
        return -1;
    size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof *fds;
    memcpy(fds, CMSG_DATA(header), count * sizeof *fds);
    if (count == 1 && !(message->msg_flags & MSG_CTRUNC))
        return fds[0];
    for (size_t i = 0; i < count; i++)
        close(fds[i]);
    return -1;
}

static bool wait_for(int fd, int milliseconds, struct error *error)
{
    struct pollfd waiting = {.fd = fd, .events = POLLIN};
    int64_t until = clock_milliseconds() + milliseconds;
    int64_t left = milliseconds;
    int ready;
    do {
        ready = poll(&waiting, 1, left > 0 ? (int)left : 0);
        left = until - clock_milliseconds();
    } while (ready < 0 && errno == EINTR);
    return ready > 0 || error_set(error, "the other process does not answer");
}

bool channel_receive(int channel, int milliseconds, char text[CHANNEL_TEXT], int *ret_passed,
                     struct error *error)
{
    union ancillary ancillary = {0};
    struct iovec data = {.iov_base = text, .iov_len = CHANNEL_TEXT - 1};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = ret_passed ? &ancillary : NULL,
                             .msg_controllen = ret_passed ? sizeof ancillary.space : 0};
    if (ret_passed)
        *ret_passed = -1;
    if (!wait_for(channel, milliseconds, error))
        return false;
    ssize_t got = recvmsg(channel, &message, MSG_CMSG_CLOEXEC);
    /* Who ends without having read all that we said resets the connection: its last words come
     * behind that. */
    if (got < 0 && errno == ECONNRESET)
        got = recvmsg(channel, &message, MSG_CMSG_CLOEXEC);
    if (got <= 0)
        return error_set(error, "the other process has ended");
    text[got] = '\0';
    if (ret_passed)
        *ret_passed = passed_in(&message);
    return true;
}

/* A unix socket that is closed with something unread in it resets the connection. */
bool channel_was_heard(int channel, int milliseconds)
{
    char byte;
    struct error silent;
    return !wait_for(channel, milliseconds, &silent) ||
           recv(channel, &byte, sizeof byte, MSG_PEEK | MSG_DONTWAIT) == 0;
}

void channel_part(int channel, int milliseconds)
{
    struct error ignored;
    shutdown(channel, SHUT_WR);
    bool ended = wait_for(channel, milliseconds, &ignored);
    (void)ended;
    close(channel);
}

static socklen_t meeting_point(pid_t predecessor, struct sockaddr_un *ret_address)
{
    *ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
    int len = snprintf(ret_address->sun_path + 1, sizeof ret_address->sun_path - 1,
                       "submilter/successor-of/%ld", (long)predecessor);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len);
}

bool channel_listen(pid_t predecessor, int *ret_listening, struct error *error)
{
    struct sockaddr_un address;
    socklen_t len = meeting_point(predecessor, &address);
    int fd = socket(AF_UNIX, KIND, 0);
    if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, len) == 0 &&
        listen(fd, CALLERS) == 0) {
        *ret_listening = fd;
        return true;
    }
    int reason = errno;
    if (fd >= 0)
        close(fd);
    return error_set(error,
                     reason == EADDRINUSE
                         ? "another process is taking over from process %ld already, or only "
                           "keeps its name: ss -xlp shows which"
                         : "cannot wait for process %ld to hand over",
                     (long)predecessor);
}

/* Anybody may call. */
bool channel_meet(int listening, pid_t predecessor, int milliseconds, int *ret_channel,
                  struct error *error)
{
    int64_t until = clock_milliseconds() + milliseconds;
    for (;;) {
        struct ucred peer = {0};
        socklen_t len = sizeof peer;
        int64_t left = until - clock_milliseconds();
        if (!wait_for(listening, left > 0 ? (int)left : 0, error))
            return false;
        int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            return error_set(error, "accept: %s", strerror(errno));
        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.pid == predecessor) {
            *ret_channel = fd;
            return true;
        }
        close(fd);
        if (left <= 0)
            return error_set(error, "only others answer");
    }
}

/* Others may keep the name and let nobody in: that does not hold us for long. */
static bool connects(int fd, const struct sockaddr_un *address, socklen_t len)
{
    for (int waited = 0; connect(fd, (const struct sockaddr *)address, len) < 0;
         waited += CALL_AGAIN_MILLISECONDS) {
        if (errno != EAGAIN || waited >= CALL_MILLISECONDS)
            return false;
        poll(NULL, 0, CALL_AGAIN_MILLISECONDS);
    }
    return true;
}

int channel_call(void)
{
    struct ucred peer = {.uid = (uid_t)-1};
    socklen_t peer_len = sizeof peer;
    struct sockaddr_un address;
    socklen_t len = meeting_point(getpid(), &address);
    int fd = socket(AF_UNIX, KIND | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connects(fd, &address, len) &&
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_len) == 0 &&
        (peer.uid == 0 || peer.uid == geteuid()))
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}
