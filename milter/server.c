/* Starting and stopping libmilter, and keeping it from accepting. */
#include "milter/server.h"

#include <errno.h>
#include <fcntl.h>
#include <libmilter/mfapi.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "milter/callbacks.h"
#include "milter/clock.h"
#include "milter/connection.h"
#include "milter/log.h"
#include "milter/sessions.h"
#include "milter/signals.h"
#include "milter/stream.h"

#define PACKET_BYTES ((size_t)1024 * 1024)
#define WAKE_MILLISECONDS 10
#define STOP_MILLISECONDS 10000 /* smfi_stop itself takes up to 5,000 */

static pthread_t server;
static atomic_bool served_well;
static atomic_bool ended;
static atomic_bool has_been_told; /* smfi_stop has returned */
static bool was_stopped;          /* by us, and not by itself */
static bool hangs;
static int descriptor = -1; /* the one that libmilter knows */
static int kept = -1;       /* the listening socket, while libmilter has another one */
static int silent[2] = {-1, -1};

/* libmilter runs in a thread of its own with all signals blocked, and so do the ones it makes. */
static void *serve(void *unused)
{
    (void)unused;
    signals_block();
    signals_allow_wake();
    atomic_store(&served_well, smfi_main() == MI_SUCCESS);
    atomic_store(&ended, true);
    signals_tell(SIGNAL_ENDED);
    return NULL;
}

bool server_has_ended(void)
{
    return atomic_load(&ended);
}

bool server_start(const struct settings *settings, const struct listening *listening,
                  struct error *error)
{
    char where[32];
    snprintf(where, sizeof where, "fd:%d", listening->fd);
    callbacks_use_tcp(listening->address.ss_family != AF_UNIX);
    if (smfi_setconn(where) != MI_SUCCESS || smfi_register(callbacks) != MI_SUCCESS ||
        smfi_settimeout((int)settings->timeout) != MI_SUCCESS)
        return error_set(error, "libmilter did not take its settings");
    /* Postfix sends fields of up to 100 KB in one packet; the default of 64 KB would reset the
     * connection. */
    smfi_setmaxdatasize(PACKET_BYTES);
    /* Others may take what poll() has told of (a successor, or who lent us the socket): accept()
     * would then wait for the next connection, deaf to smfi_stop, and take it when it is no longer
     * ours. */
    int flags = fcntl(listening->fd, F_GETFL);
    if (flags < 0 || fcntl(listening->fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return error_set(error, "socket: fcntl: %s", strerror(errno));
    descriptor = listening->fd;
    sessions_of(descriptor);
    streams_of(descriptor);
    int failed = pthread_create(&server, NULL, serve, NULL);
    return !failed || error_set(error, "cannot start libmilter's thread: %s", strerror(failed));
}

/* smfi_stop waits for the thread that polls the listening socket, up to 5 s. */
static void *stop(void *unused)
{
    (void)unused;
    signals_block();
    smfi_stop();
    atomic_store(&has_been_told, true);
    return NULL;
}

void server_stop(void)
{
    pthread_t stopper;
    was_stopped = !atomic_load(&ended);
    int64_t end = clock_milliseconds() + STOP_MILLISECONDS;
    bool apart = pthread_create(&stopper, NULL, stop, NULL) == 0;
    if (!apart) {
        smfi_stop();
        atomic_store(&has_been_told, true);
    }
    while (!atomic_load(&ended) || !atomic_load(&has_been_told)) {
        if (clock_milliseconds() >= end) {
            log_error("libmilter has not ended %d s after it was told to: this process ends "
                      "without it",
                      STOP_MILLISECONDS / 1000);
            hangs = true;
            return;
        }
        signals_wake(server);
        signals_wait(WAKE_MILLISECONDS);
    }
    if (apart)
        pthread_join(stopper, NULL);
}

bool server_hangs(void)
{
    return hangs;
}

/* smfi_stop closes the socket, which the thread that accepts may find before it hears why. */
bool server_join(void)
{
    if (hangs)
        return was_stopped;
    pthread_join(server, NULL);
    return was_stopped || atomic_load(&served_well);
}

bool server_pause(struct error *error)
{
    kept = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    if (kept < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, silent) < 0) {
        int reason = errno;
        if (kept >= 0)
            close(kept);
        return error_set(error, "cannot give the listening socket away: %s", strerror(reason));
    }
    /* libmilter polls a socket on which nothing will ever come. */
    dup3(silent[0], descriptor, O_CLOEXEC);
    signals_wake(server);
    return true;
}

void server_resume(void)
{
    dup3(kept, descriptor, O_CLOEXEC);
    signals_wake(server);
    server_leave();
    close(silent[0]);
    close(silent[1]);
}

void server_leave(void)
{
    close(kept);
    kept = -1;
}

bool server_is_busy(void)
{
    return connection_count() > 0 || sessions_accepted() > 0;
}
