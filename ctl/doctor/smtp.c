/* EHLO to a server of this host, with a bound. */
#include "ctl/doctor/smtp.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SECONDS 10

static int left_of(time_t deadline)
{
    time_t left = deadline - time(NULL);
    return left > 0 && left <= SECONDS ? (int)left * 1000 : 0;
}

static int open_connection(const char *host, int port, time_t deadline)
{
    char service[16];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    int failed = 0;
    socklen_t size = sizeof failed;
    snprintf(service, sizeof service, "%d", port);
    if (getaddrinfo(host, service, &hints, &found) != 0)
        return -1;
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    if (fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) < 0) {
        failed = errno;
        if (failed == EINPROGRESS) {
            failed = poll(&ready, 1, left_of(deadline)) == 1 ? 0 : ETIMEDOUT;
            if (!failed)
                getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &size);
        }
    }
    freeaddrinfo(found);
    if (fd >= 0 && failed) {
        close(fd);
        errno = failed;
        return -1;
    }
    return fd;
}

struct lines {
    char text[4096];
    size_t len;
};

/* Whether the last line is one with a blank behind its code. */
static bool is_whole(const struct lines *lines)
{
    if (!lines->len || lines->text[lines->len - 1] != '\n')
        return false;
    size_t start = lines->len - 1;
    while (start > 0 && lines->text[start - 1] != '\n')
        start--;
    return lines->len - start > 4 && lines->text[start + 3] == ' ';
}

static bool read_reply(int fd, time_t deadline, const char *code, struct lines *lines)
{
    lines->len = 0;
    while (!is_whole(lines)) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (lines->len + 1 >= sizeof lines->text || poll(&ready, 1, left_of(deadline)) != 1)
            return false;
        ssize_t got = read(fd, lines->text + lines->len, sizeof lines->text - 1 - lines->len);
        if (got <= 0)
            return false;
        lines->len += (size_t)got;
        lines->text[lines->len] = '\0';
    }
    return strncmp(lines->text, code, strlen(code)) == 0;
}

static bool offers(const struct lines *lines, const char *keyword)
{
    size_t len = strlen(keyword);
    for (const char *line = lines->text; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strlen(line) > 4 && strncasecmp(line + 4, keyword, len) == 0 &&
            strchr(" =\r\n", line[4 + len]))
            return true;
    }
    return false;
}

static bool say(int fd, const char *line)
{
    return send(fd, line, strlen(line), MSG_NOSIGNAL) == (ssize_t)strlen(line);
}

void smtp_ask(const char *host, int port, bool wrapped, struct smtp_offer *ret_offer)
{
    time_t deadline = time(NULL) + SECONDS;
    struct lines lines = {.len = 0};
    *ret_offer = (struct smtp_offer){.state = SMTP_UNCLEAR};
    int fd = open_connection(host, port, deadline);
    if (fd < 0) {
        ret_offer->state = errno == ECONNREFUSED ? SMTP_NOBODY : SMTP_UNCLEAR;
        return;
    }
    if (wrapped) {
        ret_offer->state = SMTP_LISTENS;
    } else if (read_reply(fd, deadline, "220", &lines) && say(fd, "EHLO localhost\r\n") &&
               read_reply(fd, deadline, "250", &lines)) {
        *ret_offer =
            (struct smtp_offer){SMTP_LISTENS, offers(&lines, "STARTTLS"), offers(&lines, "AUTH")};
        /* Postfix offers what it can't do where its key is missing, and says 454 4.7.0 then; other
         * refusals are a milter's. */
        if (ret_offer->starttls)
            ret_offer->starttls =
                !(say(fd, "STARTTLS\r\n") && read_reply(fd, deadline, "454 4.7.0", &lines));
        else if (say(fd, "QUIT\r\n"))
            read_reply(fd, deadline, "221", &lines);
    }
    close(fd);
}
