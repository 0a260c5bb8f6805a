/* What answers in the place of Redis and is none: it takes nobody's time, and no memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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
    assert_int_equal(fleet_said_count("its answer has more than 4194304 bytes"), 1);
    limits_close(limits);
    stand_in_stop();
    free(answer);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fleet_fixture_begin, fleet_fixture_end)
    const struct CMUnitTest tests[] = {
        TEST(test_what_is_no_redis_holds_nobody_up),
        TEST(test_a_network_that_delays_is_a_redis_that_is_gone),
        TEST(test_an_answer_without_end),
    };
    if (!redis_fixture_is_there()) {
        print_message("1..0 # SKIP no redis-server\n");
        return 0;
    }
    return cmocka_run_group_tests(tests, redis_fixture_init, redis_fixture_done);
}
