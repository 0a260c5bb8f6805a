/* The history's thread. */
#include "milter/history_writer.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "milter/clock.h"
#include "milter/history_file.h"
#include "milter/history_queue.h"
#include "milter/log.h"
#include "milter/signals.h"

#define STOP_SECONDS 5
#define COMMIT_MILLISECONDS 1000
#define TEND_MILLISECONDS 60000              /* where no mail comes */
#define MANY_BYTES (HISTORY_QUEUE_BYTES / 4) /* so much does not gather any longer */
#define BATCH 1000                           /* records a transaction */

/* Other settings, for the records that come after. */
struct change {
    struct change *next;
    struct history_wanted wanted;
    unsigned long before; /* records that had come: they are the file's before it */
};

static struct {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t more; /* by the clock that nobody sets */
    pthread_cond_t ended;
    struct history_queue records;
    struct change *changes, **last_change; /* that the thread has not seen to */
    bool keeps;                            /* there is a path */
    bool running;
    bool stop;
    bool done;
} shared = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Only the history's thread touches these. */
static struct {
    int64_t due; /* when to look again, by clock_milliseconds */
    struct bytes batch[BATCH];
} own;

/* How many of the records at most are for the settings that the thread has. Under the lock. */
static size_t own_records(void)
{
    return shared.changes ? shared.changes->before - shared.records.removed : SIZE_MAX;
}

/* *ret_written: how many. */
static bool write_batch(size_t *ret_written)
{
    pthread_mutex_lock(&shared.lock);
    size_t most = own_records();
    size_t taken = history_queue_look(&shared.records, own.batch, most < BATCH ? most : BATCH);
    pthread_mutex_unlock(&shared.lock);
    *ret_written = 0;
    if (!history_file_write(own.batch, taken))
        return false;
    *ret_written = taken;
    pthread_mutex_lock(&shared.lock);
    struct history_item *written = history_queue_cut(&shared.records, taken);
    pthread_mutex_unlock(&shared.lock);
    history_items_free(written);
    return true;
}

static bool write_all(void)
{
    size_t written = BATCH;
    while (written == BATCH)
        if (!write_batch(&written))
            return false;
    pthread_mutex_lock(&shared.lock);
    unsigned long lost = shared.records.lost;
    shared.records.lost = 0;
    pthread_mutex_unlock(&shared.lock);
    history_file_written(lost);
    return true;
}

/* Sets own.due. */
static void work(bool stop)
{
    bool more = false;
    if (!history_file_is_wanted())
        return;
    if (!write_all() || (!stop && !history_file_prune(&more)))
        own.due = clock_milliseconds() + history_file_patience();
    else
        own.due = clock_milliseconds() + (more ? COMMIT_MILLISECONDS : TEND_MILLISECONDS);
}

/* Records that nobody wants any more, or that could not be written before the end. */
static void give_up_records(const char *why)
{
    pthread_mutex_lock(&shared.lock);
    struct history_item *items = history_queue_cut(&shared.records, own_records());
    unsigned long lost = shared.records.lost;
    shared.records.lost = 0;
    pthread_mutex_unlock(&shared.lock);
    lost += history_items_free(items);
    if (lost)
        log_error("history.file: %lu records were lost: %s", lost, why);
}

/* To the next settings. What came before them goes to the file before, where that works, and else
 * to the next one. */
static void take_change(void)
{
    if (history_file_is_wanted() && history_file_works())
        write_all();
    pthread_mutex_lock(&shared.lock);
    struct change *change = shared.changes;
    shared.changes = change->next;
    if (!shared.changes)
        shared.last_change = &shared.changes;
    pthread_mutex_unlock(&shared.lock);
    history_file_use(&change->wanted);
    free(change);
    own.due = 0;
    if (!history_file_is_wanted())
        give_up_records("history.file is none now");
}

static void sleep_until(int64_t due)
{
    struct timespec until = {.tv_sec = due / 1000, .tv_nsec = due % 1000 * 1000000};
    pthread_cond_timedwait(&shared.more, &shared.lock, &until);
}

/* Under the lock. Records are let gather for a second; faults make it longer. */
static void wait_for_work(void)
{
    int64_t gather = 0;
    while (!shared.stop && !shared.changes) {
        int64_t now = clock_milliseconds();
        if (shared.records.first && !gather)
            gather = now + COMMIT_MILLISECONDS;
        int64_t due = gather && gather < own.due && history_file_works() ? gather : own.due;
        if (shared.records.bytes > MANY_BYTES && history_file_works())
            due = now;
        if (!history_file_is_wanted())
            pthread_cond_wait(&shared.more, &shared.lock);
        else if (now < due)
            sleep_until(due);
        else
            return;
    }
}

static void *run(void *unused)
{
    (void)unused;
    signals_block();
    pthread_mutex_lock(&shared.lock);
    for (bool stop = false; !stop;) {
        wait_for_work();
        bool changed = shared.changes != NULL;
        stop = shared.stop && !changed;
        pthread_mutex_unlock(&shared.lock);
        if (changed)
            take_change();
        else
            work(stop);
        pthread_mutex_lock(&shared.lock);
    }
    pthread_mutex_unlock(&shared.lock);
    give_up_records("they could not be written before the end");
    history_file_use(&(struct history_wanted){0});
    pthread_mutex_lock(&shared.lock);
    shared.done = true;
    pthread_cond_signal(&shared.ended);
    pthread_mutex_unlock(&shared.lock);
    return NULL;
}

/* `submilterctl conf`'s text; NULL when memory is out. */
static char *print_configuration(const struct settings *settings)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    bool printed = out && settings_print(settings, out);
    if (out && fclose(out) == 0 && printed)
        return text;
    free(text);
    return NULL;
}

void history_writer_use(const struct settings *settings)
{
    const struct history_settings *history = &settings->history;
    struct change *change = calloc(1, sizeof *change);
    char *path = history->file ? strdup(history->file) : NULL;
    if (!change || (history->file && !path)) {
        log_error("history.file: no memory for its new settings: the ones before hold");
        free(change);
        free(path);
        return;
    }
    change->wanted =
        (struct history_wanted){.path = path,
                                .configuration = path ? print_configuration(settings) : NULL,
                                .keep = history->keep * 1000,
                                .max_size = history->max_size};
    memcpy(change->wanted.hash, settings->hash, sizeof change->wanted.hash);
    pthread_mutex_lock(&shared.lock);
    change->before = shared.records.added;
    *shared.last_change = change;
    shared.last_change = &change->next;
    shared.keeps = path != NULL;
    pthread_cond_signal(&shared.more);
    pthread_mutex_unlock(&shared.lock);
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

bool history_writer_start(const struct settings *settings, struct error *error)
{
    history_queue_init(&shared.records);
    shared.last_change = &shared.changes;
    int code = init_conditions() ? pthread_create(&shared.thread, NULL, run, NULL) : ENOMEM;
    if (code)
        return error_set(error, "cannot start the history's thread: %s", strerror(code));
    shared.running = true;
    history_writer_use(settings);
    return true;
}

void history_writer_take(struct record_text *record)
{
    pthread_mutex_lock(&shared.lock);
    bool keeps = shared.keeps && shared.running;
    size_t before = shared.records.bytes;
    if (keeps && history_queue_add(&shared.records, record) &&
        (!before || (before <= MANY_BYTES && shared.records.bytes > MANY_BYTES)))
        pthread_cond_signal(&shared.more);
    pthread_mutex_unlock(&shared.lock);
    if (!keeps)
        record_text_unref(record);
}

void history_writer_stop(void)
{
    int64_t due = clock_milliseconds() + (int64_t)STOP_SECONDS * 1000;
    struct timespec until = {.tv_sec = due / 1000, .tv_nsec = due % 1000 * 1000000};
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
    if (running && done)
        pthread_join(shared.thread, NULL);
    else if (running)
        log_error(
            "history.file: the records of the last seconds were lost: it could not be written in "
            "time");
}
