<<<<<<< HEAD
/* Many threads, and hosts of a fleet, charge the same subjects at once: the total never passes a
 * limit, in any window, and nobody is refused while it is under it. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
=======
/* Many threads on one store, while its file is written, read again and entries come and go. For
 * ThreadSanitizer too. And a fleet's shadow: shares, others, what the fleet has not seen. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
>>>>>>> embedded
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
<<<<<<< HEAD
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
    unsigned pace; /* ms */
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
    charge->now = atomic_fetch_add(&crowd->now, chance(&worker->random, crowd->pace + 1));
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
=======
#include <unistd.h>

#include <cmocka.h>

#include "limits/embedded.h"
#include "tests/unit/limits_fixture.h"

#define SECOND 1000

enum { THREADS = 8, MESSAGES = 400, LIMIT = 1000 };

static const struct limits_bound bound = {SUBJECT_HOST, {LIMIT, QUANTITY_MESSAGES, WINDOW_DAY}};

struct sender {
    struct limits *limits;
    int number;
    int admitted;
};

static void *send_many(void *context)
{
    struct sender *sender = context;
    char login[30], rcpt[40];
    for (int i = 0; i < MESSAGES; i++) {
        struct limits_request request = limits_fixture_request(LIMITS_LOOK, NOON + i);
        snprintf(login, sizeof login, "user%d", i % 40);
        snprintf(rcpt, sizeof rcpt, "rcpt%d@example.org", (i * 7 + sender->number) % 100);
        struct bytes address = bytes_of(rcpt);
        request.who.names[SUBJECT_LOGIN] = bytes_of(login);
        limits_submit(sender->limits, &request);
        limits_collect(sender->limits, &request);
        request.op = LIMITS_KNOWN;
        request.rcpts = &address;
        request.rcpt_count = 1;
        limits_submit(sender->limits, &request);
        limits_collect(sender->limits, &request);
        request.op = LIMITS_CHARGE;
        request.amounts[QUANTITY_MESSAGES] = 1;
        request.bounds = &bound;
        request.bound_count = 1;
        limits_submit(sender->limits, &request);
        limits_collect(sender->limits, &request);
        sender->admitted += request.answer.admitted;
        request.op = LIMITS_REFUSED;
        limits_submit(sender->limits, &request);
        limits_collect(sender->limits, &request);
        if (i % 50 == 0) {
            const struct login_standing slowed = {LOGIN_SLOWED, NOON / 1000, 0, BYTES("x")};
            limits_raise(sender->limits, bytes_of(login), &slowed);
            struct error error;
            const struct login_standing normal = {.state = LOGIN_NORMAL};
            limits_claim(sender->limits, login, 10, NOON / 1000 + i);
            if (!limits_set_standing(sender->limits, bytes_of(login), &normal, &error))
                sender->admitted += MESSAGES;
        }
>>>>>>> embedded
    }
    return NULL;
}

<<<<<<< HEAD
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

static void check_windows(const struct charge *charges, const struct limits_bound *bound)
{
    const struct limit *limit = &bound->limit;
    for (size_t i = 0; i < THREADS * CHARGES; i++) {
        int64_t sum = admitted(charges, limit->quantity, charges[i].now,
                               charges[i].now + window_seconds[limit->window] * 1000);
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
        check_windows(all, &crowd->bounds[bound]);
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

static void gather(enum place_kind kind, unsigned pace, const struct limits_bound bounds[2])
{
    if (!place_is_there(kind)) {
        print_message("# there is no redis-server here\n");
        skip();
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
=======
static void test_threads(void **state)
{
    (void)state;
    struct limits *limits = limits_fixture_open(limits_folder);
    struct sender senders[THREADS];
    pthread_t threads[THREADS];
    int admitted = 0;
    for (int i = 0; i < THREADS; i++) {
        senders[i] = (struct sender){limits, i, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, send_many, &senders[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        admitted += senders[i].admitted;
    }
    /* REFUSED counted one message each here, too: the bound is the bound. */
    assert_in_range(admitted, 1, LIMIT);
    limits_close(limits);
    limits = limits_fixture_open(limits_folder);
    struct limits_request look = limits_fixture_request(LIMITS_LOOK, NOON);
    limits_fixture_do(limits, &look);
    assert_int_equal(
        look.answer.subjects[SUBJECT_HOST].counted.counts[QUANTITY_MESSAGES][WINDOW_DAY],
        admitted + THREADS * MESSAGES);
    limits_close(limits);
}

static struct embedded *open_shadow(void)
{
    struct limits_options options = limits_fixture_options(NULL);
    struct embedded *embedded;
    struct error error;
    if (!embedded_open(&options, &embedded, &error))
        fail_msg("%s", error.text);
    return embedded;
}

static struct limits_request charge_of_alice(int64_t now, int64_t recipients)
{
    struct limits_request charge = {.op = LIMITS_CHARGE, .who.now = now};
    charge.who.names[SUBJECT_LOGIN] = BYTES("alice");
    charge.amounts[QUANTITY_RECIPIENTS] = recipients;
    return charge;
}

static int64_t used(struct embedded *embedded, int64_t now, int64_t hosts)
{
    struct limits_request look = {.op = LIMITS_LOOK, .who.now = now};
    look.who.names[SUBJECT_LOGIN] = BYTES("alice");
    embedded_do(embedded, &look, hosts);
    assert_int_equal(look.answer.degraded, hosts > 0);
    assert_int_equal(look.answer.hosts, hosts);
    return look.answer.subjects[SUBJECT_LOGIN].counted.counts[QUANTITY_RECIPIENTS][WINDOW_HOUR];
}

/* A share of three: what fits into an idle limit is let through, and counts three times. */
static void test_share(void **state)
{
    (void)state;
    static const struct limits_bound hundred = {SUBJECT_LOGIN,
                                                {100, QUANTITY_RECIPIENTS, WINDOW_HOUR}};
    struct embedded *embedded = open_shadow();
    struct limits_request charge = charge_of_alice(NOON, 20);
    charge.bounds = &hundred;
    charge.bound_count = 1;
    embedded_do(embedded, &charge, 3);
    assert_true(charge.answer.admitted);
    assert_int_equal(used(embedded, NOON, 3), 60);
    embedded_do(embedded, &charge, 3);
    assert_true(charge.answer.admitted);
    embedded_do(embedded, &charge, 3);
    assert_false(charge.answer.admitted);
    assert_int_equal(used(embedded, NOON, 3), 120);
    embedded_close(embedded);
}

struct unseen {
    int64_t recipients[WINDOW_COUNT];
    int calls;
    bool answer;
};

static bool note_unseen(enum subject_kind kind, struct bytes name, const struct tally *tally,
                        void *context)
{
    struct unseen *unseen = context;
    assert_int_equal(kind, SUBJECT_LOGIN);
    assert_true(bytes_equal(name, BYTES("alice")));
    for (size_t i = 0; i < tally->count; i++)
        unseen->recipients[tally->buckets[i].window] +=
            tally->buckets[i].counts[QUANTITY_RECIPIENTS];
    unseen->calls++;
    return unseen->answer;
}

static void test_unseen(void **state)
{
    (void)state;
    struct embedded *embedded = open_shadow();
    struct limits_request charge = charge_of_alice(NOON, 20);
    struct unseen unseen = {.answer = false};
    embedded_do(embedded, &charge, 3);
    charge.who.now = NOON + 10 * SECOND;
    embedded_do(embedded, &charge, 3);
    assert_false(embedded_take_unseen(embedded, NOON + 65 * SECOND, note_unseen, &unseen));
    /* Once, not three times; the first has left the minute. */
    assert_int_equal(unseen.recipients[WINDOW_MINUTE], 20);
    assert_int_equal(unseen.recipients[WINDOW_HOUR], 40);
    assert_int_equal(unseen.recipients[WINDOW_DAY], 40);
    unseen.answer = true;
    assert_true(embedded_take_unseen(embedded, NOON + 65 * SECOND, note_unseen, &unseen));
    assert_int_equal(unseen.calls, 2);
    assert_true(embedded_take_unseen(embedded, NOON + 65 * SECOND, note_unseen, &unseen));
    assert_int_equal(unseen.calls, 2);
    /* What the fleet counted itself is no news to it. */
    charge.answer = (struct limits_answer){.answered = true, .admitted = true};
    embedded_follow(embedded, &charge);
    assert_true(embedded_take_unseen(embedded, NOON + 65 * SECOND, note_unseen, &unseen));
    assert_int_equal(unseen.calls, 2);
    embedded_close(embedded);
}

static void test_others(void **state)
{
    (void)state;
    struct embedded *embedded = open_shadow();
    struct limits_request charge = charge_of_alice(NOON, 20);
    charge.answer = (struct limits_answer){.answered = true, .admitted = true};
    int64_t *fleet =
        &charge.answer.subjects[SUBJECT_LOGIN].counted.counts[QUANTITY_RECIPIENTS][WINDOW_HOUR];
    *fleet = 70;
    embedded_follow(embedded, &charge);
    assert_int_equal(*fleet, 70);
    /* Own alone, and own with the others'. */
    assert_int_equal(used(embedded, NOON, 0), 20);
    assert_int_equal(used(embedded, NOON, 2), 90);
    charge.who.now = NOON + SECOND;
    *fleet = 95;
    embedded_follow(embedded, &charge);
    assert_int_equal(used(embedded, NOON + SECOND, 2), 40 + 75);
    /* The others' are good for a window. */
    assert_int_equal(used(embedded, NOON + 3600 * SECOND, 2), 40 + 75);
    assert_int_equal(used(embedded, NOON + 3601 * SECOND, 2), 40);
    /* Not admitted: heard of, not counted. */
    charge.answer.admitted = false;
    *fleet = 50;
    charge.who.now = NOON + 3602 * SECOND;
    embedded_follow(embedded, &charge);
    assert_int_equal(used(embedded, NOON + 3602 * SECOND, 2), 50);
    embedded_close(embedded);
>>>>>>> embedded
}

int main(void)
{
    const struct CMUnitTest tests[] = {
<<<<<<< HEAD
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_three_hosts_of_a_fleet),
    };
    return cmocka_run_group_tests(tests, NULL, end);
=======
        cmocka_unit_test_teardown(test_threads, limits_fixture_clear),
        cmocka_unit_test(test_share),
        cmocka_unit_test(test_unseen),
        cmocka_unit_test(test_others),
    };
    return cmocka_run_group_tests(tests, limits_fixture_init, limits_fixture_done);
>>>>>>> embedded
}
