/* A text over a unix socket with an abstract name, and a look at who is at the other end. */
#include "gate/reload_report.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define KIND (SOCK_SEQPACKET | SOCK_CLOEXEC)
#define TEXT_MAX 1200
#define CALLERS 8
#define TAKEN "reloaded "
#define REFUSED "refused "

static socklen_t meeting_point(pid_t daemon, struct sockaddr_un *ret_address)
{
    *ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
    int len = snprintf(ret_address->sun_path + 1, sizeof ret_address->sun_path - 1,
                       "submilter/reload-of/%ld", (long)daemon);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len);
}

void reload_report_tell(const char *hash, const char *reason)
{
    struct sockaddr_un address;
    struct ucred peer = {.uid = (uid_t)-1};
    socklen_t peer_len = sizeof peer;
    char text[TEXT_MAX];
    socklen_t len = meeting_point(getpid(), &address);
    int fd = socket(AF_UNIX, KIND | SOCK_NONBLOCK, 0);
    int used = snprintf(text, sizeof text, "%s%s", hash ? TAKEN : REFUSED, hash ? hash : reason);
    size_t size = used < (int)sizeof text ? (size_t)used : sizeof text - 1;
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, len) == 0 &&
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_len) == 0 &&
        (peer.uid == 0 || peer.uid == geteuid())) {
        /* Who has gone meanwhile is not told. */
        ssize_t ignored = send(fd, text, size, MSG_NOSIGNAL);
        (void)ignored;
    }
    if (fd >= 0)
        close(fd);
}

bool reload_report_open(pid_t daemon, int *ret_waiting, struct error *error)
{
    struct sockaddr_un address;
    socklen_t len = meeting_point(daemon, &address);
    int fd = socket(AF_UNIX, KIND | SOCK_NONBLOCK, 0);
    if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, len) == 0 &&
        listen(fd, CALLERS) == 0) {
        *ret_waiting = fd;
        return true;
    }
    int reason = errno;
    if (fd >= 0)
        close(fd);
    return error_set(error,
                     reason == EADDRINUSE
                         ? "another process waits for the daemon's reload already, or only keeps "
                           "its name: ss -xlp shows which"
                         : "cannot wait for the daemon's reload: %s",
                     strerror(reason));
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool wait_for(int fd, int64_t until)
{
    struct pollfd waiting = {.fd = fd, .events = POLLIN};
    int ready;
    do {
        int64_t left = until - now_ms();
        ready = poll(&waiting, 1, left > 0 ? (int)left : 0);
    } while (ready < 0 && errno == EINTR);
    return ready > 0;
}

/* Anybody may call. False: it was not the daemon, or it said nothing. */
static bool hear(int waiting, pid_t daemon, int64_t until, char text[TEXT_MAX])
{
    struct ucred peer = {0};
    socklen_t len = sizeof peer;
    ssize_t got = 0;
    int fd = accept4(waiting, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return false;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.pid == daemon &&
        wait_for(fd, until))
        got = recv(fd, text, TEXT_MAX - 1, 0);
    close(fd);
    text[got > 0 ? got : 0] = '\0';
    return got > 0;
}

enum reload_report reload_report_wait(int waiting, pid_t daemon, const char *hash, int milliseconds,
                                      struct error *error)
{
    char text[TEXT_MAX];
    int64_t until = now_ms() + milliseconds;
    while (wait_for(waiting, until)) {
        if (!hear(waiting, daemon, until, text))
            continue;
        if (strncmp(text, REFUSED, strlen(REFUSED)) == 0) {
            error_set(error, "the daemon refused it: %s", text + strlen(REFUSED));
            return RELOAD_REPORT_REFUSED;
        }
        if (strncmp(text, TAKEN, strlen(TAKEN)) == 0 && strcmp(text + strlen(TAKEN), hash) == 0)
            return RELOAD_REPORT_TAKEN;
    }
    return RELOAD_REPORT_NONE;
}
