/* The thread that tells admins. */
#include "milter/alert.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "milter/alert_command.h"
#include "milter/alert_queue.h"
#include "milter/alert_recent.h"
#include "milter/alert_webhook.h"
#include "milter/clock.h"
#include "milter/counting.h"
#include "milter/log.h"
#include "milter/signals.h"

#define ARENA_CEILING ((size_t)256 << 10)
#define ASK_SECONDS 60 /* a store is asked about the same thing so often at most */
#define LAST_SECONDS 3 /* for what waits when the daemon stops */
#define STOP_SECONDS 6 /* ... and for ending what does not end */

/* Seconds from one try to the next. */
static const int pauses[] = {1, 10, 60, 300};

static struct {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t more, ended; /* by the clock that nobody sets */
    struct alert_queue queue;
    struct settings *settings;
    bool running, stop, done;
} shared = {.lock = PTHREAD_MUTEX_INITIALIZER};

static char host_name[256];
static _Atomic int64_t end_by; /* a moment of clock_milliseconds, when nothing may run any longer */

static int64_t now_in_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec;
}

/* Whether another try is worth it, which is logged. */
static bool failed(const struct alert *alert, const char *how, const char *reason)
{
    size_t tries = alert->tries;
    if (tries < sizeof pauses / sizeof *pauses) {
        log_error("%s: %s; to be tried again in %d s: %s", how, reason, pauses[tries],
                  alert->text.title);
        return true;
    }
    log_error("%s: %s; given up: %s", how, reason, alert->text.title);
    return false;
}

static bool by_command(const struct alert *alert, const char *command)
{
    struct error error;
    return alert_command_run(command, alert->text.words, alert->text.json, &end_by, &error) ||
           !failed(alert, "alerts.command", error.text);
}

static bool by_webhook(const struct alert *alert, const char *url)
{
    struct error error;
    char server[200];
    if (alert_webhook_post(url, alert->text.json, &end_by, &error))
        return true;
    error_prefix(&error, "%s: ", alert_webhook_server(url, server, sizeof server));
    return !failed(alert, "alerts.webhook", error.text);
}

/* Whether nobody of the fleet has told of it. */
static bool claim(const struct alert *alert)
{
    struct limits *limits = counting_take();
    bool ours = !limits || limits_claim(limits, alert->key, alert->pause, now_in_seconds());
    counting_give(limits);
    return ours;
}

/* Whether all is said that can be. */
static bool tell(struct alert *alert, const struct alerts_settings *settings)
{
    if (!alert->claimed) {
        if (!claim(alert))
            return true;
        alert->claimed = true;
        log_warning("alert: %s", alert->text.title);
    }
    if (!alert->commanded)
        alert->commanded = !settings->command || by_command(alert, settings->command);
    if (!alert->posted)
        alert->posted = !settings->webhook || by_webhook(alert, settings->webhook);
    if (alert->commanded && alert->posted)
        return true;
    alert->due = clock_milliseconds() + (int64_t)pauses[alert->tries++] * 1000;
    return false;
}

static void say_lost(unsigned long lost, const char *why)
{
    if (lost)
        log_error("alerts: %lu were not told: %s", lost, why);
}

static void wait_until(int64_t due)
{
    struct timespec until = {.tv_sec = due / 1000, .tv_nsec = due % 1000 * 1000000};
    if (due == INT64_MAX)
        pthread_cond_wait(&shared.more, &shared.lock);
    else
        pthread_cond_timedwait(&shared.more, &shared.lock, &until);
}

/* Under the lock. NULL: it is to stop, and nothing is left that could be told in time. */
static struct alert *next_alert(void)
{
    for (;;) {
        int64_t now = clock_milliseconds();
        int64_t due = INT64_MAX;
        struct alert *alert =
            now < atomic_load(&end_by) ? alert_queue_take(&shared.queue, now, &due) : NULL;
        if (alert || shared.stop)
            return alert;
        wait_until(due);
    }
}

/* What is left when it stops, or what came of a try. */
static unsigned long drop_all(void)
{
    int64_t due;
    unsigned long count = shared.queue.lost;
    for (struct alert *alert; (alert = alert_queue_take(&shared.queue, INT64_MAX, &due)) != NULL;
         count++)
        alert_free(alert);
    shared.queue.lost = 0;
    return count;
}

static void *run(void *unused)
{
    (void)unused;
    signals_block();
    pthread_mutex_lock(&shared.lock);
    for (struct alert *alert; (alert = next_alert()) != NULL;) {
        struct settings *settings = settings_ref(shared.settings);
        unsigned long lost = shared.queue.lost;
        shared.queue.lost = 0;
        pthread_mutex_unlock(&shared.lock);
        say_lost(lost, "too many at once");
        bool done = tell(alert, &settings->alerts);
        settings_unref(settings);
        if (done)
            alert_free(alert);
        pthread_mutex_lock(&shared.lock);
        if (!done)
            alert_queue_add(&shared.queue, alert);
    }
    unsigned long left = drop_all();
    pthread_mutex_unlock(&shared.lock);
    say_lost(left, "the daemon had to end");
    pthread_mutex_lock(&shared.lock);
    shared.done = true;
    pthread_cond_signal(&shared.ended);
    pthread_mutex_unlock(&shared.lock);
    return NULL;
}

void alert_use(struct settings *settings)
{
    pthread_mutex_lock(&shared.lock);
    struct settings *before = shared.settings;
    shared.settings = settings ? settings_ref(settings) : NULL;
    pthread_mutex_unlock(&shared.lock);
    settings_unref(before);
}

static bool init_conditions(void)
{
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0)
        return false;
    bool made = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
                pthread_cond_init(&shared.more, &attributes) == 0 &&
                pthread_cond_init(&shared.ended, &attributes) == 0;
    pthread_condattr_destroy(&attributes);
    return made;
}

bool alert_start(struct settings *settings, struct error *error)
{
    atomic_store(&end_by, INT64_MAX);
    if (gethostname(host_name, sizeof host_name - 1) < 0)
        host_name[0] = '\0';
    if (!alert_webhook_init(error))
        return false;
    alert_use(settings);
    int code = init_conditions() ? pthread_create(&shared.thread, NULL, run, NULL) : ENOMEM;
    if (code) {
        alert_use(NULL);
        alert_webhook_done();
        return error_set(error, "cannot start the alerts' thread: %s", strerror(code));
    }
    pthread_mutex_lock(&shared.lock);
    shared.running = true;
    pthread_mutex_unlock(&shared.lock);
    return true;
}

static struct alert *build(const struct message *message, const struct alert_cause *cause,
                           struct bytes queue_id, const char *key, int64_t pause)
{
    struct bytes host = message->facts.connection.mta_host;
    struct arena *arena = arena_new(ARENA_CEILING);
    struct alert *alert = arena ? arena_alloc(arena, sizeof *alert) : NULL;
    if (alert) {
        alert->arena = arena;
        alert->pause = pause;
        alert->key = arena_text(arena, bytes_of(key));
        alert->due = clock_milliseconds();
    }
    if (alert && alert_text_write(message, cause, queue_id, host.len ? host : bytes_of(host_name),
                                  arena, &alert->text))
        return alert;
    arena_free(arena);
    return NULL;
}

/* Whether it is new, as far as this process knows. */
static bool is_new(const char *key, int64_t pause, int64_t now)
{
    pthread_mutex_lock(&shared.lock);
    bool new =
        shared.running &&alert_recent_is_new(key, pause < ASK_SECONDS ? pause : ASK_SECONDS, now);
    pthread_mutex_unlock(&shared.lock);
    return new;
}

void alert_message(const struct message *message, struct bytes queue_id)
{
    struct alert_cause cause;
    alert_cause_find(message, message->arena, &cause);
    if (cause.event == ALERT_NONE)
        return;
    int64_t pause = alert_cause_pause(&cause, message->snapshot->settings->alerts.every);
    const char *key = alert_cause_key(message, &cause, message->arena);
    if (!key || !is_new(key, pause, message->facts.now))
        return;
    struct alert *alert = build(message, &cause, queue_id, key, pause);
    pthread_mutex_lock(&shared.lock);
    if (!alert)
        shared.queue.lost++;
    else if (alert_queue_add(&shared.queue, alert))
        pthread_cond_signal(&shared.more);
    pthread_mutex_unlock(&shared.lock);
}

void alert_stop(void)
{
    int64_t now = clock_milliseconds();
    int64_t due = now + (int64_t)STOP_SECONDS * 1000;
    struct timespec until = {.tv_sec = due / 1000, .tv_nsec = due % 1000 * 1000000};
    atomic_store(&end_by, now + (int64_t)LAST_SECONDS * 1000);
    pthread_mutex_lock(&shared.lock);
    bool running = shared.running;
    shared.running = false;
    shared.stop = true;
    if (running)
        pthread_cond_signal(&shared.more);
    while (running && !shared.done &&
           pthread_cond_timedwait(&shared.ended, &shared.lock, &until) == 0)
        ;
    bool done = shared.done;
    pthread_mutex_unlock(&shared.lock);
    if (!running || !done)
        return;
    pthread_join(shared.thread, NULL);
    alert_use(NULL);
    alert_webhook_done();
}
