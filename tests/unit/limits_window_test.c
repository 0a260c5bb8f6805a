/* Windows at their edges, bounds, clocks that jump, and whose names are whose. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/limits_fixture.h"

#define SECOND 1000

static const struct limits_bound three_a_minute = {SUBJECT_LOGIN,
                                                   {3, QUANTITY_MESSAGES, WINDOW_MINUTE}};

static int64_t minute(struct limits *limits, int64_t now)
{
    return limits_fixture_count(limits, "alice", now, QUANTITY_MESSAGES, WINDOW_MINUTE);
}

/* What was counted at 0.999 s of a second is in the window for 60 s, and out of it 61 s after the
 * second began, not before. */
static void test_edges(void **state)
{
    (void)state;
    static const int64_t length[] = {60, 3600, 86400}, step[] = {1, 60, 900};
    for (enum window window = 0; window < WINDOW_COUNT; window++) {
        struct limits *limits = limits_fixture_open(NULL);
        int64_t begin = NOON, at = begin + step[window] * SECOND - 1;
        limits_fixture_charge(limits, "alice", at, 5, NULL);
        int64_t last = begin + (step[window] + length[window]) * SECOND;
        assert_int_equal(limits_fixture_count(limits, "alice", at, QUANTITY_RECIPIENTS, window), 5);
        assert_int_equal(
            limits_fixture_count(limits, "alice", last - 1, QUANTITY_RECIPIENTS, window), 5);
        assert_int_equal(limits_fixture_count(limits, "alice", last, QUANTITY_RECIPIENTS, window),
                         0);
        limits_close(limits);
    }
}

/* No 60 s ever hold more than the limit, wherever they begin. */
static void test_no_doubling_at_an_edge(void **state)
{
    (void)state;
    struct limits *limits = limits_fixture_open(NULL);
    int64_t admitted[100];
    size_t count = 0;
    for (int64_t now = NOON + 30500; now < NOON + 300 * SECOND; now += 777)
        if (limits_fixture_charge(limits, "alice", now, 1, &three_a_minute))
            admitted[count++] = now;
    assert_true(count >= 12);
    for (size_t i = 3; i < count; i++)
        assert_true(admitted[i] - admitted[i - 3] >= 60 * SECOND);
    /* ... and what is free again is given. */
    for (size_t i = 3; i < count; i++)
        assert_true(admitted[i] - admitted[i - 3] <= 62 * SECOND);
    limits_close(limits);
}

static void test_frees(void **state)
{
    (void)state;
    struct limits *limits = limits_fixture_open(NULL);
    struct limits_request look = limits_fixture_request(LIMITS_LOOK, NOON + 20 * SECOND);
    const struct counted_subject *login = &look.answer.subjects[SUBJECT_LOGIN];
    limits_fixture_charge(limits, "alice", NOON, 1, NULL);
    limits_fixture_charge(limits, "alice", NOON + 10 * SECOND, 1, NULL);
    limits_fixture_do(limits, &look);
    assert_int_equal(login->frees[QUANTITY_MESSAGES][WINDOW_MINUTE], 41);
    assert_int_equal(login->frees[QUANTITY_MESSAGES][WINDOW_HOUR], 3640);
    assert_int_equal(login->frees[QUANTITY_REFUSALS][WINDOW_MINUTE], 0);
    assert_int_equal(look.answer.subjects[SUBJECT_GROUP].frees[QUANTITY_MESSAGES][WINDOW_DAY], 0);
    limits_close(limits);
}

static void test_bounds(void **state)
{
    (void)state;
    struct limits *limits = limits_fixture_open(NULL);
    const struct limits_bound bounds[] = {
        {SUBJECT_LOGIN, {100, QUANTITY_MESSAGES, WINDOW_HOUR}},
        {SUBJECT_GROUP, {10, QUANTITY_RECIPIENTS, WINDOW_HOUR}},
        {SUBJECT_LOGIN, {0, QUANTITY_NEW, WINDOW_DAY}},
    };
    struct limits_request charge = limits_fixture_request(LIMITS_CHARGE, NOON);
    charge.bounds = bounds;
    charge.bound_count = 3;
    charge.amounts[QUANTITY_RECIPIENTS] = 7;
    limits_fixture_do(limits, &charge);
    assert_true(charge.answer.admitted);
    assert_int_equal(
        charge.answer.subjects[SUBJECT_GROUP].counted.counts[QUANTITY_RECIPIENTS][WINDOW_HOUR], 0);
    /* All or nothing: the login's own count stays too. */
    limits_fixture_do(limits, &charge);
    assert_false(charge.answer.admitted);
    assert_int_equal(charge.answer.passed.subject, SUBJECT_GROUP);
    assert_int_equal(charge.answer.passed.limit.max, 10);
    assert_int_equal(minute(limits, NOON), 1);
    charge.amounts[QUANTITY_RECIPIENTS] = 3;
    limits_fixture_do(limits, &charge);
    assert_true(charge.answer.admitted);
    /* A limit of none at all of something that the message does not have. */
    charge.amounts[QUANTITY_RECIPIENTS] = 0;
    charge.amounts[QUANTITY_NEW] = 1;
    limits_fixture_do(limits, &charge);
    assert_false(charge.answer.admitted);
    assert_int_equal(charge.answer.passed.limit.quantity, QUANTITY_NEW);
    limits_close(limits);
}

static void test_refusals_are_no_messages(void **state)
{
    (void)state;
    struct limits *limits = limits_fixture_open(NULL);
    struct limits_request refused = limits_fixture_request(LIMITS_REFUSED, NOON);
    limits_fixture_do(limits, &refused);
    struct limits_request look = limits_fixture_request(LIMITS_LOOK, NOON);
    limits_fixture_do(limits, &look);
    for (int kind = 0; kind < SUBJECT_COUNT; kind++) {
        const struct counters *counted = &look.answer.subjects[kind].counted;
        assert_int_equal(counted->counts[QUANTITY_REFUSALS][WINDOW_DAY], 1);
        assert_int_equal(counted->counts[QUANTITY_MESSAGES][WINDOW_DAY], 0);
    }
    assert_int_equal(look.answer.habit.messages, 0);
    assert_int_equal(look.answer.habit.since, 0);
    limits_close(limits);
}

static void test_clock_set_back(void **state)
{
    (void)state;
    struct limits *limits = limits_fixture_open(NULL);
    int64_t ahead = NOON + INT64_C(30) * 86400 * SECOND;
    for (int i = 0; i < 3; i++)
        assert_true(limits_fixture_charge(limits, "alice", ahead, 1, &three_a_minute));
    /* A month back: they count as of now, and leave. */
    assert_false(limits_fixture_charge(limits, "alice", NOON, 1, &three_a_minute));
    limits_fixture_charge(limits, "alice", NOON, 1, NULL);
    assert_int_equal(minute(limits, NOON), 4);
    assert_int_equal(minute(limits, NOON + 72 * SECOND), 0);
    assert_true(limits_fixture_charge(limits, "alice", NOON + 72 * SECOND, 1, &three_a_minute));
    limits_close(limits);
}

/* ... also where nobody is admitted: what refuses must not stay for a month. */
static void test_clock_set_back_never_wedges(void **state)
{
    (void)state;
    struct limits *limits = limits_fixture_open(NULL);
    int64_t ahead = NOON + INT64_C(30) * 86400 * SECOND;
    for (int i = 0; i < 3; i++)
        limits_fixture_charge(limits, "alice", ahead, 1, &three_a_minute);
    assert_false(limits_fixture_charge(limits, "alice", NOON, 1, &three_a_minute));
    struct limits_request look = limits_fixture_request(LIMITS_LOOK, NOON);
    limits_fixture_do(limits, &look);
    assert_in_range(look.answer.subjects[SUBJECT_LOGIN].frees[QUANTITY_MESSAGES][WINDOW_MINUTE], 1,
                    71);
    assert_true(limits_fixture_charge(limits, "alice", NOON + 72 * SECOND, 1, &three_a_minute));
    limits_close(limits);
}

/* A second back, as callers' clocks are, moves nothing. */
static void test_callers_out_of_order(void **state)
{
    (void)state;
    struct limits *limits = limits_fixture_open(NULL);
    limits_fixture_charge(limits, "alice", NOON + 5 * SECOND, 1, NULL);
    limits_fixture_charge(limits, "alice", NOON, 1, NULL);
    assert_int_equal(minute(limits, NOON + 65 * SECOND), 2);
    assert_int_equal(minute(limits, NOON + 66 * SECOND), 0);
    limits_close(limits);
}

static void test_sums_saturate(void **state)
{
    (void)state;
    struct limits *limits = limits_fixture_open(NULL);
    struct limits_request charge = limits_fixture_request(LIMITS_CHARGE, NOON);
    charge.amounts[QUANTITY_BYTES] = INT64_MAX - 5;
    limits_fixture_do(limits, &charge);
    charge.who.now += 2 * SECOND;
    limits_fixture_do(limits, &charge);
    assert_true(limits_fixture_count(limits, "alice", charge.who.now, QUANTITY_BYTES,
                                     WINDOW_MINUTE) == INT64_MAX);
    const struct limits_bound bound = {SUBJECT_LOGIN, {INT64_MAX, QUANTITY_BYTES, WINDOW_MINUTE}};
    charge.bounds = &bound;
    charge.bound_count = 1;
    limits_fixture_do(limits, &charge);
    assert_false(charge.answer.admitted);
    limits_close(limits);
}

static void test_names(void **state)
{
    (void)state;
    struct limits *limits = limits_fixture_open(NULL);
    static const struct bytes hostile[] = {{"a\0b", 3}, {"a\0c", 3}, {"a\nb", 3}, {"a", 1}};
    struct limits_request charge = {.op = LIMITS_CHARGE, .who.now = NOON};
    charge.amounts[QUANTITY_MESSAGES] = 1;
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        charge.who.names[SUBJECT_LOGIN] = hostile[i];
        limits_fixture_do(limits, &charge);
        assert_int_equal(
            charge.answer.subjects[SUBJECT_LOGIN].counted.counts[QUANTITY_MESSAGES][WINDOW_DAY], 0);
        assert_ptr_equal(charge.answer.subjects[SUBJECT_LOGIN].name.data, hostile[i].data);
    }
    char one[1001], other[1001];
    memset(one, 'x', 1000);
    memset(other, 'x', 1000);
    one[1000] = other[1000] = '\0';
    other[999] = 'y';
    limits_fixture_charge(limits, one, NOON, 1, NULL);
    assert_int_equal(limits_fixture_count(limits, one, NOON, QUANTITY_MESSAGES, WINDOW_DAY), 1);
    assert_int_equal(limits_fixture_count(limits, other, NOON, QUANTITY_MESSAGES, WINDOW_DAY), 0);
    limits_fixture_charge(limits, "Alice@Example.COM", NOON, 1, NULL);
    assert_int_equal(
        limits_fixture_count(limits, "alice@example.com", NOON, QUANTITY_MESSAGES, WINDOW_DAY), 1);
    limits_close(limits);
}

/* Without a file, too: a client names another domain with each message. */
static void test_memory_has_an_end(void **state)
{
    (void)state;
    enum { MESSAGES = 100000, MINUTE = 60 * SECOND };
    struct limits *limits = limits_fixture_open(NULL);
    struct limits_request request = limits_fixture_request(LIMITS_CHARGE, NOON);
    char domain[40];
    size_t before = mallinfo2().uordblks;
    for (int i = 0; i < MESSAGES; i++) {
        snprintf(domain, sizeof domain, "%d.example.com", i);
        request.who.names[SUBJECT_DOMAIN] = bytes_of(domain);
        request.who.now = NOON + (int64_t)i * MINUTE;
        limits_fixture_do(limits, &request);
    }
    /* A table of pointers, and a quarter of them at most. */
    assert_in_range(mallinfo2().uordblks - before, 0, 16 << 20);
    assert_int_equal(
        limits_fixture_count(limits, "alice", request.who.now, QUANTITY_MESSAGES, WINDOW_HOUR), 61);
    limits_close(limits);
}

/* Said by a clock that was a year ahead, and has been set back since: it keeps nobody quiet for a
 * year. */
static void test_claims_when_the_clock_is_set_back(void **state)
{
    (void)state;
    int64_t now = NOON / 1000, year = INT64_C(365) * 86400;
    const char *const files[] = {limits_folder, NULL};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct limits *limits = limits_fixture_open(files[i]);
        assert_true(limits_claim(limits, "alice many_networks", 3600, now + year));
        assert_true(limits_claim(limits, "alice many_networks", 3600, now));
        assert_false(limits_claim(limits, "alice many_networks", 3600, now));
        assert_false(limits_claim(limits, "alice many_networks", 3600, now - 3599));
        assert_true(limits_claim(limits, "alice many_networks", 3600, now + 3600));
        limits_close(limits);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_no_doubling_at_an_edge),
        cmocka_unit_test(test_frees),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_refusals_are_no_messages),
        cmocka_unit_test(test_clock_set_back),
        cmocka_unit_test(test_clock_set_back_never_wedges),
        cmocka_unit_test(test_callers_out_of_order),
        cmocka_unit_test(test_sums_saturate),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_memory_has_an_end),
        cmocka_unit_test_teardown(test_claims_when_the_clock_is_set_back, limits_fixture_clear),
    };
    return cmocka_run_group_tests(tests, limits_fixture_init, limits_fixture_done);
}
