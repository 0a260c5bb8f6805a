/* Blocking signals for as long as setup changes something. */
#include "ctl/setup/hold.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

static const int held[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};

static bool is_ignored(int signal)
{
    struct sigaction action;
    return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

static sigset_t before; /* what whoever runs this blocks */

void hold_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    for (size_t i = 0; i < sizeof held / sizeof *held; i++)
        sigaddset(&signals, held[i]);
    sigprocmask(SIG_BLOCK, &signals, &before);
}

/* The kernel keeps a blocked signal also where it is ignored. */
int hold_pending(void)
{
    sigset_t come;
    sigpending(&come);
    for (size_t i = 0; i < sizeof held / sizeof *held; i++)
        if (sigismember(&come, held[i]) == 1 && sigismember(&before, held[i]) == 0 &&
            !is_ignored(held[i]))
            return held[i];
    return 0;
}

void hold_release(void)
{
    sigprocmask(SIG_SETMASK, &before, NULL);
}
