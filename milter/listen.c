/* Opening the socket ourselves, so that mode, group, stale files and TCP_NODELAY are as they should
 * be. */
#include "milter/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "dkim/account.h"
#include "gate/snapshot.h"
#include "milter/inherited.h"
#include "policy/shell.h"

#define BACKLOG 512
#define LOCK_MILLISECONDS 5000
#define LOCK_AGAIN_MILLISECONDS 10

bool listen_is_live(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return true;
    /* Any other answer (no permission, a full queue) can be a live one's. */
    bool live = connect(fd, (const struct sockaddr *)address, sizeof *address) == 0 ||
                (errno != ECONNREFUSED && errno != ENOENT);
    close(fd);
    return live;
}

static bool group_id(const char *name, gid_t *ret_group, struct error *error)
{
    int failed = account_find_group(name, ret_group);
    if (failed == ENOENT)
        return error_set(error, "socket_group: there is no group \"%s\" on this host", name);
    return !failed || error_set(error, "socket_group: nobody can tell which group \"%s\" is: %s",
                                name, strerror(failed));
}

/* What stands at the path may be replaced: nothing, or a socket that nobody listens on. */
static bool may_replace(const struct sockaddr_un *address, struct error *error)
{
    struct stat status;
    if (lstat(address->sun_path, &status) < 0)
        return true;
    if (!S_ISSOCK(status.st_mode))
        return error_set(error,
                         "%s: there is something that is not a socket; remove it or choose "
                         "another path for socket",
                         address->sun_path);
    if (listen_is_live(address))
        return error_set(error,
                         "%s: another process is listening there; stop it first (submilter may be "
                         "running already)",
                         address->sun_path);
    return true;
}

/* The socket that we have just made, and nothing that the folder's owner has put there since: root
 * gives it away. Returns a descriptor of its name (O_PATH), or -1. */
static int hold(const char *temporary, struct stat *ret_status, struct error *error)
{
    int made = open(temporary, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (made >= 0 && fstat(made, ret_status) == 0 && S_ISSOCK(ret_status->st_mode) &&
        ret_status->st_nlink == 1 && ret_status->st_uid == geteuid())
        return made;
    if (made >= 0)
        close(made);
    error_set(error,
              "%s: somebody has just put something else in the place of the socket; look who",
              temporary);
    return -1;
}

/* To the user that the daemon will be, who has to be able to connect too (milter/server.h), and to
 * the MTA's group. */
static bool give(int made, const struct stat *status, const char *path,
                 const struct settings *settings, struct error *error)
{
    uid_t user;
    gid_t group;
    if (!snapshot_identity(settings, &user, &group, error) ||
        (settings->socket_group && !group_id(settings->socket_group, &group, error)))
        return false;
    if (!settings->socket_group)
        group = (gid_t)-1;
    if (status->st_uid == user && (!settings->socket_group || status->st_gid == group))
        return true;
    return fchownat(made, "", user, group, AT_EMPTY_PATH) == 0 ||
           error_set(error,
                     "%s: cannot give it to the group \"%s\": %s; start it as root, or write "
                     "socket_group = \"\";",
                     path, settings->socket_group ? settings->socket_group : "", strerror(errno));
}

static bool publish(int fd, const char *temporary, const char *path,
                    const struct settings *settings, struct listening *listening,
                    struct error *error)
{
    struct stat status;
    int made = hold(temporary, &status, error);
    if (made < 0)
        return false;
    bool given = give(made, &status, path, settings, error);
    close(made);
    if (!given)
        return false;
    listening->device = status.st_dev;
    listening->inode = status.st_ino;
    if (listen(fd, BACKLOG) < 0 || rename(temporary, path) < 0)
        return error_set(error, "%s: %s", path, strerror(errno));
    return true;
}

/* A folder that is there already may be another's: nobody is told to give that away. */
static bool socket_failed(const char *path, int reason, const struct settings *settings,
                          struct error *error)
{
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    if (reason == ENOENT)
        return error_set(error,
                         "%s: cannot make the socket: its folder has to be there first: install -d "
                         "-o %s -g %s -m 2750 %s",
                         path, shell_word(settings->user ? settings->user : "root").text,
                         shell_word(settings->socket_group ? settings->socket_group : "root").text,
                         shell_word(folder).text);
    return error_set(error,
                     "%s: cannot make the socket: %s; whoever starts the daemon has to be able to "
                     "write its folder: start it as root, or choose a folder of its own",
                     path, strerror(reason));
}

static bool make_unix(const char *path, const struct settings *settings,
                      struct listening *listening, struct error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct sockaddr_un temporary = {.sun_family = AF_UNIX};
    char suffix[24];
    snprintf(suffix, sizeof suffix, ".%ld", (long)getpid());
    if (strlen(path) + strlen(suffix) >= sizeof address.sun_path)
        return error_set(error, "socket: the path %s is too long, at most %zu bytes", path,
                         sizeof address.sun_path - strlen(suffix) - 1);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    snprintf(temporary.sun_path, sizeof temporary.sun_path, "%s%s", path, suffix);
    if (!may_replace(&address, error))
        return false;

    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    unlink(temporary.sun_path);
    /* The mode comes by the umask: a chmod could be led elsewhere by who owns the folder. */
    mode_t mask = umask(0777 & ~(mode_t)settings->socket_mode);
    int failed = fd < 0 || bind(fd, (const struct sockaddr *)&temporary, sizeof temporary) < 0;
    int reason = errno;
    umask(mask);
    if (failed) {
        if (fd >= 0)
            close(fd);
        return socket_failed(path, reason, settings, error);
    }
    if (!publish(fd, temporary.sun_path, path, settings, listening, error)) {
        unlink(temporary.sun_path);
        close(fd);
        return false;
    }
    listening->fd = fd;
    snprintf(listening->path, sizeof listening->path, "%s", path);
    memcpy(&listening->address, &address, sizeof address);
    listening->address_len = sizeof address;
    return true;
}

/* Of two that start at once the second one finds the first. Whoever may read the folder can hold
 * the lock too: it is not waited for longer than an honest start takes. */
static int lock_folder(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s/", slash ? (int)(slash - path) : 0, path);
    int lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int waited = 0; lock >= 0 && waited < LOCK_MILLISECONDS &&
                         flock(lock, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
         waited += LOCK_AGAIN_MILLISECONDS)
        poll(NULL, 0, LOCK_AGAIN_MILLISECONDS);
    return lock;
}

static bool open_unix(const char *path, const struct settings *settings,
                      struct listening *listening, struct error *error)
{
    int lock = lock_folder(path);
    bool made = make_unix(path, settings, listening, error);
    if (lock >= 0)
        close(lock);
    return made;
}

static int open_address(const struct addrinfo *address)
{
    int on = 1;
    int fd = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC, address->ai_protocol);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    /* Accepted sockets inherit it: libmilter's small answers would else wait 40 ms for each other.
     */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (address->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int reason = errno;
    close(fd);
    errno = reason;
    return -1;
}

/* "PORT" or "PORT@ADDRESS"; without an address: loopback only, as nobody but an MTA may talk to us.
 */
static bool open_inet(const char *where, int family, struct listening *listening,
                      struct error *error)
{
    char port[32];
    const char *at = strchr(where, '@');
    const char *host = at ? at + 1 : family == AF_INET ? "127.0.0.1" : "::1";
    snprintf(port, sizeof port, "%.*s", (int)(at ? at - where : (long)strlen(where)), where);
    struct addrinfo hints = {
        .ai_family = family, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *found = NULL;
    int failed = getaddrinfo(host, port, &hints, &found);
    if (failed)
        return error_set(error, "socket: %s: %s", where, gai_strerror(failed));
    listening->fd = open_address(found);
    int reason = errno;
    memcpy(&listening->address, found->ai_addr, found->ai_addrlen);
    listening->address_len = found->ai_addrlen;
    freeaddrinfo(found);
    if (listening->fd < 0)
        return error_set(error, "socket: cannot listen at %s: %s", where, strerror(reason));
    return true;
}

static bool open_inherited(const char *number, struct listening *listening, struct error *error)
{
    char *end;
    char what[48];
    long fd = strtol(number, &end, 10);
    snprintf(what, sizeof what, "fd:%s", number);
    if (!*number || *end || fd < 0 || fd > 65535)
        return error_set(error, "socket: %s is not a listening socket", what);
    if (!inherited_adopt((int)fd, what, listening, error))
        return false;
    listening->lent = true;
    return true;
}

static bool open_spec(const char *spec, const struct settings *settings,
                      struct listening *ret_listening, struct error *error)
{
    if (strncmp(spec, "unix:", 5) == 0)
        return open_unix(spec + 5, settings, ret_listening, error);
    if (strncmp(spec, "local:", 6) == 0)
        return open_unix(spec + 6, settings, ret_listening, error);
    if (strncmp(spec, "inet:", 5) == 0)
        return open_inet(spec + 5, AF_INET, ret_listening, error);
    if (strncmp(spec, "inet6:", 6) == 0)
        return open_inet(spec + 6, AF_INET6, ret_listening, error);
    if (strncmp(spec, "fd:", 3) == 0)
        return open_inherited(spec + 3, ret_listening, error);
    return error_set(
        error,
        "socket: \"%s\": expected unix:/PATH, inet:PORT@ADDRESS, inet6:PORT@ADDRESS or "
        "fd:NUMBER",
        spec);
}

bool listen_open(const struct settings *settings, struct listening *ret_listening,
                 struct error *error)
{
    *ret_listening = (struct listening){.fd = -1};
    if (!open_spec(settings->socket, settings, ret_listening, error))
        return false;
    if (!ret_listening->spec[0])
        snprintf(ret_listening->spec, sizeof ret_listening->spec, "%s", settings->socket);
    return true;
}

void listen_remove(const struct listening *listening)
{
    struct stat status;
    if (listening->path[0] && lstat(listening->path, &status) == 0 &&
        status.st_dev == listening->device && status.st_ino == listening->inode)
        unlink(listening->path);
}
