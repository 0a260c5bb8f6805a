/* The one question that every milter answers: which protocol it speaks. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "milter/clock.h"
#include "milter/server.h"

#define RETRY_MILLISECONDS 20

static bool wait_for(int fd, short events, int64_t until)
{
    struct pollfd waiting = {.fd = fd, .events = events};
    for (;;) {
        int64_t left = until - clock_milliseconds();
        int ready = poll(&waiting, 1, left > 0 ? (int)left : 0);
        if (ready > 0)
            return true;
        if (ready == 0 || errno != EINTR)
            return false;
    }
}

static bool negotiates(int fd, int64_t until)
{
    /* A length, 'O', the protocol's version, no actions and no steps left out. */
    static const unsigned char question[] = {0, 0, 0, 13, 'O', 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0};
    unsigned char answer[5];
    if (!wait_for(fd, POLLOUT, until) ||
        send(fd, question, sizeof question, MSG_NOSIGNAL) != (ssize_t)sizeof question)
        return false;
    for (size_t len = 0; len < sizeof answer;) {
        if (!wait_for(fd, POLLIN, until))
            return false;
        ssize_t got = recv(fd, answer + len, sizeof answer - len, 0);
        if (got <= 0)
            return false;
        len += (size_t)got;
    }
    return answer[4] == 'O';
}

/* A full queue is nobody's fault: whoever is before us there is being served. */
static bool connects(int fd, const struct listening *listening, int64_t until)
{
    while (connect(fd, (const struct sockaddr *)&listening->address, listening->address_len) < 0) {
        if (errno == EINPROGRESS)
            return true;
        if (errno != EAGAIN || clock_milliseconds() > until)
            return false;
        poll(NULL, 0, RETRY_MILLISECONDS);
    }
    return true;
}

enum server_answer server_ask(const struct listening *listening, int milliseconds)
{
    int64_t until = clock_milliseconds() + milliseconds;
    enum server_answer answer = SERVER_HIDDEN;
    int fd = socket(listening->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return SERVER_SILENT; /* out of descriptors: libmilter can't accept either */
    if (connects(fd, listening, until))
        answer = negotiates(fd, until) ? SERVER_ANSWERS : SERVER_SILENT;
    else if (errno == EAGAIN)
        answer = SERVER_SILENT;
    close(fd);
    return answer;
}
