/* Looking through our own descriptors for accepted connections. */
#include "milter/sessions.h"

#include <dirent.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static struct sockaddr_storage here;
static socklen_t here_len;

void sessions_of(int listening)
{
    here = (struct sockaddr_storage){0};
    here_len = sizeof here;
    if (getsockname(listening, (struct sockaddr *)&here, &here_len) < 0)
        here_len = 0;
}

/* An accepted socket has its listener's name; where that is any address, one address of it. */
static bool same_place(const struct sockaddr_storage *there, socklen_t there_len)
{
    struct sockaddr_in a, b;
    struct sockaddr_in6 a6, b6;
    if (there->ss_family != here.ss_family)
        return false;
    switch (here.ss_family) {
    case AF_INET:
        memcpy(&a, &here, sizeof a);
        memcpy(&b, there, sizeof b);
        return a.sin_port == b.sin_port;
    case AF_INET6:
        memcpy(&a6, &here, sizeof a6);
        memcpy(&b6, there, sizeof b6);
        return a6.sin6_port == b6.sin6_port;
    default:
        return there_len == here_len && memcmp(there, &here, here_len) == 0;
    }
}

static bool is_accepted(int fd)
{
    int listens = 0;
    socklen_t len = sizeof listens;
    struct sockaddr_storage there = {0};
    socklen_t there_len = sizeof there;
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) == 0 && !listens &&
           getsockname(fd, (struct sockaddr *)&there, &there_len) == 0 &&
           same_place(&there, there_len);
}

unsigned sessions_accepted(void)
{
    unsigned count = 0;
    DIR *descriptors = here_len ? opendir("/proc/self/fd") : NULL;
    if (!descriptors)
        return 0;
    struct dirent *entry;
    while ((entry = readdir(descriptors)) != NULL) {
        char *end;
        long fd = strtol(entry->d_name, &end, 10);
        if (end != entry->d_name && !*end && is_accepted((int)fd))
            count++;
    }
    closedir(descriptors);
    return count;
}
