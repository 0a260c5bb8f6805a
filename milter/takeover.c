/* Asking for the listening socket, and saying when we can serve. */
#include "milter/takeover.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "gate/snapshot.h"
#include "milter/channel.h"
#include "milter/inherited.h"
#include "milter/listen.h"

/* The running daemon may be at a reload of large tables. */
#define PATIENCE 60000
#define LOOK_MILLISECONDS 100
#define PART_MILLISECONDS 5000

/* A number behind a name in /proc/PID/status. */
static unsigned long long number_of(const char *status, const char *name, int base)
{
    const char *at = strstr(status, name);
    return at ? strtoull(at + strlen(name), NULL, base) : 0;
}

/* Whoever owns the pid file's folder may have written anything there: no process gets a signal that
 * is not the daemon's user's, or that does not wait for this one. */
static bool is_daemon(pid_t process, uid_t user)
{
    char path[64];
    char status[8192];
    snprintf(path, sizeof path, "/proc/%ld/status", (long)process);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t len = read(fd, status, sizeof status - 1);
    close(fd);
    if (len <= 0)
        return false;
    status[len] = '\0';
    uid_t owner = (uid_t)number_of(status, "\nUid:", 10);
    unsigned long long caught = number_of(status, "\nSigCgt:", 16);
    return owner == user && (caught >> (SIGUSR2 - 1) & 1);
}

static pid_t read_pid_file(const char *path)
{
    char text[32] = "";
    struct stat status;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return 0;
    bool good =
        fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && read(fd, text, sizeof text - 1) > 0;
    close(fd);
    long process = good ? strtol(text, NULL, 10) : 0;
    return process > 1 ? (pid_t)process : 0;
}

struct predecessor {
    pid_t process;
    uid_t user;
    int handle; /* -1: the kernel, or a filter, has none */
};

/* Whether a daemon runs by that number; its handle is to be closed then. The handle first: what
 * takes the number over afterwards is not what it stands for. */
static bool open_daemon(struct predecessor *daemon)
{
    daemon->handle = daemon->process ? (int)syscall(SYS_pidfd_open, daemon->process, 0) : -1;
    if (daemon->process && is_daemon(daemon->process, daemon->user))
        return true;
    if (daemon->handle >= 0)
        close(daemon->handle);
    return false;
}

static bool call(const struct predecessor *daemon, struct error *error)
{
    long failed = daemon->handle >= 0
                      ? syscall(SYS_pidfd_send_signal, daemon->handle, SIGUSR2, NULL, 0)
                      : kill(daemon->process, SIGUSR2);
    return failed == 0 || errno == ESRCH ||
           error_set(error, "kill -USR2 %ld: %s", (long)daemon->process, strerror(errno));
}

static bool has_ended(const struct predecessor *daemon)
{
    struct pollfd ended = {.fd = daemon->handle, .events = POLLIN};
    return daemon->handle >= 0 ? poll(&ended, 1, 0) > 0 : !is_daemon(daemon->process, daemon->user);
}

/* One that is at its end does not answer any more, and nobody is left to take over from then. */
static bool meet(int meeting, const struct predecessor *daemon, int *ret_channel,
                 struct error *error)
{
    for (int waited = 0; waited < PATIENCE; waited += LOOK_MILLISECONDS) {
        if (channel_meet(meeting, daemon->process, LOOK_MILLISECONDS, ret_channel, error))
            return true;
        if (has_ended(daemon))
            return true;
    }
    return error_prefix(error, "stop it and start without -t: ");
}

/* ret_channel stays as it is where the daemon ends meanwhile. */
static bool ask(const struct predecessor *daemon, int *ret_channel, struct error *error)
{
    int meeting;
    if (!channel_listen(daemon->process, &meeting, error))
        return false;
    bool met = call(daemon, error) && meet(meeting, daemon, ret_channel, error);
    close(meeting);
    return met || error_prefix(error, "taking over from process %ld: ", (long)daemon->process);
}

static const char *path_in(const char *spec)
{
    const char *colon = strchr(spec, ':');
    return colon ? colon + 1 : spec;
}

/* At a TCP port listen_open finds it out. */
static bool somebody_listens(const char *spec)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strncmp(spec, "unix:", 5) != 0 && strncmp(spec, "local:", 6) != 0)
        return false;
    snprintf(address.sun_path, sizeof address.sun_path, "%.*s", (int)sizeof address.sun_path - 1,
             path_in(spec));
    return listen_is_live(&address);
}

bool takeover_ask(const struct settings *settings, int *ret_channel, struct error *error)
{
    uid_t user;
    gid_t group;
    *ret_channel = -1;
    if (!settings->pid_file)
        return !somebody_listens(settings->socket) ||
               error_set(error,
                         "%s: pid_file: -t has to know which process to take over from; write "
                         "pid_file = \"/run/submilter/submilter.pid\"; and restart once",
                         settings->path);
    if (!snapshot_identity(settings, &user, &group, error))
        return false;
    struct predecessor daemon = {.process = read_pid_file(settings->pid_file), .user = user};
    if (!open_daemon(&daemon))
        return true;
    bool met = ask(&daemon, ret_channel, error);
    if (daemon.handle >= 0)
        close(daemon.handle);
    return met;
}

static bool is_socket(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0 && S_ISSOCK(status.st_mode);
}

/* Its name in the file system is not the one that the socket was bound to (milter/listen.c). */
static void reach_by_path(struct listening *listening)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%.*s", (int)sizeof address.sun_path - 1,
             path_in(listening->spec));
    memcpy(&listening->address, &address, sizeof address);
    listening->address_len = sizeof address;
}

bool takeover_receive(int channel, const struct settings *settings, struct listening *ret_listening,
                      struct error *error)
{
    char text[CHANNEL_TEXT];
    int fd;
    if (!channel_receive(channel, PATIENCE, text, &fd, error))
        return error_prefix(error, "taking over: ");
    bool lent = strncmp(text, "offer lent ", 11) == 0;
    bool own = strncmp(text, "offer own ", 10) == 0;
    const char *spec = text + (lent ? 11 : 10);
    if (fd < 0 || (!lent && !own))
        return error_set(error, "taking over: the running daemon speaks another language");
    if (!inherited_adopt(fd, "what the running daemon handed over", ret_listening, error)) {
        close(fd);
        return false;
    }
    bool by_path = own && ret_listening->address.ss_family == AF_UNIX;
    if (own && (strcmp(spec, settings->socket) != 0 || (by_path && !is_socket(path_in(spec))))) {
        close(fd);
        return listen_open(settings, ret_listening, error);
    }
    ret_listening->lent = lent;
    snprintf(ret_listening->spec, sizeof ret_listening->spec, "%.*s",
             (int)sizeof ret_listening->spec - 1, spec);
    if (by_path)
        reach_by_path(ret_listening);
    return true;
}

static bool tell_and_wait(int channel, const char *text, const char *answer, struct error *error)
{
    char heard[CHANNEL_TEXT];
    if (!channel_send(channel, -1, text, error) ||
        !channel_receive(channel, PATIENCE, heard, NULL, error))
        return error_prefix(error, "taking over: ");
    return strcmp(heard, answer) == 0 ||
           error_set(error, "taking over: the running daemon speaks another language");
}

bool takeover_ready(int channel, struct error *error)
{
    return tell_and_wait(channel, "ready", "yours", error);
}

/* The path is ours to remove only once it is not the other one's any more. */
static void own_path(struct listening *listening)
{
    struct stat status;
    if (listening->lent || listening->path[0] || listening->address.ss_family != AF_UNIX ||
        lstat(path_in(listening->spec), &status) < 0)
        return;
    snprintf(listening->path, sizeof listening->path, "%.*s", (int)sizeof listening->path - 1,
             path_in(listening->spec));
    listening->device = status.st_dev;
    listening->inode = status.st_ino;
}

bool takeover_serving(int channel, struct listening *listening, struct error *error)
{
    char text[CHANNEL_TEXT];
    snprintf(text, sizeof text, "serving %ld %s", (long)getpid(), listening->spec);
    if (!tell_and_wait(channel, text, "left", error))
        return false;
    channel_part(channel, PART_MILLISECONDS);
    own_path(listening);
    return true;
}

void takeover_refuse(int channel, const char *reason)
{
    char text[CHANNEL_TEXT];
    struct error ignored;
    if (channel < 0)
        return;
    snprintf(text, sizeof text, "failed %s", reason);
    bool told = channel_send(channel, -1, text, &ignored);
    (void)told; /* it sees us end */
    close(channel);
}
