/* Checking what was handed to us before it is listened on. */
#include "milter/inherited.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FIRST 3 /* SD_LISTEN_FDS_START */

static int handed; /* how many the service manager handed over */
static char handed_names[200];

static bool option_is(int fd, int option, int wanted)
{
    int value = 0;
    socklen_t len = sizeof value;
    return getsockopt(fd, SOL_SOCKET, option, &value, &len) == 0 && value == wanted;
}

static void describe(struct listening *listening)
{
    char host[INET6_ADDRSTRLEN] = "";
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    struct sockaddr_un un;
    switch (listening->address.ss_family) {
    case AF_INET:
        memcpy(&in, &listening->address, sizeof in);
        inet_ntop(AF_INET, &in.sin_addr, host, sizeof host);
        snprintf(listening->spec, sizeof listening->spec, "inet:%u@%s", ntohs(in.sin_port), host);
        break;
    case AF_INET6:
        memcpy(&in6, &listening->address, sizeof in6);
        inet_ntop(AF_INET6, &in6.sin6_addr, host, sizeof host);
        snprintf(listening->spec, sizeof listening->spec, "inet6:%u@%s", ntohs(in6.sin6_port),
                 host);
        break;
    default:
        memcpy(&un, &listening->address, sizeof un);
        snprintf(listening->spec, sizeof listening->spec, "unix:%.*s", (int)sizeof un.sun_path,
                 un.sun_path);
    }
}

bool inherited_adopt(int fd, const char *what, struct listening *ret_listening, struct error *error)
{
    int on = 1;
    *ret_listening = (struct listening){.fd = -1, .address_len = sizeof ret_listening->address};
    if (!option_is(fd, SO_ACCEPTCONN, 1))
        return error_set(error, "socket: %s is not a listening socket", what);
    if (!option_is(fd, SO_TYPE, SOCK_STREAM))
        return error_set(error, "socket: %s is no stream socket: write ListenStream=", what);
    if (getsockname(fd, (struct sockaddr *)&ret_listening->address, &ret_listening->address_len) <
        0)
        return error_set(error, "socket: %s: %s", what, strerror(errno));
    int family = ret_listening->address.ss_family;
    if (family != AF_UNIX && family != AF_INET && family != AF_INET6)
        return error_set(error, "socket: %s is neither a unix socket nor one of IPv4 or IPv6",
                         what);
    if (family != AF_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    describe(ret_listening);
    ret_listening->fd = fd;
    return true;
}

static bool is_inet(const struct listening *listening, const char *where, int family)
{
    char port[32];
    const char *at = strchr(where, '@');
    const char *host = at ? at + 1 : family == AF_INET ? "127.0.0.1" : "::1";
    struct addrinfo hints = {
        .ai_family = family, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    snprintf(port, sizeof port, "%.*s", (int)(at ? at - where : (long)strlen(where)), where);
    if (listening->address.ss_family != family || getaddrinfo(host, port, &hints, &found) != 0)
        return false;
    bool same = false;
    if (family == AF_INET) {
        struct sockaddr_in a, b;
        memcpy(&a, &listening->address, sizeof a);
        memcpy(&b, found->ai_addr, sizeof b);
        same = a.sin_port == b.sin_port && a.sin_addr.s_addr == b.sin_addr.s_addr;
    } else {
        struct sockaddr_in6 a, b;
        memcpy(&a, &listening->address, sizeof a);
        memcpy(&b, found->ai_addr, sizeof b);
        same = a.sin6_port == b.sin6_port &&
               memcmp(&a.sin6_addr, &b.sin6_addr, sizeof a.sin6_addr) == 0;
    }
    freeaddrinfo(found);
    return same;
}

static bool is_unix(const struct listening *listening, const char *path)
{
    struct sockaddr_un un;
    if (listening->address.ss_family != AF_UNIX)
        return false;
    memcpy(&un, &listening->address, sizeof un);
    return strncmp(un.sun_path, path, sizeof un.sun_path) == 0;
}

bool inherited_is_at(const struct listening *listening, const char *spec)
{
    const char *where = strchr(spec, ':');
    if (!where || strncmp(spec, "fd:", 3) == 0)
        return true;
    where++;
    if (strncmp(spec, "inet:", 5) == 0)
        return is_inet(listening, where, AF_INET);
    if (strncmp(spec, "inet6:", 6) == 0)
        return is_inet(listening, where, AF_INET6);
    return is_unix(listening, where);
}

bool inherited_is_offered(void)
{
    const char *process = getenv("LISTEN_PID");
    const char *count = getenv("LISTEN_FDS");
    const char *names = getenv("LISTEN_FDNAMES");
    char *end;
    if (process && count && strtol(process, &end, 10) == getpid() && !*end) {
        long number = strtol(count, &end, 10);
        handed = *count && !*end && number > 0 && number < 1024 ? (int)number : 0;
        snprintf(handed_names, sizeof handed_names, "%s", names ? names : "");
    }
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    return handed > 0;
}

bool inherited_take(struct listening *ret_listening, struct error *error)
{
    *ret_listening = (struct listening){.fd = -1};
    for (int fd = FIRST; fd < FIRST + handed; fd++)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (handed != 1)
        return error_set(error,
                         "the service manager handed over %d sockets%s%s%s; submilter listens on "
                         "one: leave one ListenStream= in its socket unit",
                         handed, *handed_names ? " (" : "", handed_names, *handed_names ? ")" : "");
    if (!inherited_adopt(FIRST, "what the service manager handed over", ret_listening, error))
        return false;
    ret_listening->lent = true;
    return true;
}
