/* What Redis and a host judged otherwise, as Redis fell silent while it was asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "limits/redis.h"
#include "tests/unit/fleet_fixture.h"
#include "tests/unit/redis_fixture.h"

static void charge_at_once(struct limits *limits, const char *const logins[2], int64_t max,
                           struct limits_answer answers[2])
{
    struct limits_bound bound = {SUBJECT_LOGIN, {max, QUANTITY_MESSAGES, WINDOW_HOUR}};
    struct limits_request requests[2];
    for (int i = 0; i < 2; i++) {
        requests[i] = fleet_request(LIMITS_CHARGE, logins[i]);
        requests[i].amounts[QUANTITY_MESSAGES] = 1;
        requests[i].bounds = &bound;
        requests[i].bound_count = 1;
        limits_submit(limits, &requests[i]);
    }
    for (int i = 0; i < 2; i++) {
        limits_collect(limits, &requests[i]);
        answers[i] = requests[i].answer;
    }
}

/* What left counts, and what did not does not. False: Redis was late on its own. */
static bool judge_otherwise(void)
{
    redis_start(NULL);
    struct limits *limits = fleet_open_host(NULL), *other = fleet_open_host(NULL);
    struct limits_answer answers[2];
    for (int i = 0; i < 5; i++) { /* of xara the others know more, of wim this host does */
        fleet_charge(limits, "wim", -1);
        fleet_charge(other, "xara", -1);
    }
    REDIS("DEL", "{submilter:submilter}:count:login:wim");
    bool in_time = fleet_said_count("\n") == 0;
    redis_stop();
    charge_at_once(limits, (const char *const[]){"xara", "yan"}, 5, answers);
    in_time = in_time && answers[0].degraded && answers[0].admitted && answers[1].admitted;
    redis_continue();
    fleet_wait_for_degraded(limits, false);
    int64_t xara = fleet_count(limits, "xara"), yan = fleet_count(limits, "yan");
    in_time = in_time && fleet_said_count("\n") == 2;
    redis_stop();
    charge_at_once(limits, (const char *const[]){"wim", "yan"}, 5, answers);
    in_time = in_time && answers[0].degraded && !answers[0].admitted && answers[1].admitted;
    redis_continue();
    fleet_wait_for_degraded(limits, false);
    int64_t wim = fleet_count(limits, "wim");
    limits_close(limits);
    limits_close(other);
    redis_kill();
    if (in_time) {
        assert_int_equal(xara, 6);
        assert_int_equal(yan, 1);
        assert_int_equal(wim, 0);
    }
    return in_time;
}

static void test_what_left_counts(void **state)
{
    (void)state;
    int64_t until = redis_clock() + FLEET_PATIENCE_MS;
    while (!judge_otherwise()) {
        if (redis_clock() > until)
            fail_msg("%s", fleet_said);
        fleet_said_clear();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_left_counts, fleet_fixture_begin,
                                        fleet_fixture_end),
    };
    if (!redis_fixture_is_there()) {
        print_message("1..0 # SKIP no redis-server\n");
        return 0;
    }
    return cmocka_run_group_tests(tests, redis_fixture_init, redis_fixture_done);
}
