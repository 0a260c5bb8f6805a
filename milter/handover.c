/* Starting a successor, and letting go of the listening socket once it can serve. */
#include "milter/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "milter/channel.h"
#include "milter/clock.h"
#include "milter/notify.h"
#include "milter/server.h"
#include "milter/signals.h"

/* For loading large tables; nothing waits for it. */
#define LOAD_MILLISECONDS (300 * 1000)
/* For starting libmilter; connections wait in the socket meanwhile, and MTAs for 30 s. */
#define SERVE_MILLISECONDS (15 * 1000)
/* It waits for that word alone. */
#define HEAR_MILLISECONDS 5000

static struct {
    int channel;
    const struct listening *listening;
    const char *program;
    bool paused;
    int64_t until; /* of clock_milliseconds */
} now = {.channel = -1};

/* Nothing but async-signal-safe calls: other threads were at work when we forked. */
__attribute__((noreturn)) static void become_successor(const char *program, char *const *arguments,
                                                       int channel)
{
    char text[] = "exec 000";
    signals_hold();
    if (dup2(channel, ARGUMENTS_CHANNEL) >= 0 && close_range(ARGUMENTS_CHANNEL + 1, ~0U, 0) == 0)
        execv(program, arguments);
    for (int i = 0, rest = errno; i < 3; i++, rest /= 10)
        text[sizeof text - 2 - (size_t)i] = (char)('0' + rest % 10);
    ssize_t ignored = send(ARGUMENTS_CHANNEL, text, sizeof text - 1, MSG_NOSIGNAL);
    (void)ignored;
    _exit(127);
}

/* The successor is nobody's child, so that a service manager takes it for its own. */
static bool start(const struct arguments *arguments, int *ret_channel, struct error *error)
{
    int ends[2];
    char *successor[ARGUMENTS_MOST];
    arguments_for_successor(arguments, successor);
    if (!channel_pair(ends, error))
        return false;
    pid_t child = fork();
    if (child == 0) {
        pid_t grandchild = fork();
        if (grandchild == 0)
            become_successor(arguments->program, successor, ends[1]);
        _exit(grandchild < 0);
    }
    int status = 0;
    pid_t ended = child;
    while (child > 0 && (ended = waitpid(child, &status, 0)) < 0 && errno == EINTR)
        ;
    int reason = ended < 0 ? errno : EAGAIN;
    close(ends[1]);
    if (ended > 0 && status == 0) {
        *ret_channel = ends[0];
        return true;
    }
    close(ends[0]); /* one that did start gives up */
    return error_set(error, "cannot start a successor: %s: %s",
                     child > 0 && ended < 0 ? "waitpid" : "fork", strerror(reason));
}

bool handover_begin(const struct arguments *arguments, const struct listening *listening,
                    struct error *error)
{
    char offer[CHANNEL_TEXT];
    if (now.channel >= 0)
        return error_set(error, "another hand-over is under way");
    /* The kernel ends what is left of a process id namespace with its first process. */
    if (getpid() == 1)
        return error_set(error, "process 1 can't be followed, its end is that of all: restart its "
                                "container, or have an init start submilter there");
    int channel = channel_call();
    if (channel < 0 && !start(arguments, &channel, error))
        return false;
    snprintf(offer, sizeof offer, "offer %s %s", listening->lent ? "lent" : "own", listening->spec);
    struct error ignored;
    bool told = channel_send(channel, listening->fd, offer, &ignored);
    (void)told; /* handover_step hears its last words */
    now.channel = channel;
    now.listening = listening;
    now.program = arguments->program;
    now.paused = false;
    now.until = clock_milliseconds() + LOAD_MILLISECONDS;
    return true;
}

bool handover_is_paused(void)
{
    return now.paused;
}

int handover_channel(void)
{
    return now.channel;
}

bool handover_is_overdue(void)
{
    return now.channel >= 0 && clock_milliseconds() > now.until;
}

void handover_abandon(void)
{
    if (now.channel >= 0)
        close(now.channel);
    now.channel = -1;
    if (now.paused)
        server_resume();
    now.paused = false;
}

static bool on_ready(struct error *error)
{
    if (!server_pause(error))
        return false;
    now.paused = true;
    now.until = clock_milliseconds() + SERVE_MILLISECONDS;
    return channel_send(now.channel, -1, "yours", error);
}

/* "PID SPEC". The socket is ours until the successor knows that it is not. */
static enum handover_step on_serving(const char *text, pid_t *ret_successor)
{
    struct error ignored;
    char *end;
    *ret_successor = (pid_t)strtol(text, &end, 10);
    if (!channel_send(now.channel, -1, "left", &ignored) ||
        !channel_was_heard(now.channel, HEAR_MILLISECONDS))
        return HANDOVER_WAIT; /* for its last words, or its end */
    if (strcmp(end + (*end == ' '), now.listening->spec) != 0)
        listen_remove(now.listening); /* it listens elsewhere */
    server_leave();
    now.paused = false;
    /* The service manager hears of it from us first: it does not listen to others. */
    notify_successor(*ret_successor);
    handover_abandon();
    return HANDOVER_DONE;
}

enum handover_step handover_step(pid_t *ret_successor, struct error *error)
{
    char text[CHANNEL_TEXT];
    struct error reason;
    bool heard = channel_receive(now.channel, 0, text, NULL, &reason);
    if (heard && strcmp(text, "ready") == 0 && !now.paused) {
        heard = false;
        if (on_ready(&reason))
            return HANDOVER_WAIT;
    }
    if (heard && strncmp(text, "serving ", 8) == 0 && now.paused)
        return on_serving(text + 8, ret_successor);
    if (heard && strncmp(text, "failed ", 7) == 0)
        error_set(&reason, "%.1000s", text + 7);
    else if (heard && strncmp(text, "exec ", 5) == 0)
        error_set(&reason, "cannot run %s: %s", now.program,
                  strerror((int)strtol(text + 5, NULL, 10)));
    else if (heard)
        error_set(&reason, "the successor speaks another language");
    *error = reason;
    handover_abandon();
    return HANDOVER_FAILED;
}
