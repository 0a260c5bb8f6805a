/* Threads, and the numbers that they share. */
#include "tests/bench/load/workers.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct shared {
    const struct content *content;
    pthread_barrier_t start;
    uint64_t began;
    atomic_uint next_session, next_message;
    atomic_bool stopped; /* one has failed */
};

struct worker {
    struct shared *shared;
    pthread_t thread;
    struct latency latency;
    struct error error; /* empty: all went well */
};

uint64_t workers_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

void workers_login(const struct options *options, unsigned number, char *ret_login, size_t room)
{
    snprintf(ret_login, room, "user%u@%s", number % options->logins, options->domain);
}

/* Claims the next message. False: all are sent, or the time is over, or another has failed. */
static bool claim(struct shared *shared, unsigned *ret_number)
{
    const struct options *options = shared->content->options;
    if (atomic_load(&shared->stopped))
        return false;
    *ret_number = atomic_fetch_add(&shared->next_message, 1);
    return *ret_number < options->messages;
}

static bool time_is_over(const struct shared *shared)
{
    unsigned seconds = shared->content->options->seconds;
    return seconds && workers_now_us() - shared->began >= (uint64_t)seconds * 1000000;
}

/* A session's messages, the first of which is claimed already. */
static bool send_messages(struct worker *worker, struct session *session, unsigned number)
{
    const struct content *content = worker->shared->content;
    unsigned sent = 0;
    do {
        bool sample = number == 0 && content->options->sample;
        uint64_t began = workers_now_us();
        if (!message_send(session, content, number, sample, &worker->error))
            return error_prefix(&worker->error, "message %u: ", number);
        if (!latency_add(&worker->latency, workers_now_us() - began))
            return error_set(&worker->error, "out of memory");
    } while (++sent < content->options->per_connection && claim(worker->shared, &number));
    return true;
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct shared *shared = worker->shared;
    const struct options *options = shared->content->options;
    struct session session;
    char login[256];
    unsigned number;
    bool good = true;
    pthread_barrier_wait(&shared->start);
    while (good && !time_is_over(shared) && claim(shared, &number)) {
        workers_login(options, atomic_fetch_add(&shared->next_session, 1), login, sizeof login);
        good = session_open(&session, options->milter, login, &worker->error) &&
               send_messages(worker, &session, number);
        session_close(&session, good);
    }
    if (!good)
        atomic_store(&shared->stopped, true);
    return NULL;
}

static bool put_together(struct worker *workers, unsigned count, struct latency *ret_latency,
                         struct error *error)
{
    bool good = true;
    for (unsigned i = 0; i < count; i++) {
        if (workers[i].error.text[0] && good)
            good = error_set(error, "%s", workers[i].error.text);
        if (good && !latency_merge(ret_latency, &workers[i].latency))
            good = error_set(error, "out of memory");
        latency_done(&workers[i].latency);
    }
    latency_sort(ret_latency);
    return good;
}

bool workers_run(const struct content *content, struct workers_result *ret_result,
                 struct error *error)
{
    unsigned count = content->options->connections;
    struct shared shared = {.content = content};
    struct worker *workers = calloc(count, sizeof *workers);
    *ret_result = (struct workers_result){0};
    if (!workers || pthread_barrier_init(&shared.start, NULL, count + 1) != 0) {
        free(workers);
        return error_set(error, "out of memory");
    }
    for (unsigned i = 0; i < count; i++) {
        workers[i].shared = &shared;
        /* Those that are there already wait at the barrier, and could not be told to go. */
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0) {
            fprintf(stderr, "milter_load: %u threads cannot be had\n", count);
            exit(1);
        }
    }
    shared.began = workers_now_us();
    pthread_barrier_wait(&shared.start);
    for (unsigned i = 0; i < count; i++)
        pthread_join(workers[i].thread, NULL);
    ret_result->took_us = workers_now_us() - shared.began;
    ret_result->sessions = atomic_load(&shared.next_session);
    pthread_barrier_destroy(&shared.start);
    bool good = put_together(workers, count, &ret_result->latency, error);
    free(workers);
    return good;
}
