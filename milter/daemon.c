/* Serving, reloading on USR1, draining on TERM. */
#include "milter/daemon.h"

#include <libmilter/mfapi.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "milter/advice.h"
#include "milter/callbacks.h"
#include "milter/connection.h"
#include "milter/current.h"
#include "milter/log.h"
#include "milter/signals.h"
#include "milter/writer.h"

#define DRAIN_MILLISECONDS 20000
#define PACKET_BYTES ((size_t)1024 * 1024)

static pthread_t server;
static atomic_bool served_well;

/* libmilter runs in a thread of its own with all signals blocked, and so do the ones it makes. */
static void *serve(void *unused)
{
    (void)unused;
    signals_block();
    atomic_store(&served_well, smfi_main() == MI_SUCCESS);
    signals_tell(SIGNAL_ENDED);
    return NULL;
}

static bool set_up(const struct settings *settings, const struct listening *listening,
                   struct error *error)
{
    char where[32];
    snprintf(where, sizeof where, "fd:%d", listening->fd);
    if (smfi_setconn(where) != MI_SUCCESS || smfi_register(callbacks) != MI_SUCCESS ||
        smfi_settimeout((int)settings->timeout) != MI_SUCCESS)
        return error_set(error, "libmilter did not take its settings");
    /* Postfix sends fields of up to 100 KB in one packet; the default of 64 KB would reset the
     * connection. */
    smfi_setmaxdatasize(PACKET_BYTES);
    return true;
}

/* What is allowed, and hardly meant. */
static bool is_same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* What was settled once, at the start. */
static void warn_of_restart(const struct settings *before, const struct settings *after)
{
    const struct {
        const char *key;
        bool same;
    } settled[] = {
        {"socket", is_same(before->socket, after->socket)},
        {"socket_mode", before->socket_mode == after->socket_mode},
        {"socket_group", is_same(before->socket_group, after->socket_group)},
        {"user", is_same(before->user, after->user)},
        {"pid_file", is_same(before->pid_file, after->pid_file)},
        {"timeout", before->timeout == after->timeout},
    };
    for (size_t i = 0; i < sizeof settled / sizeof *settled; i++)
        if (!settled[i].same)
            log_warning("%s: %s was changed: that comes into force at the next start only",
                        after->path, settled[i].key);
}

static void reload(const char *path)
{
    struct error error;
    struct snapshot *next;
    struct snapshot *now = current_snapshot();
    if (!snapshot_load(path, now, &next, &error)) {
        snapshot_unref(now);
        log_error("reload refused, the configuration before stays in force: %s", error.text);
        return;
    }
    writer_set_file(next->settings->log.json);
    warn_of_restart(now->settings, next->settings);
    snapshot_unref(now);
    current_replace(next);
    log_info("reloaded: config=%s from %s", next->settings->hash, path);
    advice_give(next, log_warning);
}

/* Lets messages under way come to their end; new ones are answered with a 451 meanwhile. */
static void drain(void)
{
    current_drain();
    for (int waited = 0; connection_messages() > 0 && waited < DRAIN_MILLISECONDS; waited += 50)
        if (signals_wait(50) == SIGNAL_ENDED)
            return;
    if (connection_messages() > 0)
        log_warning("%u messages were still under way; the MTA will try them again",
                    connection_messages());
    smfi_stop();
}

bool daemon_start(struct snapshot *snapshot, const struct listening *listening, struct error *error)
{
    if (!set_up(snapshot->settings, listening, error) || !writer_start(error))
        return false;
    writer_set_file(snapshot->settings->log.json);
    current_replace(snapshot_ref(snapshot));
    int failed = pthread_create(&server, NULL, serve, NULL);
    if (failed) {
        writer_stop();
        current_replace(NULL);
        return error_set(error, "cannot start libmilter's thread: %s", strerror(failed));
    }
    snapshot_unref(snapshot);
    return true;
}

static void say_started(const char *path)
{
    struct snapshot *snapshot = current_snapshot();
    log_info("started: config=%s from %s, listening at %s", snapshot->settings->hash, path,
             snapshot->settings->socket);
    advice_give(snapshot, log_warning);
    snapshot_unref(snapshot);
}

int daemon_serve(const char *path, const struct listening *listening)
{
    say_started(path);
    enum signal_event event;
    while ((event = signals_wait(-1)) == SIGNAL_RELOAD || event == SIGNAL_NONE)
        if (event == SIGNAL_RELOAD)
            reload(path);
    listen_remove(listening);
    if (event == SIGNAL_STOP) {
        log_info("stopping: %u messages under way", connection_messages());
        drain();
    }
    pthread_join(server, NULL);
    bool well = event == SIGNAL_STOP && atomic_load(&served_well);
    if (!well)
        log_error("libmilter ended by itself");
    else
        log_info("stopped");
    writer_stop();
    current_replace(NULL);
    int status = well ? 0 : EX_UNAVAILABLE;
    if (connection_messages() > 0)
        _exit(status); /* libmilter's threads are still at work: exit() would take OpenSSL from them
                        */
    return status;
}
