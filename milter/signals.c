/* Turning signals into events. */
#include "milter/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

static const int numbers[] = {SIGTERM, SIGINT, SIGUSR1, SIGHUP, SIGUSR2};

/* Means nothing else to us or to libmilter, and ends nobody. */
#define WAKING SIGURG
static int ends[2] = {-1, -1}; /* of a pipe, which only wakes */
static atomic_bool told[SIGNAL_READABLE];
_Static_assert(ATOMIC_BOOL_LOCK_FREE == 2, "signal handlers set it");

void signals_tell(enum signal_event event)
{
    int reason = errno;
    atomic_store(&told[event], true);
    ssize_t ignored = write(ends[1], "", 1); /* full: it wakes as it is */
    (void)ignored;
    errno = reason;
}

static sigset_t ours(void)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaddset(&set, numbers[i]);
    return set;
}

void signals_hold(void)
{
    sigset_t set = ours();
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void on_signal(int signal)
{
    switch (signal) {
    case SIGTERM:
    case SIGINT:
        signals_tell(SIGNAL_STOP);
        break;
    case SIGUSR2:
        signals_tell(SIGNAL_SUCCEED);
        break;
    default:
        signals_tell(SIGNAL_RELOAD);
    }
}

static void on_waking(int signal)
{
    (void)signal;
}

bool signals_open(struct error *error)
{
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return error_set(error, "pipe: %s", strerror(errno));
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaction(numbers[i], &action, NULL);
    sigset_t set = ours();
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    action.sa_handler = on_waking;
    action.sa_flags = 0; /* it is there to interrupt */
    sigaction(WAKING, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
    return true;
}

void signals_block(void)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
}

void signals_allow_wake(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, WAKING);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

void signals_wake(pthread_t thread)
{
    pthread_kill(thread, WAKING);
}

/* The pipe first: what is told behind our back then wakes us once more. */
static enum signal_event next_event(void)
{
    char bytes[4096];
    while (read(ends[0], bytes, sizeof bytes) > 0)
        ;
    for (enum signal_event event = SIGNAL_ENDED; event < SIGNAL_READABLE; event++)
        if (atomic_exchange(&told[event], false))
            return event;
    return SIGNAL_NONE;
}

enum signal_event signals_wait_or(int fd, int milliseconds)
{
    struct pollfd waiting[2] = {{.fd = ends[0], .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    int ready;
    enum signal_event event = next_event();
    if (event)
        return event;
    do
        ready = poll(waiting, 2, milliseconds);
    while (ready < 0 && errno == EINTR && milliseconds < 0);
    event = next_event();
    return !event && ready > 0 && waiting[1].revents ? SIGNAL_READABLE : event;
}

enum signal_event signals_wait(int milliseconds)
{
    return signals_wait_or(-1, milliseconds);
}
