/* Signalling processes by pidfd. */
#include "ctl/setup/process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ctl/daemons.h"

#define END_SECONDS 70 /* a stop may take 56: TimeoutStopSec= of the unit says of what */

/* By digits alone: kill(2) takes -1 and 0 for more than one process. */
static pid_t number_of(const char *text)
{
    char *end;
    if (*text < '1' || *text > '9')
        return 0;
    errno = 0;
    long number = strtol(text, &end, 10);
    return errno == 0 && (*end == '\0' || *end == '\n') && number > 1 && number <= INT_MAX
               ? (pid_t)number
               : 0;
}

static int open_handle(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* After an upgrade the kernel says "NAME (deleted)". */
static bool runs_program(pid_t pid, const char *program)
{
    char link[64];
    char path[PATH_MAX];
    size_t len = strlen(program);
    snprintf(link, sizeof link, "/proc/%d/exe", (int)pid);
    ssize_t got = readlink(link, path, sizeof path - 1);
    if (got <= 0)
        return false;
    path[got] = '\0';
    const char *name = strrchr(path, '/');
    return name && strncmp(name + 1, program, len) == 0 &&
           (name[len + 1] == '\0' || name[len + 1] == '.' || name[len + 1] == ' ');
}

int process_of_file(const char *path, const char *program, pid_t *ret_pid)
{
    char text[32] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    ssize_t got = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0)
        close(fd);
    *ret_pid = got > 0 ? number_of(text) : 0;
    if (!*ret_pid)
        return -1;
    /* The handle first: whatever takes the number over afterwards is not what it stands for. */
    int handle = open_handle(*ret_pid);
    if (handle >= 0 && runs_program(*ret_pid, program))
        return handle;
    if (handle >= 0)
        close(handle);
    return -1;
}

bool process_signal(int handle, int signal, struct error *error)
{
    return syscall(SYS_pidfd_send_signal, handle, signal, NULL, 0) == 0 ||
           error_set(error, "the process cannot be sent a signal: %s", strerror(errno));
}

static bool end_one(pid_t pid, const char *program, const char *config, struct error *error)
{
    int handle = open_handle(pid);
    if (handle < 0)
        return true;
    bool ended = true;
    if (daemons_is(pid, program, config)) {
        struct pollfd over = {.fd = handle, .events = POLLIN};
        ended = process_signal(handle, SIGTERM, error);
        if (ended && poll(&over, 1, END_SECONDS * 1000) == 0)
            ended =
                error_set(error, "process %d did not end within %d seconds", (int)pid, END_SECONDS);
    }
    close(handle);
    return ended;
}

static bool reload_one(pid_t pid, const char *program, const char *config, struct error *error)
{
    int handle = open_handle(pid);
    if (handle < 0)
        return true;
    bool told = !daemons_is(pid, program, config) || process_signal(handle, SIGUSR1, error);
    close(handle);
    return told;
}

bool process_reload_daemon(const char *program, const char *config, struct error *error)
{
    pid_t pids[DAEMONS_MOST];
    size_t count = daemons_find(program, config, pids, DAEMONS_MOST);
    bool told = true;
    for (size_t i = 0; i < count; i++)
        told = reload_one(pids[i], program, config, error) && told;
    return told;
}

bool process_end_daemons(const char *program, const char *config, struct error *error)
{
    pid_t pids[DAEMONS_MOST];
    size_t count = daemons_find(program, config, pids, DAEMONS_MOST);
    bool ended = true;
    for (size_t i = 0; i < count; i++)
        ended = end_one(pids[i], program, config, error) && ended;
    return ended;
}
