/* Many threads, and hosts of a fleet, charge the same subjects at once: the total never passes a
 * limit, in any window, and nobody is refused while it is under it. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "tests/unit/limits_places.h"

#define THREADS 6
#define CHARGES 600 /* of a thread */
#define AT_ONCE 10  /* of them submitted before the first is collected; then all wait for all */
#define PACE 80     /* ms from one charge to the next, at most: nobody is seconds behind */
#define TRIES 50

struct charge {
    struct limits_request request;
    int64_t now, amount;
    bool admitted;
};

struct crowd {
    struct place place;
    struct limits_bound bounds[2];
    _Atomic int64_t now;
    int64_t pace; /* ms */
    _Atomic bool degraded;
    pthread_barrier_t round;
};

struct worker {
    struct crowd *crowd;
    pthread_t thread;
    unsigned number;
    unsigned random;
    struct charge charges[CHARGES];
};

static const struct bytes login = BYTES("alice@example.com");
static const struct bytes client = BYTES("192.0.2.7");

static unsigned chance(unsigned *random, unsigned below)
{
    *random = *random * 1103515245 + 12345;
    return (*random >> 16) % below;
}

static void submit(struct worker *worker, struct charge *charge)
{
    struct crowd *crowd = worker->crowd;
    charge->amount = 1 + chance(&worker->random, 5);
    charge->now = atomic_fetch_add(&crowd->now, chance(&worker->random, (unsigned)crowd->pace + 1));
    charge->request = (struct limits_request){
        .op = LIMITS_CHARGE,
        .who = {.names = {[SUBJECT_LOGIN] = login, [SUBJECT_CLIENT] = client}, .now = charge->now},
        .bounds = crowd->bounds,
        .bound_count = 2,
    };
    charge->request.amounts[QUANTITY_MESSAGES] = 1;
    charge->request.amounts[QUANTITY_RECIPIENTS] = charge->amount;
    limits_submit(crowd->place.hosts[worker->number % crowd->place.host_count], &charge->request);
}

/* In another order than they were submitted. */
static void collect(struct worker *worker, struct charge *charges)
{
    struct crowd *crowd = worker->crowd;
    for (size_t i = AT_ONCE; i > 0; i--) {
        struct charge *charge = &charges[i - 1];
        limits_collect(crowd->place.hosts[worker->number % crowd->place.host_count],
                       &charge->request);
        charge->admitted = charge->request.answer.admitted;
        if (charge->request.answer.degraded || !charge->request.answer.answered)
            atomic_store(&crowd->degraded, true);
    }
}

static void *work(void *context)
{
    struct worker *worker = context;
    for (size_t i = 0; i < CHARGES; i += AT_ONCE) {
        pthread_barrier_wait(&worker->crowd->round);
        for (size_t j = 0; j < AT_ONCE; j++)
            submit(worker, &worker->charges[i + j]);
        collect(worker, &worker->charges[i]);
    }
    return NULL;
}

static void crowd_run(struct crowd *crowd, struct worker *workers)
{
    pthread_barrier_init(&crowd->round, NULL, THREADS);
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.crowd = crowd, .number = i, .random = i + 1};
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            abort();
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(workers[i].thread, NULL);
    pthread_barrier_destroy(&crowd->round);
}

static int by_time(const void *a, const void *b)
{
    const struct charge *one = a;
    const struct charge *other = b;
    return (one->now > other->now) - (one->now < other->now);
}

static int64_t measure(const struct charge *charge, enum quantity quantity)
{
    return quantity == QUANTITY_MESSAGES ? 1 : charge->amount;
}

/* What was admitted between from (included) and to. */
static int64_t admitted(const struct charge *charges, enum quantity quantity, int64_t from,
                        int64_t to)
{
    int64_t sum = 0;
    for (size_t i = 0; i < THREADS * CHARGES; i++)
        if (charges[i].admitted && charges[i].now >= from && charges[i].now < to)
            sum += measure(&charges[i], quantity);
    return sum;
}

/* Whoever comes in behind a later one is counted with that one: by that much windows are shorter.
 */
static void check_windows(const struct crowd *crowd, const struct charge *charges,
                          const struct limits_bound *bound)
{
    const struct limit *limit = &bound->limit;
    int64_t length = window_seconds[limit->window] * 1000 - THREADS * AT_ONCE * crowd->pace;
    for (size_t i = 0; i < THREADS * CHARGES; i++) {
        int64_t sum = admitted(charges, limit->quantity, charges[i].now, charges[i].now + length);
        if (sum > limit->max)
            fail_msg("%lld %s in a %s of %lld", (long long)sum, quantity_word(limit->quantity),
                     window_word(limit->window), (long long)limit->max);
    }
}

static bool was_full(const struct charge *charges, const struct charge *refused,
                     const struct limits_bound *bound)
{
    const struct limit *limit = &bound->limit;
    int64_t length = (window_seconds[limit->window] + window_step[limit->window]) * 1000;
    /* Others of that moment came before it, or behind it. */
    int64_t sum =
        admitted(charges, limit->quantity, refused->now - length - 5000, refused->now + 5000);
    return sum + measure(refused, limit->quantity) > limit->max;
}

static void check(const struct crowd *crowd, const struct worker *workers)
{
    struct charge *all = calloc(THREADS * CHARGES, sizeof *all);
    for (size_t i = 0; i < THREADS; i++)
        memcpy(all + i * CHARGES, workers[i].charges, sizeof workers[i].charges);
    qsort(all, THREADS * CHARGES, sizeof *all, by_time);
    size_t refused = 0;
    for (size_t bound = 0; bound < 2; bound++)
        check_windows(crowd, all, &crowd->bounds[bound]);
    for (size_t i = 0; i < THREADS * CHARGES; i++) {
        if (all[i].admitted)
            continue;
        refused++;
        if (!was_full(all, &all[i], &crowd->bounds[0]) &&
            !was_full(all, &all[i], &crowd->bounds[1]))
            fail_msg("refused under both limits, at %lld", (long long)all[i].now);
    }
    assert_in_range(refused, 1, THREADS * CHARGES - 1);
    free(all);
}

static void gather(enum place_kind kind, int64_t pace, const struct limits_bound bounds[2])
{
    if (!place_is_there(kind)) {
        print_message("# there is no redis-server here\n");
        return;
    }
    struct worker *workers = calloc(THREADS, sizeof *workers);
    bool degraded = true;
    for (unsigned tries = 0; degraded; tries++) {
        struct crowd crowd = {
            .bounds = {bounds[0], bounds[1]}, .now = (int64_t)time(NULL) * 1000, .pace = pace};
        place_open(&crowd.place, kind, kind == PLACE_FLEET ? 3 : 1);
        crowd_run(&crowd, workers);
        place_close(&crowd.place);
        degraded = crowd.degraded;
        if (degraded && tries == TRIES)
            fail_msg("never once was the store quick enough:\n%s", place_said());
        if (!degraded)
            check(&crowd, workers);
    }
    free(workers);
}

/* All in one window. */
static void all_at_once(enum place_kind kind)
{
    const struct limits_bound bounds[2] = {
        {SUBJECT_LOGIN, {1000, QUANTITY_MESSAGES, WINDOW_HOUR}},
        {SUBJECT_CLIENT, {2500, QUANTITY_RECIPIENTS, WINDOW_DAY}},
    };
    gather(kind, 0, bounds);
}

/* Minutes go by meanwhile. */
static void through_many_windows(enum place_kind kind)
{
    const struct limits_bound bounds[2] = {
        {SUBJECT_LOGIN, {50, QUANTITY_MESSAGES, WINDOW_MINUTE}},
        {SUBJECT_CLIENT, {170, QUANTITY_RECIPIENTS, WINDOW_MINUTE}},
    };
    gather(kind, PACE, bounds);
}

static void test_memory(void **state)
{
    (void)state;
    all_at_once(PLACE_MEMORY);
    through_many_windows(PLACE_MEMORY);
}

static void test_file(void **state)
{
    (void)state;
    all_at_once(PLACE_FILE);
    through_many_windows(PLACE_FILE);
}

static void test_three_hosts_of_a_fleet(void **state)
{
    (void)state;
    all_at_once(PLACE_FLEET);
    through_many_windows(PLACE_FLEET);
}

static int end(void **state)
{
    (void)state;
    places_end();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_three_hosts_of_a_fleet),
    };
    return cmocka_run_group_tests(tests, NULL, end);
}
