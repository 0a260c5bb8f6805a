/* Keeps libmilter's own thread from taking signals.
 *
 * That thread asks sigwait() for HUP, TERM and INT and ends the daemon on each of them. The kernel
 * prefers the main thread, where it has them unblocked, but not while another signal is on its way
 * to it. libmilter asks through the dynamic linker and finds this sigwait, which never answers;
 * where that does not take hold (a static libmilter), the kernel's preference has to do. Nothing
 * else in the daemon calls it. */
#include <signal.h>
#include <unistd.h>

int sigwait(const sigset_t *restrict set, int *restrict ret_signal)
{
    (void)set;
    (void)ret_signal;
    for (;;)
        pause();
}
