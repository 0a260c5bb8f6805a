/* What a login's mail is like: networks, programs, hours, correspondents; and what is forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/limits_fixture.h"

#define SECOND INT64_C(1000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)

static struct habit session(struct limits *limits, int64_t now, const char *network,
                            const char *program, bool sends)
{
    struct limits_request request =
        limits_fixture_request(sends ? LIMITS_CHARGE : LIMITS_LOOK, now);
    request.who.names[SUBJECT_NETWORK] = bytes_of(network);
    request.who.client_look = bytes_of(program);
    limits_fixture_do(limits, &request);
    return request.answer.habit;
}

static void test_networks(void **state)
{
    (void)state;
    struct limits *limits = limits_fixture_open(NULL);
    struct habit habit = session(limits, NOON, "home", "a", false);
    assert_int_equal(habit.since, 0);
    assert_int_equal(habit.networks_hour, 1);
    assert_int_equal(habit.network_since, 0);
    assert_int_equal(habit.hour_permille, 1000);
    session(limits, NOON, "home", "a", true);
    session(limits, NOON + 10 * SECOND, "home", "a", true);
    habit = session(limits, NOON + 30 * 60 * SECOND, "cafe", "a", true);
    assert_int_equal(habit.networks_hour, 2);
    assert_int_equal(habit.network_since, 0);
    habit = session(limits, NOON + 40 * 60 * SECOND, "home", "a", false);
    assert_int_equal(habit.networks_hour, 2);
    assert_int_equal(habit.network_since, NOON / 1000);
    assert_int_equal(habit.network_hour, 2);
    habit = session(limits, NOON + 2 * HOUR, "home", "a", false);
    assert_int_equal(habit.networks_hour, 1);
    assert_int_equal(habit.networks_day, 2);
    assert_int_equal(habit.network_hour, 0);
    assert_int_equal(habit.messages, 3);
    assert_int_equal(habit.since, NOON / 1000);
    limits_close(limits);
}

/* Hundreds of new networks do not drive out the one that was known for long, and are still many. */
static void test_many_networks(void **state)
{
    (void)state;
    struct limits *limits = limits_fixture_open(NULL);
    char network[20];
    for (int i = 0; i < 20; i++)
        session(limits, NOON + i * SECOND, "home", "a", true);
    for (int i = 0; i < 300; i++) {
        snprintf(network, sizeof network, "net%d", i);
        session(limits, NOON + HOUR + i * SECOND, network, "a", true);
    }
    struct habit habit = session(limits, NOON + 2 * HOUR, "home", "a", false);
    assert_int_equal(habit.network_since, NOON / 1000);
    assert_in_range(habit.networks_hour, 30, 64);
    limits_close(limits);
}

static void test_programs(void **state)
{
    (void)state;
    struct limits *limits = limits_fixture_open(NULL);
    for (int i = 0; i < 60; i++)
        session(limits, NOON + i * 12 * HOUR, "home", "Thunderbird", true);
    int64_t now = NOON + 40 * DAY;
    struct habit habit = session(limits, now, "home", "bot", true);
    assert_int_equal(habit.client_since, 0);
    assert_int_equal(habit.clients, 1);
    assert_int_equal(habit.other_client_messages, 60);
    /* A burst of its own is no sameness of the others'. */
    for (int i = 1; i < 20; i++)
        habit = session(limits, now + i * SECOND, "home", "bot", true);
    assert_int_equal(habit.client_since, now / 1000);
    assert_int_equal(habit.other_client_messages, 60);
    assert_int_equal(habit.clients, 2);
    limits_close(limits);
}

/* A thief's program may have another name for each message. */
static void test_programs_of_many_names(void **state)
{
    (void)state;
    struct limits *limits = limits_fixture_open(NULL);
    char look[16];
    for (int i = 0; i < 60; i++)
        session(limits, NOON + i * 12 * HOUR, "home", "Thunderbird", true);
    int64_t now = NOON + 40 * DAY;
    for (int i = 0; i < 20; i++) {
        snprintf(look, sizeof look, "bot %c", 'a' + i);
        struct habit habit = session(limits, now + i * SECOND, "home", look, true);
        assert_int_equal(habit.client_since, 0);
        assert_int_equal(habit.clients, 1);
        assert_int_equal(habit.other_client_messages, 60);
        assert_int_equal(habit.messages, 60 + i);
    }
    struct habit habit = session(limits, now + DAY, "home", "Thunderbird", false);
    assert_int_equal(habit.clients, 1);
    limits_close(limits);
}

static void test_hours(void **state)
{
    (void)state;
    struct limits *limits = limits_fixture_open(NULL);
    for (int i = 0; i < 50; i++)
        session(limits, NOON + i * DAY, "home", "a", true);
    int64_t night = NOON + 60 * DAY + 15 * HOUR; /* three o'clock */
    struct habit habit = session(limits, NOON + 60 * DAY + HOUR, "home", "a", false);
    assert_int_equal(habit.hour_permille, 1000);
    for (int i = 0; i < 30; i++)
        habit = session(limits, night + i * SECOND, "home", "a", true);
    assert_int_equal(habit.hour_permille, 0);
    limits_close(limits);
}

/* What was seen by a clock that was a year ahead was not seen just now, for a year. */
static void test_when_the_clock_is_set_back(void **state)
{
    (void)state;
    struct limits *limits = limits_fixture_open(NULL);
    char network[20];
    for (int i = 0; i < 10; i++) {
        snprintf(network, sizeof network, "net%d", i % 5);
        session(limits, NOON + 365 * DAY + i * SECOND, network, "a", true);
    }
    struct habit habit = session(limits, NOON, "home", "a", true);
    assert_int_equal(habit.networks_hour, 1);
    assert_int_equal(habit.networks_day, 1);
    habit = session(limits, NOON, "net1", "a", true);
    assert_int_equal(habit.networks_hour, 2);
    assert_int_equal(habit.network_hour, 0);
    habit = session(limits, NOON, "net1", "a", false);
    assert_int_equal(habit.network_since, NOON / 1000);
    assert_int_equal(habit.network_hour, 1);
    /* Set back by a little, it still tells what is meant. */
    habit = session(limits, NOON - 10 * 60 * SECOND, "home", "a", false);
    assert_int_equal(habit.networks_hour, 2);
    assert_int_equal(habit.network_hour, 1);
    limits_close(limits);
}

static void test_correspondents_are_forgotten(void **state)
{
    (void)state;
    struct limits *limits = limits_fixture_open(NULL);
    struct bytes rcpt = BYTES("bob@example.org");
    struct limits_request charge = limits_fixture_request(LIMITS_CHARGE, NOON);
    charge.rcpts = &rcpt;
    charge.rcpt_count = 1;
    limits_fixture_do(limits, &charge);
    assert_int_equal(limits_fixture_since(limits, "ALICE", "bob@example.org", NOON), NOON / 1000);
    assert_int_not_equal(limits_fixture_since(limits, "alice", "bob@example.org", NOON + 400 * DAY),
                         0);
    assert_int_equal(limits_fixture_since(limits, "alice", "bob@example.org", NOON + 402 * DAY), 0);
    /* Not admitted: not written to. */
    static const struct limits_bound none = {SUBJECT_LOGIN, {0, QUANTITY_MESSAGES, WINDOW_MINUTE}};
    rcpt = BYTES("carol@example.org");
    charge.bounds = &none;
    charge.bound_count = 1;
    limits_fixture_do(limits, &charge);
    assert_false(charge.answer.admitted);
    assert_int_equal(limits_fixture_since(limits, "alice", "carol@example.org", NOON), 0);
    limits_close(limits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_networks),
        cmocka_unit_test(test_many_networks),
        cmocka_unit_test(test_programs),
        cmocka_unit_test(test_programs_of_many_names),
        cmocka_unit_test(test_hours),
        cmocka_unit_test(test_correspondents_are_forgotten),
        cmocka_unit_test(test_when_the_clock_is_set_back),
    };
    return cmocka_run_group_tests(tests, limits_fixture_init, limits_fixture_done);
}
