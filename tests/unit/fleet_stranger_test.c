/* What answers in the place of Redis and is none: it takes nobody's time, and no memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "limits/fleet_private.h"
#include "tests/unit/fleet_fixture.h"
#include "tests/unit/redis_fixture.h"

static void test_what_is_no_redis_holds_nobody_up(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        int milliseconds;
    } others[] = {
        {"HTTP/1.1 400 Bad Request\r\n\r\n", 0},
        {"", 0},
        {"*2\r\n$100\r\nhalf", 0},
        {"+OK\r\n", 5000},
        {"+OK\r\n", 0},
        {"*1000000000\r\n", 0},
        {"$-7\r\n", 0},
        {"$2000000000\r\n", 0},
        {"-LOADING Redis is loading\r\n", 0},
        {"*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", 0},
        {"*2305843009213693952\r\n", 0},
        {"%1\r\n+a\r\n_\r\n", 0},
        {":99999999999999999999\r\n*-1\r\n", 0},
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        fleet_said_clear();
        redis_start(NULL);
        struct limits *limits = fleet_open_host(NULL);
        fleet_charge(limits, "ivy", 100);
        redis_kill();
        stand_in_start(others[i].answer, strlen(others[i].answer), others[i].milliseconds);
        for (int n = 0; n < 20; n++)
            fleet_charge(limits, "ivy", 100);
        fleet_wait_for_degraded(limits, true);
        assert_true(fleet_charge(limits, "ivy", 100).degraded);
        stand_in_stop();
        redis_start(NULL);
        fleet_wait_for_degraded(limits, false);
        assert_int_equal(fleet_count(limits, "ivy"), 22);
        fleet_wait_for_said_once_a_change();
        limits_close(limits);
        redis_kill();
    }
    print_message("# the longest answer took %lld ms\n", (long long)fleet_longest);
}

static void test_a_network_that_delays_is_a_redis_that_is_gone(void **state)
{
    (void)state;
    stand_in_start("+OK\r\n", 5, 5000);
    struct limits *limits = fleet_open_host(NULL);
    assert_true(fleet_charge(limits, "jo", 3).degraded);
    limits_close(limits);
    stand_in_stop();
}

/* What says more and more takes neither memory nor the thread. */
static void test_an_answer_without_end(void **state)
{
    (void)state;
    size_t size = (size_t)200 << 20;
    char *answer = calloc(1, size); /* pages of zeros, that are not there */
    assert_non_null(answer);
    strcpy(answer, "$1000000000\r\n");
    stand_in_start(answer, size, 0);
    struct limits *limits = fleet_open_host(NULL);
    assert_true(fleet_charge(limits, "kim", 3).degraded);
    for (int64_t until = redis_clock() + FLEET_PATIENCE_MS;
         !fleet_said_count("its answer has more than 4194304 bytes");) {
        limits_close(limits); /* a busy machine was too late for so much: that is said once */
        assert_true(redis_clock() < until);
        limits = fleet_open_host(NULL);
    }
    limits_close(limits);
    stand_in_stop();
    free(answer);
}

/* What answers a heartbeat of a host that never was there. */
static bool reads_beat(const char *answer, struct fleet *fleet)
{
    struct redis *redis;
    struct redisReply *reply = NULL;
    struct error error;
    uint64_t last;
    bool lost;
    stand_in_start(answer, strlen(answer), 0);
    if (!redis_connect(redis_address, redis_clock() + FLEET_PATIENCE_MS, -1, &redis, &error) ||
        !redis_ask(redis, "PING\r\n", 6, redis_clock() + FLEET_PATIENCE_MS, &reply, &error))
        fail_msg("%s", error.text);
    bool good = fleet_beat_read(fleet, reply, &last, &lost, &error);
    redis_reply_free(reply);
    redis_close(redis);
    stand_in_stop();
    return good;
}

static void test_a_heartbeat_is_answered_with_odd_numbers(void **state)
{
    (void)state;
    struct fleet fleet = {.hosts = 1, .address = redis_address, .name = redis_address};
    struct limits_options options = fleet_host_options();
    struct error error;
    assert_true(embedded_open(&options, &fleet.own, &error));
    pthread_mutex_init(&fleet.lock, NULL);
    static const struct {
        const char *last, *clock, *more;
        bool good;
    } beats[] = {
        {"$1\r\n7\r\n", "$13\r\n1763700000000\r\n", "*1\r\n$1\r\na\r\n:0\r\n", true},
        {"$1\r\n7\r\n", "$19\r\n9223372036854775807\r\n", "*1\r\n$1\r\na\r\n:0\r\n", false},
        {"$1\r\n7\r\n", "$20\r\n18446744073709551615\r\n", "*1\r\n$1\r\na\r\n:0\r\n", false},
        {"$1\r\n7\r\n", "$17\r\n10000000000000000\r\n", "*1\r\n$1\r\na\r\n:0\r\n", false},
        {"$1\r\n7\r\n", "$2\r\n-1\r\n", "*1\r\n$1\r\na\r\n:0\r\n", false},
        {"$-1\r\n", "$13\r\n1763700000000\r\n", "*1\r\n$1\r\na\r\n:0\r\n", false},
        {":7\r\n", "$13\r\n1763700000000\r\n", "*1\r\n$1\r\na\r\n:0\r\n", false},
        {"$1\r\n7\r\n", "$13\r\n1763700000000\r\n", "*0\r\n:0\r\n", false},
        {"$1\r\n7\r\n", "$13\r\n1763700000000\r\n", "*-1\r\n:0\r\n", false},
        {"$1\r\n7\r\n", "$13\r\n1763700000000\r\n", "*1\r\n*-1\r\n$1\r\n0\r\n", false},
    };
    for (size_t i = 0; i < sizeof beats / sizeof beats[0]; i++) {
        char answer[300];
        snprintf(answer, sizeof answer, "*6\r\n%s$32\r\n%032d\r\n%s%s$0\r\n\r\n", beats[i].last, 0,
                 beats[i].clock, beats[i].more);
        if (reads_beat(answer, &fleet) != beats[i].good)
            fail_msg("%s", answer);
    }
    pthread_mutex_destroy(&fleet.lock);
    embedded_close(fleet.own);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fleet_fixture_begin, fleet_fixture_end)
    const struct CMUnitTest tests[] = {
        TEST(test_what_is_no_redis_holds_nobody_up),
        TEST(test_a_network_that_delays_is_a_redis_that_is_gone),
        TEST(test_an_answer_without_end),
        TEST(test_a_heartbeat_is_answered_with_odd_numbers),
    };
    if (!redis_fixture_is_there()) {
        print_message("1..0 # SKIP no redis-server\n");
        return 0;
    }
    return cmocka_run_group_tests(tests, redis_fixture_init, redis_fixture_done);
}
