/* Children that become another user and try what that user is to do. */
#include "ctl/doctor/probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dkim/keystore.h"

#define MILLISECONDS 5000

static void report(struct probe_report *to, enum probe_result result, int reason,
                   const char *detail)
{
    to->result = result;
    to->reason = reason;
    snprintf(to->detail, sizeof to->detail, "%.*s", (int)sizeof to->detail - 1, detail);
}

static bool become(const struct probe_as *as, struct probe_report *to)
{
    const struct passwd *user = as->user ? getpwnam(as->user) : NULL;
    report(to, PROBE_CANNOT_BECOME, 0, as->user ? as->user : "");
    if (as->user && !user)
        return false;
    if ((as->folder && chdir(as->folder) < 0) ||
        (as->chroot && as->folder && (chroot(as->folder) < 0 || chdir("/") < 0))) {
        report(to, PROBE_CANNOT_BECOME, errno, as->folder);
        return false;
    }
    if (user && user->pw_uid != geteuid() &&
        (initgroups(as->user, user->pw_gid) < 0 || setgid(user->pw_gid) < 0 ||
         setuid(user->pw_uid) < 0)) {
        to->reason = errno;
        return false;
    }
    return true;
}

/* The first component that can't be looked at: its folder lets us not in, or it isn't there. */
static void walk(const char *path, int reason, struct probe_report *to)
{
    char part[sizeof to->detail];
    struct stat status;
    for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
        if (stat(part, &status) < 0) {
            report(to, errno == EACCES ? PROBE_NO_ACCESS : PROBE_NOT_THERE, errno, part);
            if (errno == EACCES && strrchr(to->detail, '/') > to->detail)
                *strrchr(to->detail, '/') = '\0';
            return;
        }
        if (access(part, X_OK) < 0) {
            report(to, PROBE_NO_ACCESS, errno, part);
            return;
        }
    }
    report(to, reason == EACCES ? PROBE_NO_ACCESS : PROBE_NOT_THERE, reason,
           reason == EACCES ? path : "");
}

/* Bounded: a full backlog must not hold us. -1 with errno. */
static int connect_to(int family, const struct sockaddr *address, socklen_t len)
{
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int failed = 0;
    socklen_t size = sizeof failed;
    if (fd < 0)
        return -1;
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    if (connect(fd, address, len) < 0) {
        failed = errno;
        if (failed == EINPROGRESS) {
            failed = poll(&ready, 1, MILLISECONDS) == 1 ? 0 : ETIMEDOUT;
            if (!failed)
                getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &size);
        }
    }
    if (!failed)
        return fd;
    close(fd);
    errno = failed;
    return -1;
}

static int connect_unix(const char *path, struct probe_report *to)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        report(to, PROBE_FAILED, ENAMETOOLONG, path);
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = connect_to(AF_UNIX, (const struct sockaddr *)&address, sizeof address);
    if (fd >= 0)
        return fd;
    if (errno == EACCES || errno == ENOENT || errno == ECONNREFUSED)
        walk(path, errno, to);
    else
        report(to, errno == EAGAIN || errno == ETIMEDOUT ? PROBE_SILENT : PROBE_FAILED, errno,
               path);
    return -1;
}

/* "HOST:PORT", "[HOST]:PORT" */
static int connect_inet(const char *where, struct probe_report *to)
{
    char host[256];
    const char *colon = strrchr(where, ':');
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (!colon || (size_t)(colon - where) >= sizeof host) {
        report(to, PROBE_FAILED, EINVAL, where);
        return -1;
    }
    bool brackets = where[0] == '[';
    snprintf(host, sizeof host, "%.*s", (int)(colon - where) - 2 * brackets, where + brackets);
    int failed = getaddrinfo(*host ? host : "localhost", colon + 1, &hints, &found);
    if (failed) {
        report(to, PROBE_FAILED, 0, gai_strerror(failed));
        return -1;
    }
    int fd = -1;
    for (const struct addrinfo *each = found; each && fd < 0; each = each->ai_next)
        fd = connect_to(each->ai_family, each->ai_addr, each->ai_addrlen);
    if (fd < 0)
        report(to, errno == ETIMEDOUT ? PROBE_SILENT : PROBE_NOT_THERE, errno, "");
    freeaddrinfo(found);
    return fd;
}

/* SMFIC_OPTNEG: version, actions, protocol steps; the answer begins likewise. */
static void negotiate(int fd, struct probe_report *to)
{
    const uint32_t offer[3] = {htonl(6), htonl(0x1ff), htonl(0x1fffff)};
    unsigned char packet[17] = {0, 0, 0, 13, 'O'};
    unsigned char answer[5];
    size_t got = 0;
    memcpy(packet + 5, offer, sizeof offer);
    if (send(fd, packet, sizeof packet, MSG_NOSIGNAL) != (ssize_t)sizeof packet) {
        report(to, PROBE_NO_MILTER, errno, "it closed the connection");
        return;
    }
    while (got < sizeof answer) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (poll(&ready, 1, MILLISECONDS) != 1) {
            report(to, PROBE_SILENT, 0, "");
            return;
        }
        ssize_t more = read(fd, answer + got, sizeof answer - got);
        if (more <= 0) {
            report(to, PROBE_NO_MILTER, errno, "it closed the connection");
            return;
        }
        got += (size_t)more;
    }
    if (answer[0] || answer[1] || answer[4] != 'O')
        report(to, PROBE_NO_MILTER, 0, "it answers in another protocol");
    else
        report(to, PROBE_GOOD, 0, "");
    static const unsigned char quit[] = {0, 0, 0, 1, 'Q'};
    if (send(fd, quit, sizeof quit, MSG_NOSIGNAL) < 0)
        return; /* we know already what we came for */
}

static void try_milter(const char *endpoint, struct probe_report *to)
{
    int fd = -1;
    if (strncmp(endpoint, "unix:", 5) == 0 || strncmp(endpoint, "local:", 6) == 0)
        fd = connect_unix(strchr(endpoint, ':') + 1, to);
    else
        fd = connect_inet(strncmp(endpoint, "inet:", 5) == 0 ? endpoint + 5 : endpoint, to);
    if (fd < 0)
        return;
    negotiate(fd, to);
    close(fd);
}

static void try_write(const char *path, struct probe_report *to)
{
    char folder[PATH_MAX];
    report(to, PROBE_GOOD, 0, "");
    if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0)
        return;
    if (errno != ENOENT) {
        int reason = errno;
        walk(path, reason, to);
        if (to->result == PROBE_NOT_THERE)
            report(to, PROBE_FAILED, reason, path);
        return;
    }
    snprintf(folder, sizeof folder, "%s", path);
    *strrchr(folder, '/') = '\0';
    if (faccessat(AT_FDCWD, *folder ? folder : "/", W_OK | X_OK, AT_EACCESS) == 0)
        return;
    report(to, errno == ENOENT ? PROBE_NOT_THERE : PROBE_NO_ACCESS, errno, folder);
}

static void try_read(const char *path, struct probe_report *to)
{
    report(to, PROBE_GOOD, 0, "");
    if (faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) < 0)
        walk(path, errno, to);
}

static void try_keys(const char *folder, struct probe_report *to)
{
    const struct keystore_options options = {folder, geteuid(), getegid()};
    struct keystore *store;
    struct error error;
    report(to, PROBE_GOOD, 0, "");
    if (keystore_load(&options, NULL, &store, &error))
        keystore_unref(store);
    else
        report(to, PROBE_FAILED, 0, error.text);
}

typedef void attempt(const char *what, struct probe_report *to);

static void run_child(attempt *try, const char *what, const struct probe_as *as, int out)
{
    struct probe_report mine = {0};
    if (become(as, &mine))
        try(what, &mine);
    _exit(write(out, &mine, sizeof mine) == (ssize_t)sizeof mine ? 0 : 1);
}

static void in_child(attempt *try, const char *what, const struct probe_as *as,
                     struct probe_report *to)
{
    int ends[2];
    report(to, PROBE_FAILED, 0, "no child process could be started");
    if (pipe2(ends, O_CLOEXEC) < 0)
        return;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        run_child(try, what, as, ends[1]);
    close(ends[1]);
    struct pollfd ready = {.fd = ends[0], .events = POLLIN};
    struct probe_report theirs;
    if (child > 0) {
        if (poll(&ready, 1, 3 * MILLISECONDS) == 1 &&
            read(ends[0], &theirs, sizeof theirs) == (ssize_t)sizeof theirs)
            *to = theirs;
        else
            report(to, PROBE_SILENT, 0, "");
        kill(child, SIGKILL);
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    close(ends[0]);
}

void probe_milter(const char *endpoint, const struct probe_as *as, struct probe_report *ret_report)
{
    in_child(try_milter, endpoint, as, ret_report);
}

void probe_read(const char *path, const struct probe_as *as, struct probe_report *ret_report)
{
    in_child(try_read, path, as, ret_report);
}

void probe_keys(const char *folder, const struct probe_as *as, struct probe_report *ret_report)
{
    in_child(try_keys, folder, as, ret_report);
}

const char *probe_group(const char *user)
{
    const struct passwd *entry = getpwnam(user);
    const struct group *group = entry ? getgrgid(entry->pw_gid) : NULL;
    return group ? group->gr_name : user;
}

void probe_write(const char *path, const struct probe_as *as, struct probe_report *ret_report)
{
    in_child(try_write, path, as, ret_report);
}
