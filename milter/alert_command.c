/* A child process with a time limit, fed and heard through pipes that nobody waits for. */
#include "milter/alert_command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "milter/clock.h"

#define WORDS_MAX 64
#define LOOK_MILLISECONDS 20
#define GRACE_MILLISECONDS 1000 /* between TERM and KILL */

/* What is under way: pipe ends are -1 once they are closed. */
struct running {
    pid_t pid;
    int in, out;
    struct bytes input; /* what is still to be written */
    char said[200];     /* the first line */
    size_t said_len;
    bool said_all;
    int status;
    int lost; /* why it cannot be waited for: its number may be another's */
};

static void close_end(int *end)
{
    if (*end >= 0)
        close(*end);
    *end = -1;
}

/* Blanks divide words; text is cut up. */
static bool split(char *text, char *const *words, char **ret_arguments)
{
    size_t count = 0;
    char *rest = NULL;
    for (char *word = strtok_r(text, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
        if (count == WORDS_MAX)
            return false;
        ret_arguments[count++] = word;
    }
    for (; *words && count < WORDS_MAX; words++)
        ret_arguments[count++] = *words;
    ret_arguments[count] = NULL;
    return ret_arguments[0] != NULL && !*words;
}

static int prepare(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes, int in,
                   int out)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int failed = posix_spawnattr_setsigmask(attributes, &none);
    failed = failed ? failed : posix_spawnattr_setsigdefault(attributes, &all);
    failed = failed ? failed
                    : posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK |
                                                               POSIX_SPAWN_SETSIGDEF |
                                                               POSIX_SPAWN_SETSID);
    failed = failed ? failed : posix_spawn_file_actions_adddup2(actions, in, 0);
    failed = failed ? failed : posix_spawn_file_actions_adddup2(actions, out, 1);
    failed = failed ? failed : posix_spawn_file_actions_adddup2(actions, out, 2);
    failed = failed ? failed : posix_spawn_file_actions_addclosefrom_np(actions, 3);
    return failed ? failed : posix_spawn_file_actions_addchdir_np(actions, "/");
}

static int spawn(char *const *arguments, int in, int out, pid_t *ret_pid)
{
    static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    static char language[] = "LANG=C.UTF-8";
    char *const environment[] = {path, language, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int failed = posix_spawn_file_actions_init(&actions);
    if (failed)
        return failed;
    failed = posix_spawnattr_init(&attributes);
    if (!failed) {
        failed = prepare(&actions, &attributes, in, out);
        if (!failed)
            failed =
                posix_spawn(ret_pid, arguments[0], &actions, &attributes, arguments, environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return failed;
}

static bool start(char *const *arguments, struct running *running, struct error *error)
{
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) < 0)
        return error_set(error, "pipe: %s", strerror(errno));
    if (pipe2(out, O_CLOEXEC) < 0) {
        int reason = errno;
        close(in[0]);
        close(in[1]);
        return error_set(error, "pipe: %s", strerror(reason));
    }
    int failed = spawn(arguments, in[0], out[1], &running->pid);
    close(in[0]);
    close(out[1]);
    running->in = in[1];
    running->out = out[0];
    /* Our ends alone: who is at the other one may wait there. */
    fcntl(running->in, F_SETFL, O_NONBLOCK);
    fcntl(running->out, F_SETFL, O_NONBLOCK);
    if (!failed)
        return true;
    close_end(&running->in);
    close_end(&running->out);
    return error_set(error, "cannot be run: %s", strerror(failed));
}

static void feed(struct running *running)
{
    while (running->in >= 0 && running->input.len) {
        ssize_t len = write(running->in, running->input.data, running->input.len);
        if (len < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (len < 0) /* it does not want to know */
            break;
        running->input = bytes_slice(running->input, (size_t)len, running->input.len);
    }
    close_end(&running->in);
}

/* One line, whatever is printed. */
static void keep(struct running *running, const char *data, size_t len)
{
    for (size_t i = 0; i < len && !running->said_all; i++) {
        bool ends = data[i] == '\n' && running->said_len > 0;
        running->said_all = ends || running->said_len == sizeof running->said - 1;
        if (!running->said_all && data[i] != '\n')
            running->said[running->said_len++] = data[i] >= ' ' && data[i] <= '~' ? data[i] : '?';
    }
}

static void hear(struct running *running)
{
    char data[4096];
    for (int reads = 0; running->out >= 0 && reads < 16; reads++) { /* it may print for ever */
        ssize_t len = read(running->out, data, sizeof data);
        if (len < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (len <= 0)
            close_end(&running->out);
        else
            keep(running, data, (size_t)len);
    }
}

/* It stays a zombie until reap(): its number is nobody else's while we may still signal it. */
static bool has_ended(struct running *running)
{
    siginfo_t info = {0};
    while (waitid(P_PID, (id_t)running->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
        if (errno != EINTR) {
            running->lost = errno;
            return true;
        }
    return info.si_pid != 0;
}

static void reap(struct running *running)
{
    while (!running->lost && waitpid(running->pid, &running->status, 0) < 0)
        if (errno != EINTR)
            running->lost = errno;
}

static bool attend(struct running *running, int64_t until, const _Atomic int64_t *end_by)
{
    while (!has_ended(running)) {
        int64_t now = clock_milliseconds();
        if (now >= until || (end_by && now >= atomic_load(end_by)))
            return false;
        struct pollfd ends[2] = {{.fd = running->in, .events = POLLOUT},
                                 {.fd = running->out, .events = POLLIN}};
        poll(ends, 2, LOOK_MILLISECONDS);
        feed(running);
        hear(running);
    }
    hear(running);
    return true;
}

static void end(struct running *running)
{
    kill(-running->pid, SIGTERM);
    attend(running, clock_milliseconds() + GRACE_MILLISECONDS, NULL);
    if (!running->lost)
        kill(-running->pid, SIGKILL); /* what it started, too */
}

static bool judge(const struct running *running, struct error *error)
{
    const char *colon = running->said_len ? ": " : "";
    if (running->lost)
        return error_set(error, "how it ended cannot be told: %s", strerror(running->lost));
    if (WIFEXITED(running->status) && WEXITSTATUS(running->status) == 0)
        return true;
    if (WIFEXITED(running->status))
        return error_set(error, "it ended with exit code %d%s%s", WEXITSTATUS(running->status),
                         colon, running->said);
    return error_set(error, "signal %d ended it%s%s", WTERMSIG(running->status), colon,
                     running->said);
}

bool alert_command_run(const char *command, char *const *words, struct bytes input,
                       const _Atomic int64_t *end_by, struct error *error)
{
    struct running running = {.in = -1, .out = -1, .input = input};
    char *arguments[WORDS_MAX + 1];
    char *text = strdup(command);
    if (!text)
        return error_set(error, "out of memory");
    bool started = split(text, words, arguments)
                       ? start(arguments, &running, error)
                       : error_set(error, "it has no words, or more than %d", WORDS_MAX);
    free(text);
    if (!started)
        return false;
    int64_t until = clock_milliseconds() + (int64_t)ALERT_COMMAND_SECONDS * 1000;
    bool ended = attend(&running, until, end_by);
    if (!ended)
        end(&running);
    reap(&running);
    close_end(&running.in);
    close_end(&running.out);
    if (ended)
        return judge(&running, error);
    if (clock_milliseconds() >= until)
        return error_set(error, "it ran for %d s and was killed", ALERT_COMMAND_SECONDS);
    return error_set(error, "it was killed: the daemon had to end");
}
