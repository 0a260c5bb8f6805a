/* What every milter answers: which protocol it speaks, and whether it has to do with a client. */
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
#include "milter/stream.h"

#define RETRY_MILLISECONDS 20
#define LOOK_MILLISECONDS 100
#define BETWEEN_MILLISECONDS 5
#define ANSWER_MAX 2048 /* the lists of macros that are asked for take some hundred bytes */

static bool wait_for(int fd, short events, int64_t until)
{
    struct pollfd waiting = {.fd = fd, .events = events};
    for (;;) {
        int64_t left = until - clock_milliseconds();
        int patience = left > LOOK_MILLISECONDS ? LOOK_MILLISECONDS : (int)left;
        int ready = poll(&waiting, 1, patience > 0 ? patience : 0);
        if (ready > 0)
            return true;
        if ((ready < 0 && errno != EINTR) || (ready == 0 && left <= patience) || server_has_ended())
            return false;
    }
}

static bool receive(int fd, void *buffer, size_t size, int64_t until)
{
    for (size_t len = 0; len < size;) {
        if (!wait_for(fd, POLLIN, until))
            return false;
        ssize_t got = recv(fd, (char *)buffer + len, size - len, 0);
        if (got <= 0)
            return false;
        len += (size_t)got;
    }
    return true;
}

/* The letter of the answer's packet; '\0': none came. */
static char ask(int fd, const void *question, size_t len, int64_t until)
{
    unsigned char answer[ANSWER_MAX];
    uint32_t size;
    if (!wait_for(fd, POLLOUT, until) || send(fd, question, len, MSG_NOSIGNAL) != (ssize_t)len ||
        !receive(fd, &size, sizeof size, until))
        return '\0';
    size = ntohl(size);
    if (size == 0 || size > sizeof answer || !receive(fd, answer, size, until))
        return '\0';
    return (char)answer[0];
}

/* Two questions: whoever accepts a session answers the first, the second comes to another thread of
 * libmilter's once nobody waits for it. Each is a length, a letter and what belongs to it. */
static bool speaks(int fd, int64_t until)
{
    /* The protocol's version, no actions and no steps left out; a client that nobody knows. */
    static const unsigned char options[] = {0, 0, 0, 13, 'O', 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0};
    static const unsigned char connect[] = {0, 0, 0, 4, 'C', '-', 0, 'U'};
    if (ask(fd, options, sizeof options, until) != 'O')
        return false;
    poll(NULL, 0, BETWEEN_MILLISECONDS);
    return ask(fd, connect, sizeof connect, until) != '\0';
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
        return SERVER_FULL;
    if (connects(fd, listening, until))
        answer = speaks(fd, until) ? SERVER_ANSWERS : SERVER_SILENT;
    else if (errno == EAGAIN)
        answer = SERVER_SILENT;
    close(fd);
    return answer == SERVER_SILENT && stream_waits_for_room() ? SERVER_FULL : answer;
}
