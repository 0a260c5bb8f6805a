/* A queue of batches, and threads that take them. */
#include "ctl/replay/workers.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/replay/batch.h"
#include "ctl/when.h"

#define BATCHES_A_THREAD 3

struct worker {
    struct workers *workers;
    pthread_t thread;
    bool started;
    struct differences differences;
    struct error error;
    bool failed;
};

struct workers {
    struct snapshot *snapshot;
    struct workers_options options;
    struct worker *all;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct batch *free;         /* locked */
    struct batch *head, **tail; /* locked: those that wait to be judged */
    bool ending;                /* locked: nothing more comes */
    bool failed;                /* locked: one of them did */
    struct batch *filling;      /* the caller's */
    uint64_t given;
};

static bool is_wanted(const struct workers_options *options, const struct recorded *recorded)
{
    struct error error;
    int64_t time = recorded->began;
    if (!options->since && !options->until)
        return true;
    if (recorded->time.len && !when_parse(recorded->time.data, 0, &time, &error))
        time = recorded->began;
    return time >= options->since && (!options->until || time < options->until);
}

static bool judge_record(struct worker *worker, const struct batch *batch, size_t i)
{
    const struct batch_record *record = &batch->records[i];
    struct recorded *recorded;
    struct replayed replayed;
    struct error why;
    if (!recorded_new(batch_text(batch, i), &recorded, &why)) {
        differences_unreadable(&worker->differences, batch->first + i, record->place, record->line,
                               &why);
        return true;
    }
    bool good = true;
    if (is_wanted(&worker->workers->options, recorded)) {
        good = replay_judge(worker->workers->snapshot, recorded, &replayed, &worker->error);
        if (good) {
            good = differences_add(&worker->differences, batch->first + i, recorded, &replayed,
                                   &worker->error);
            replay_done(&replayed);
        }
    }
    recorded_free(recorded);
    return good;
}

/* NULL: there is none, and none will come. */
static struct batch *take(struct workers *workers)
{
    pthread_mutex_lock(&workers->lock);
    while (!workers->head && !workers->ending && !workers->failed)
        pthread_cond_wait(&workers->changed, &workers->lock);
    struct batch *batch = workers->failed ? NULL : workers->head;
    if (batch) {
        workers->head = batch->next;
        if (!workers->head)
            workers->tail = &workers->head;
    }
    pthread_mutex_unlock(&workers->lock);
    return batch;
}

static void give_back(struct workers *workers, struct batch *batch, bool failed)
{
    batch_clear(batch);
    pthread_mutex_lock(&workers->lock);
    batch->next = workers->free;
    workers->free = batch;
    workers->failed |= failed;
    pthread_cond_broadcast(&workers->changed);
    pthread_mutex_unlock(&workers->lock);
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct batch *batch;
    while ((batch = take(worker->workers))) {
        for (size_t i = 0; i < batch->count && !worker->failed; i++)
            worker->failed = !judge_record(worker, batch, i);
        give_back(worker->workers, batch, worker->failed);
    }
    return NULL;
}

static struct workers *new_workers(struct snapshot *snapshot, const struct workers_options *options)
{
    struct workers *workers = calloc(1, sizeof *workers);
    if (!workers)
        return NULL;
    workers->snapshot = snapshot_ref(snapshot);
    workers->options = *options;
    workers->tail = &workers->head;
    pthread_mutex_init(&workers->lock, NULL);
    pthread_cond_init(&workers->changed, NULL);
    workers->all = calloc(options->threads, sizeof *workers->all);
    bool good = workers->all;
    for (size_t i = 0; good && i < BATCHES_A_THREAD * options->threads; i++) {
        struct batch *batch = calloc(1, sizeof *batch);
        good = batch;
        if (!batch)
            continue;
        batch->next = workers->free;
        workers->free = batch;
    }
    if (good)
        return workers;
    workers_stop(workers);
    return NULL;
}

/* Signals are for the thread that reads: it is the one that may be waiting for input. */
static bool start_threads(struct workers *workers, struct error *error)
{
    sigset_t all, before;
    bool good = true;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    for (unsigned i = 0; good && i < workers->options.threads; i++) {
        struct worker *worker = &workers->all[i];
        worker->workers = workers;
        good = differences_init(&worker->differences, workers->options.sample_max, error);
        if (!good)
            continue;
        int status = pthread_create(&worker->thread, NULL, work, worker);
        worker->started = status == 0;
        good = worker->started || error_set(error, "a thread: %s", strerror(status));
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return good;
}

bool workers_start(struct snapshot *snapshot, const struct workers_options *options,
                   struct workers **ret_workers, struct error *error)
{
    struct workers *workers = new_workers(snapshot, options);
    if (!workers)
        return error_set(error, "out of memory");
    if (!start_threads(workers, error)) {
        workers_stop(workers);
        return false;
    }
    *ret_workers = workers;
    return true;
}

static void pass_on(struct workers *workers)
{
    struct batch *batch = workers->filling;
    if (!batch)
        return;
    workers->filling = NULL;
    batch->next = NULL;
    pthread_mutex_lock(&workers->lock);
    *workers->tail = batch;
    workers->tail = &batch->next;
    pthread_cond_broadcast(&workers->changed);
    pthread_mutex_unlock(&workers->lock);
}

static bool begin_batch(struct workers *workers)
{
    pthread_mutex_lock(&workers->lock);
    while (!workers->free && !workers->failed)
        pthread_cond_wait(&workers->changed, &workers->lock);
    struct batch *batch = workers->failed ? NULL : workers->free;
    if (batch)
        workers->free = batch->next;
    pthread_mutex_unlock(&workers->lock);
    workers->filling = batch;
    if (batch)
        batch->first = workers->given;
    return batch;
}

static bool fail_for_memory(struct workers *workers)
{
    pthread_mutex_lock(&workers->lock);
    workers->failed = true;
    pthread_cond_broadcast(&workers->changed);
    pthread_mutex_unlock(&workers->lock);
    return false;
}

bool workers_give(struct workers *workers, const char *place, uint64_t line, struct bytes text)
{
    if (!workers->filling && !begin_batch(workers))
        return false;
    if (!batch_add(workers->filling, place, line, text))
        return fail_for_memory(workers);
    workers->given++;
    if (batch_is_full(workers->filling))
        pass_on(workers);
    return true;
}

static void join(struct workers *workers)
{
    pthread_mutex_lock(&workers->lock);
    workers->ending = true;
    pthread_cond_broadcast(&workers->changed);
    pthread_mutex_unlock(&workers->lock);
    for (unsigned i = 0; workers->all && i < workers->options.threads; i++)
        if (workers->all[i].started)
            pthread_join(workers->all[i].thread, NULL);
}

static void free_all(struct workers *workers)
{
    for (unsigned i = 0; workers->all && i < workers->options.threads; i++)
        differences_done(&workers->all[i].differences);
    if (workers->filling)
        workers->filling->next = NULL;
    batch_free_all(workers->filling);
    batch_free_all(workers->head);
    batch_free_all(workers->free);
    free(workers->all);
    pthread_cond_destroy(&workers->changed);
    pthread_mutex_destroy(&workers->lock);
    snapshot_unref(workers->snapshot);
    free(workers);
}

bool workers_end(struct workers *workers, struct differences *differences, struct error *error)
{
    if (!workers)
        return true;
    pass_on(workers);
    join(workers);
    bool good = true;
    for (unsigned i = 0; good && i < workers->options.threads; i++) {
        struct worker *worker = &workers->all[i];
        if (worker->failed)
            good = error_set(error, "%s", worker->error.text);
        else
            good = differences_merge(differences, &worker->differences, error);
    }
    if (good && workers->failed)
        good = error_set(error, "out of memory");
    free_all(workers);
    return good;
}

void workers_stop(struct workers *workers)
{
    if (!workers)
        return;
    fail_for_memory(workers);
    join(workers);
    free_all(workers);
}
