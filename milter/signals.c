/* Turning signals into events. */
#include "milter/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static const int numbers[] = {SIGTERM, SIGINT, SIGUSR1, SIGHUP};
static int ends[2] = {-1, -1};

void signals_tell(enum signal_event event)
{
    int reason = errno;
    char byte = (char)event;
    ssize_t ignored = write(ends[1], &byte, 1); /* full: the same event waits there already */
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
    signals_tell(signal == SIGTERM || signal == SIGINT ? SIGNAL_STOP : SIGNAL_RELOAD);
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

enum signal_event signals_wait(int milliseconds)
{
    struct pollfd waiting = {.fd = ends[0], .events = POLLIN};
    char byte;
    int ready;
    do
        ready = poll(&waiting, 1, milliseconds);
    while (ready < 0 && errno == EINTR && milliseconds < 0);
    if (ready > 0 && read(ends[0], &byte, 1) == 1)
        return (enum signal_event)byte;
    return SIGNAL_NONE;
}
