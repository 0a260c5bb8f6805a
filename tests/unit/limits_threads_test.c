/* Many threads on one store, while its file is written, read again and entries come and go. For
 * ThreadSanitizer too. And a fleet's shadow: shares, others, what the fleet has not seen. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "limits/embedded.h"
#include "limits/embedded_own.h"
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
    }
    return NULL;
}

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
}

/* Before anybody has asked for anything a store knows no time: what is in the file is not aged by
 * that. */
static void test_a_word_before_all_requests(void **state)
{
    (void)state;
    const struct login_standing frozen = {LOGIN_FROZEN, NOON / 1000, 0, BYTES("by root")};
    struct limits_options options = limits_fixture_options(limits_folder);
    struct embedded *embedded;
    struct error error;
    struct limits *limits = limits_fixture_open(limits_folder);
    limits_fixture_charge(limits, "alice", NOON, 3, NULL);
    limits_close(limits);
    assert_true(embedded_open(&options, &embedded, &error));
    embedded_take_standing(embedded, BYTES("alice"), &frozen, NOON / 1000);
    embedded_close(embedded);
    limits = limits_fixture_open(limits_folder);
    assert_int_equal(limits_fixture_state(limits, "alice", NOON), LOGIN_FROZEN);
    assert_int_equal(limits_fixture_count(limits, "alice", NOON, QUANTITY_RECIPIENTS, WINDOW_DAY),
                     3);
    limits_close(limits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_threads, limits_fixture_clear),
        cmocka_unit_test(test_share),
        cmocka_unit_test(test_unseen),
        cmocka_unit_test(test_others),
        cmocka_unit_test_teardown(test_a_word_before_all_requests, limits_fixture_clear),
    };
    return cmocka_run_group_tests(tests, limits_fixture_init, limits_fixture_done);
}
