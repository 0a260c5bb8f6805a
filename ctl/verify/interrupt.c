/* Remembering signals. */
#include "ctl/verify/interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t caught;

static void catch (int number)
{
    caught = number;
}

void interrupt_begin(void)
{
    static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction catching = {.sa_handler = catch, .sa_flags = SA_RESETHAND}, before;
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++)
        if (sigaction(ending[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(ending[i], &catching, NULL);
}

bool interrupted(void)
{
    return caught != 0;
}

void interrupt_end(void)
{
    if (!caught)
        return;
    signal(caught, SIG_DFL);
    raise(caught);
}
