/* Serving, reloading on USR1, handing over on USR2, draining on TERM. */
#include "milter/daemon.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "gate/counters.h"
#include "gate/reload_report.h"
#include "milter/advice.h"
#include "milter/alert.h"
#include "milter/clock.h"
#include "milter/connection.h"
#include "milter/counting.h"
#include "milter/current.h"
#include "milter/expected.h"
#include "milter/handover.h"
#include "milter/history_writer.h"
#include "milter/inherited.h"
#include "milter/log.h"
#include "milter/notify.h"
#include "milter/server.h"
#include "milter/signals.h"
#include "milter/takeover.h"
#include "milter/writer.h"

#define DRAIN_MILLISECONDS 20000
#define ANSWER_MILLISECONDS 30000
#define LEAVING_MILLISECONDS (600 * 1000)
#define LOOK_MILLISECONDS 100
#define CLEAR_MILLISECONDS 200

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
        {"core_dumps", before->core_dumps == after->core_dumps},
        {"timeout", before->timeout == after->timeout},
        {"counters", counters_same(before, after)},
    };
    for (size_t i = 0; i < sizeof settled / sizeof *settled; i++)
        if (!settled[i].same)
            log_warning("%s: %s was changed: that comes into force at the next start only",
                        after->path, settled[i].key);
}

/* What is to come into force: good by itself, and as its admin expects it. Read in this thread, at
 * its priority: in one of its own with a nice value of 5 a reload of 1,000,000 rows under load held
 * messages up no less (p99 20.9 ms in place of 12.2), and as each such thread has an arena of its
 * own, memory grew from 186 MB to 368. */
static bool load_next(const char *path, const struct snapshot *now, struct snapshot **ret_next,
                      struct error *error)
{
    if (!snapshot_load(path, now, ret_next, error))
        return false;
    if (expected_holds(*ret_next, error))
        return true;
    snapshot_unref(*ret_next);
    return false;
}

static void reload(const char *path)
{
    struct error error;
    struct snapshot *next;
    struct snapshot *now = current_snapshot();
    notify_reloading();
    if (!load_next(path, now, &next, &error)) {
        log_error("reload refused, the configuration before stays in force: %s", error.text);
        notify_ready("reload refused, config=%s stays in force: %s", now->settings->hash,
                     error.text);
        reload_report_tell(NULL, error.text);
        snapshot_unref(now);
        return;
    }
    writer_set_file(next->settings->log.json);
    history_writer_use(next->settings);
    alert_use(next->settings);
    warn_of_restart(now->settings, next->settings);
    snapshot_unref(now);
    current_replace(next);
    log_info("reloaded: config=%s from %s", next->settings->hash, path);
    notify_ready("serving: config=%s", next->settings->hash);
    reload_report_tell(next->settings->hash, NULL);
    advice_give(next, log_warning);
}

/* Lets messages under way come to their end; new ones are answered with a 451 meanwhile. */
static void drain(void)
{
    int64_t until = clock_milliseconds() + DRAIN_MILLISECONDS;
    current_drain();
    while (connection_messages() > 0 && clock_milliseconds() < until)
        if (signals_wait(50) == SIGNAL_ENDED)
            return;
    if (connection_messages() > 0)
        log_warning("%u messages were still under way; the MTA will try them again",
                    connection_messages());
}

static bool come_up(const struct settings *settings, struct listening *listening, int channel,
                    struct error *error)
{
    if ((channel >= 0 && !takeover_ready(channel, error)) ||
        !server_start(settings, listening, error))
        return false;
    enum server_answer answer = server_ask(listening, ANSWER_MILLISECONDS);
    bool up = answer == SERVER_ANSWERS || answer == SERVER_HIDDEN ||
              error_set(error, "libmilter does not answer at %s", listening->spec);
    if (up && (channel < 0 || takeover_serving(channel, listening, error)))
        return true;
    server_stop();
    bool well = server_join();
    (void)well; /* it has failed as it is */
    return false;
}

static bool start_records(const struct settings *settings, struct error *error)
{
    if (!writer_start(error))
        return false;
    writer_set_file(settings->log.json);
    if (history_writer_start(settings, error))
        return true;
    writer_stop();
    return false;
}

static void stop_records(void)
{
    history_writer_stop();
    writer_stop();
}

static bool start_threads(struct snapshot *snapshot, struct listening *listening, int channel,
                          struct error *error)
{
    if (!start_records(snapshot->settings, error))
        return false;
    current_replace(snapshot_ref(snapshot));
    if (!come_up(snapshot->settings, listening, channel, error)) {
        stop_records();
        current_replace(NULL);
        current_clear();
        return false;
    }
    return true;
}

static bool start_all(struct snapshot *snapshot, struct listening *listening, int channel,
                      struct error *error)
{
    if (!counting_start(snapshot->settings, error))
        return false;
    if (!alert_start(snapshot->settings, error)) {
        counting_stop();
        return false;
    }
    if (!start_threads(snapshot, listening, channel, error)) {
        alert_stop();
        counting_stop();
        return false;
    }
    return true;
}

bool daemon_start(struct snapshot *snapshot, struct listening *listening, int channel,
                  struct error *error)
{
    if (!log_start(error))
        return false;
    if (!start_all(snapshot, listening, channel, error)) {
        log_stop();
        return false;
    }
    snapshot_unref(snapshot);
    return true;
}

static void say_started(const char *path, const struct listening *listening)
{
    struct snapshot *snapshot = current_snapshot();
    log_info("started: config=%s from %s, listening at %s", snapshot->settings->hash, path,
             listening->spec);
    if (listening->lent && !inherited_is_at(listening, snapshot->settings->socket))
        log_warning("socket: %s is what was handed over, and it is listened at; the configuration "
                    "says %s: let both name the same, as others read it there",
                    listening->spec, snapshot->settings->socket);
    notify_ready("serving: config=%s", snapshot->settings->hash);
    advice_give(snapshot, log_warning);
    expected_warn(snapshot, log_warning);
    snapshot_unref(snapshot);
}

/* Says that we serve, and only when we do. Returns when that is due again. */
static int64_t watch(const struct listening *listening, int64_t due)
{
    int interval = notify_interval();
    int64_t now = clock_milliseconds();
    if (!interval || now < due)
        return due;
    if (handover_is_paused() || server_ask(listening, interval / 2 + 1) != SERVER_SILENT)
        notify_alive();
    else
        log_error("libmilter has not answered for %d ms: the service manager is not told that we "
                  "are alive",
                  interval / 2 + 1);
    return clock_milliseconds() + interval;
}

/* How long to sleep where nothing happens. clears: there is a snapshot to be cleared yet. */
static int patience(int64_t due, bool clears)
{
    int64_t left = due - clock_milliseconds();
    if (handover_channel() >= 0)
        return LOOK_MILLISECONDS;
    if (!notify_interval())
        return clears ? CLEAR_MILLISECONDS : -1;
    if (clears && left > CLEAR_MILLISECONDS)
        return CLEAR_MILLISECONDS;
    return left > 0 ? (int)left : 0;
}

static void hand_over(const struct arguments *arguments, const struct listening *listening)
{
    struct error error;
    if (handover_begin(arguments, listening, &error))
        log_info("handing over: waiting for the successor");
    else
        log_error("hand-over refused, this process goes on: %s", error.text);
}

/* Whether the successor serves now. */
static bool step_hand_over(void)
{
    struct error error;
    pid_t successor;
    switch (handover_step(&successor, &error)) {
    case HANDOVER_DONE:
        log_info("handed over to process %ld: finishing %u sessions", (long)successor,
                 connection_count());
        return true;
    case HANDOVER_FAILED:
        log_error("hand-over failed, this process goes on: %s", error.text);
        return false;
    case HANDOVER_WAIT:
        break;
    }
    return false;
}

/* Until SIGNAL_STOP, SIGNAL_ENDED, or SIGNAL_SUCCEED: a successor serves now. */
static enum signal_event serve(const struct arguments *arguments, const struct listening *listening)
{
    int64_t due = clock_milliseconds() + notify_interval();
    for (;;) {
        bool clears = current_clear();
        enum signal_event event = signals_wait_or(handover_channel(), patience(due, clears));
        switch (event) {
        case SIGNAL_RELOAD:
            reload(arguments->path);
            break;
        case SIGNAL_SUCCEED:
            hand_over(arguments, listening);
            break;
        case SIGNAL_STOP:
        case SIGNAL_ENDED:
            return event;
        case SIGNAL_READABLE:
        case SIGNAL_NONE:
            if ((event == SIGNAL_READABLE || handover_is_overdue()) && step_hand_over())
                return SIGNAL_SUCCEED;
            due = watch(listening, due);
            break;
        }
    }
}

/* The sessions that we have are served to their end, within bounds; nobody else comes. */
static enum signal_event finish_sessions(const char *path)
{
    int64_t until = clock_milliseconds() + LEAVING_MILLISECONDS;
    while (server_is_busy() && clock_milliseconds() < until) {
        current_clear();
        enum signal_event event = signals_wait(LOOK_MILLISECONDS);
        if (event == SIGNAL_RELOAD)
            reload(path);
        if (event == SIGNAL_STOP || event == SIGNAL_ENDED)
            return event;
    }
    return SIGNAL_STOP;
}

static void stop_accepting(const struct listening *listening)
{
    struct error error;
    listen_remove(listening);
    if (!listening->lent)
        return;
    if (server_pause(&error))
        server_leave();
    else
        log_error("%s", error.text);
}

int daemon_serve(const struct arguments *arguments, const struct listening *listening)
{
    say_started(arguments->path, listening);
    enum signal_event event = serve(arguments, listening);
    handover_abandon();
    if (event == SIGNAL_SUCCEED)
        event = finish_sessions(arguments->path);
    else
        stop_accepting(listening);
    if (event == SIGNAL_STOP) {
        log_info("stopping: %u messages under way", connection_messages());
        notify_stopping("stopping: %u messages under way", connection_messages());
        drain();
        server_stop();
    }
    bool well = server_join() && event == SIGNAL_STOP;
    if (!well)
        log_error("libmilter ended by itself");
    else
        log_info("stopped");
    alert_stop();
    stop_records(); /* first: they do not wait for the counters */
    counting_stop();
    log_stop();
    current_replace(NULL);
    current_clear();
    int status = well ? 0 : EX_UNAVAILABLE;
    /* Threads are still at work: exit() would take OpenSSL from libmilter's. */
    if (connection_count() > 0 || server_hangs() || counting_hangs())
        _exit(status);
    return status;
}
