/* Running a program of the host and keeping what it said. */
#include "mta/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* What a user's PATH often lacks and an admin's has. */
static const char *find(struct arena *arena, const char *name)
{
    static const char *const folders[] = {"/usr/sbin", "/usr/bin",        "/sbin",
                                          "/bin",      "/usr/local/sbin", "/usr/local/bin"};
    if (strchr(name, '/'))
        return name;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        const char *path = arena_printf(arena, "%s/%s", folders[i], name);
        if (path && access(path, X_OK) == 0)
            return path;
    }
    return NULL;
}

/* The environment, with the messages of programs in English. */
static char **with_c_locale(struct arena *arena)
{
    size_t count = 0;
    while (environ[count])
        count++;
    char **changed = arena_alloc(arena, (count + 2) * sizeof *changed);
    if (!changed)
        return NULL;
    size_t kept = 0;
    changed[kept++] = arena_text(arena, BYTES("LC_ALL=C"));
    for (size_t i = 0; i < count; i++)
        if (strncmp(environ[i], "LC_ALL=", 7) != 0)
            changed[kept++] = environ[i];
    return changed;
}

/* posix_spawn() wants them writable. */
static char **copied(struct arena *arena, const char *const argv[])
{
    size_t count = 0;
    while (argv[count])
        count++;
    char **copy = arena_alloc(arena, (count + 1) * sizeof *copy);
    for (size_t i = 0; copy && i < count; i++)
        copy[i] = arena_text(arena, bytes_of(argv[i]));
    return copy;
}

struct start {
    const char *path;
    const char *folder; /* NULL: the caller's */
    const char *const *argv;
    int out;
    int err;
};

static bool start(struct arena *arena, const struct start *wanted, pid_t *ret_child,
                  struct error *error)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    char **environment = with_c_locale(arena);
    char **arguments = copied(arena, wanted->argv);
    if (arena_failed(arena))
        return error_set(error, "memory is out");
    /* Whatever this one holds back, a program (a daemon) begins as one does. */
    posix_spawnattr_init(&attributes);
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, wanted->out, 1);
    posix_spawn_file_actions_adddup2(&actions, wanted->err, 2);
    if (wanted->folder)
        posix_spawn_file_actions_addchdir_np(&actions, wanted->folder);
    int failed =
        posix_spawn(ret_child, wanted->path, &actions, &attributes, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (failed)
        return error_set(error, "cannot run %s: %s", wanted->path, strerror(failed));
    return true;
}

/* Whether it ended in time. Without a handle (descriptors have run out, the kernel or a filter has
 * none) it is asked now and then, and stays there to be waited for. */
static bool ends_within(pid_t child, int seconds)
{
    int handle = (int)syscall(SYS_pidfd_open, child, 0);
    if (handle >= 0) {
        struct pollfd ended = {.fd = handle, .events = POLLIN};
        int ready;
        do
            ready = poll(&ended, 1, seconds * 1000);
        while (ready < 0 && errno == EINTR);
        close(handle);
        return ready != 0;
    }
    for (int left = seconds * 100; left >= 0; left--) {
        siginfo_t info = {.si_pid = 0};
        if (waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid)
            return true;
        if (left)
            poll(NULL, 0, 10);
    }
    return false;
}

static bool wait_for(pid_t child, int seconds, const char *path, int *ret_status,
                     struct error *error)
{
    bool in_time = ends_within(child, seconds);
    if (!in_time)
        kill(child, SIGKILL);
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return error_set(error, "%s: how it ended cannot be told: %s", path, strerror(errno));
    if (!in_time)
        return error_set(error, "%s did not end within %d seconds", path, seconds);
    *ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return true;
}

static bool read_back(struct arena *arena, int fd, struct bytes *ret)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return false;
    char *data = arena_alloc(arena, (size_t)status.st_size + 1);
    if (!data)
        return false;
    size_t len = 0;
    while (len < (size_t)status.st_size) {
        ssize_t got = pread(fd, data + len, (size_t)status.st_size - len, (off_t)len);
        if (got <= 0)
            return false;
        len += (size_t)got;
    }
    *ret = (struct bytes){data, len};
    return true;
}

static bool run_in(struct arena *arena, const char *folder, const char *const argv[], int seconds,
                   struct program_output *ret_output, struct error *error)
{
    const char *path = find(arena, argv[0]);
    if (!path)
        return error_set(error, "there is no program %s on this host", argv[0]);
    int out = memfd_create("out", MFD_CLOEXEC);
    int err = memfd_create("err", MFD_CLOEXEC);
    const struct start wanted = {path, folder, argv, out, err};
    pid_t child;
    bool done = false;
    *ret_output = (struct program_output){0};
    if (out < 0 || err < 0)
        error_set(error, "cannot run %s: %s", path, strerror(errno));
    else if (start(arena, &wanted, &child, error) &&
             wait_for(child, seconds, path, &ret_output->status, error)) {
        done = read_back(arena, out, &ret_output->out) && read_back(arena, err, &ret_output->err);
        if (!done)
            error_set(error, "%s: what it said cannot be read: memory is out", path);
    }
    if (out >= 0)
        close(out);
    if (err >= 0)
        close(err);
    return done;
}

bool program_run(struct arena *arena, const char *const argv[], int seconds,
                 struct program_output *ret_output, struct error *error)
{
    return run_in(arena, NULL, argv, seconds, ret_output, error);
}

enum weight { WARNING, PLAIN, FATAL };

static enum weight weight_of(struct bytes line)
{
    if (bytes_find_nocase(line, BYTES("fatal:")) < line.len ||
        bytes_find_nocase(line, BYTES("error:")) < line.len)
        return FATAL;
    return bytes_find_nocase(line, BYTES("warning:")) < line.len ? WARNING : PLAIN;
}

/* The first line of those that weigh most: a program may warn of something else before it fails. */
static struct bytes line_that_counts(struct bytes said)
{
    struct bytes found = {NULL, 0};
    enum weight most = WARNING;
    for (struct bytes rest = said; rest.len;) {
        size_t end = bytes_find(rest, '\n');
        struct bytes line = bytes_trim(bytes_slice(rest, 0, end));
        rest = bytes_slice(rest, end + 1, rest.len);
        if (line.len && (!found.data || weight_of(line) > most)) {
            found = line;
            most = weight_of(line);
        }
    }
    return found;
}

bool program_must_run_in(struct arena *arena, const char *folder, const char *const argv[],
                         int seconds, struct program_output *ret_output, struct error *error)
{
    if (!run_in(arena, folder, argv, seconds, ret_output, error))
        return false;
    if (ret_output->status == 0)
        return true;
    struct bytes said = ret_output->err.len ? ret_output->err : ret_output->out;
    said = line_that_counts(said);
    return error_set(error, "%s failed with %d: %.*s", argv[0], ret_output->status, (int)said.len,
                     said.data ? said.data : "");
}

bool program_must_run(struct arena *arena, const char *const argv[], int seconds,
                      struct program_output *ret_output, struct error *error)
{
    return program_must_run_in(arena, NULL, argv, seconds, ret_output, error);
}
