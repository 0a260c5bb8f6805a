/* The way to Redis. */
#include "limits/redis_address.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "limits/redis.h"

struct place {
    struct sockaddr_un path; /* sun_family AF_UNIX */
    char port[8], host[256]; /* else */
};

static bool parse(const char *address, struct place *place, struct error *error)
{
    *place = (struct place){.path.sun_family = AF_UNSPEC};
    if (strncmp(address, "unix:", 5) == 0 && address[5] == '/') {
        size_t len = strlen(address + 5);
        if (len >= sizeof place->path.sun_path)
            return error_set(error, "'%s': a socket's path has at most %zu bytes", address,
                             sizeof place->path.sun_path - 1);
        memcpy(place->path.sun_path, address + 5, len + 1);
        place->path.sun_family = AF_UNIX;
        return true;
    }
    const char *at = strchr(address, '@');
    const char *number = strncmp(address, "inet:", 5) == 0    ? address + 5
                         : strncmp(address, "inet6:", 6) == 0 ? address + 6
                                                              : NULL;
    if (number && at && at[1]) {
        char *end;
        long port = strtol(number, &end, 10);
        if (end == at && port > 0 && port <= 65535 && strlen(at + 1) < sizeof place->host) {
            snprintf(place->port, sizeof place->port, "%ld", port);
            snprintf(place->host, sizeof place->host, "%s", at + 1);
            return true;
        }
    }
    return error_set(error, "'%s': expected unix:/path, inet:PORT@ADDRESS or inet6:PORT@ADDRESS",
                     address);
}

bool redis_address_check(const char *address, struct error *error)
{
    struct place place;
    return parse(address, &place, error);
}

/* errno says why it is -1. */
static int begin(int family, const struct sockaddr *address, socklen_t len, bool *ret_waits)
{
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    *ret_waits = false;
    if (connect(fd, address, len) == 0)
        return fd;
    if (errno == EINPROGRESS) {
        *ret_waits = true;
        return fd;
    }
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}

int redis_address_connect(const char *address, bool *ret_waits, struct error *error)
{
    struct place place;
    if (!parse(address, &place, error))
        return -1;
    int fd = -1;
    if (place.path.sun_family == AF_UNIX) {
        fd = begin(AF_UNIX, (const struct sockaddr *)&place.path, sizeof place.path, ret_waits);
    } else {
        struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                 .ai_socktype = SOCK_STREAM,
                                 .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV},
                        *found = NULL;
        int failed = getaddrinfo(place.host, place.port, &hints, &found);
        if (failed) {
            error_set(error, "%s: %s", place.host, gai_strerror(failed));
            return -1;
        }
        fd = begin(found->ai_family, found->ai_addr, found->ai_addrlen, ret_waits);
        freeaddrinfo(found);
        int on = 1;
        if (fd >= 0)
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    if (fd < 0)
        error_set(error, "connecting: %s", strerror(errno));
    return fd;
}
