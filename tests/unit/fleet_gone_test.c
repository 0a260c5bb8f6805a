/* A fleet whose Redis is gone, late or in error: this host's share, nobody waits, and all is
 * counted once it is back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "limits/redis.h"
#include "tests/unit/fleet_fixture.h"
#include "tests/unit/limits_fixture.h"
#include "tests/unit/redis_fixture.h"

static void test_a_killed_redis_is_answered_for(void **state)
{
    (void)state;
    redis_start(NULL);
    struct limits *limits = fleet_open_host(NULL);
    for (int i = 0; i < 5; i++)
        assert_true(fleet_charge(limits, "carol", 10).admitted);
    redis_kill();
    fleet_wait_for_degraded(limits, true);
    struct limits_answer answer = fleet_charge(limits, "carol", 10);
    assert_true(answer.degraded);
    assert_int_equal(answer.hosts, 1);
    assert_int_equal(answer.subjects[SUBJECT_LOGIN].counted.counts[QUANTITY_MESSAGES][WINDOW_HOUR],
                     5);
    for (int i = 0; i < 4; i++)
        assert_true(fleet_charge(limits, "carol", 10).admitted);
    assert_false(fleet_charge(limits, "carol", 10).admitted);
    fleet_wait_for_said_gone();
    redis_start(NULL);
    fleet_wait_for_degraded(limits, false);
    assert_int_equal(fleet_count(limits, "carol"), 10);
    assert_non_null(strstr(REDIS("KEYS", "*count:login:carol"), "carol"));
    assert_false(fleet_charge(limits, "carol", 10).admitted);
    fleet_wait_for_said_once_a_change();
    limits_close(limits);
}

static void test_hosts_share_while_it_is_gone_and_settle_back(void **state)
{
    (void)state;
    redis_start(NULL);
    struct limits *hosts[3];
    int64_t admitted = 0;
    for (int i = 0; i < 3; i++)
        hosts[i] = fleet_open_host(NULL);
    /* Who came first learns of the others with its next beat. */
    for (int64_t until = redis_clock() + FLEET_PATIENCE_MS;;) {
        bool all = true;
        redis_stop();
        for (int i = 0; i < 3; i++) {
            fleet_wait_for_degraded(hosts[i], true);
            all = all && fleet_look(hosts[i], "dave").hosts == 3;
        }
        if (all)
            break;
        assert_true(redis_clock() < until);
        redis_continue();
        for (int i = 0; i < 3; i++)
            fleet_wait_for_degraded(hosts[i], false);
    }
    for (int i = 0; i < 3; i++)
        for (int n = 0; n < 30; n++)
            admitted += fleet_charge(hosts[i], "dave", 30).admitted;
    assert_true(admitted >= 30 && admitted <= 33);
    redis_continue();
    for (int i = 0; i < 3; i++)
        fleet_wait_for_degraded(hosts[i], false);
    assert_int_equal(fleet_count(hosts[0], "dave"), admitted);
    for (int i = 0; i < 3; i++)
        limits_close(hosts[i]);
}

static void test_who_starts_without_redis_remembers_how_many_share(void **state)
{
    (void)state;
    struct limits_options options = fleet_host_options();
    struct limits *first, *second;
    struct error error;
    options.file = limits_folder;
    redis_start(NULL);
    first = fleet_open_host(NULL);
    fleet_wait_for_degraded(first, false);
    assert_true(limits_open(&options, &second, &error));
    char rob[] = "rob0";
    do { /* one that Redis counted */
        assert_true(rob[3]++ < '9');
        fleet_wait_for_degraded(second, false);
    } while (fleet_charge(second, rob, -1).degraded);
    limits_close(second);
    redis_kill();
    assert_true(limits_open(&options, &second, &error));
    struct limits_answer answer = fleet_charge(second, rob, 4);
    assert_true(answer.degraded && answer.admitted);
    assert_int_equal(answer.hosts, 2);
    assert_int_equal(answer.subjects[SUBJECT_LOGIN].counted.counts[QUANTITY_MESSAGES][WINDOW_HOUR],
                     1);
    assert_true(fleet_charge(second, rob, 4).admitted);
    assert_false(fleet_charge(second, rob, 4).admitted);
    limits_close(first);
    limits_close(second);
    limits_fixture_clear(NULL);
}

static void test_a_stopped_redis_counts_nothing_twice(void **state)
{
    (void)state;
    redis_start(NULL);
    struct limits *limits = fleet_open_host(NULL);
    for (int i = 0; i < 3; i++)
        fleet_charge(limits, "erin", -1);
    redis_stop();
    /* The first is under way when it falls silent, and is done by Redis once it goes on. */
    for (int i = 0; i < 4; i++)
        assert_true(fleet_charge(limits, "erin", 100).degraded);
    redis_continue();
    fleet_wait_for_degraded(limits, false);
    assert_int_equal(fleet_count(limits, "erin"), 7);
    fleet_wait_for_said_once_a_change();
    assert_true(fleet_said_count("50 ms") >= 1);
    limits_close(limits);
}

/* That Redis has lost it is no thaw, and a thaw is one on all hosts. */
static void test_who_is_frozen_stays_frozen_when_redis_is_emptied(void **state)
{
    (void)state;
    redis_start(NULL);
    struct limits_options options = fleet_host_options();
    struct limits *limits = fleet_open_host(NULL), *other = fleet_open_host(NULL), *admin;
    struct error error;
    struct login_standing standing = {LOGIN_FROZEN, fleet_now() / 1000 - 60, 0,
                                      BYTES("by root: phished")};
    assert_true(limits_open_admin(&options, &admin, &error));
    assert_true(limits_set_standing(admin, BYTES("ruth"), &standing, &error));
    fleet_wait_for_state(limits, "ruth", LOGIN_FROZEN);
    REDIS("FLUSHALL");
    fleet_wait_for_degraded(limits, false);
    struct limits_answer answer = fleet_look(limits, "ruth");
    assert_int_equal(answer.standing.state, LOGIN_FROZEN);
    assert_string_equal(answer.cause, "by root: phished");
    fleet_wait_for_state(other, "ruth", LOGIN_FROZEN);

    standing = (struct login_standing){.state = LOGIN_NORMAL, .since = fleet_now() / 1000};
    assert_true(limits_set_standing(admin, BYTES("ruth"), &standing, &error));
    fleet_wait_for_state(limits, "ruth", LOGIN_NORMAL);
    fleet_wait_for_state(other, "ruth", LOGIN_NORMAL);
    limits_close(admin);
    limits_close(other);
    limits_close(limits);
}

static void test_an_error_of_redis_breaks_the_circuit(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *const breaks[4], *const mends[4];
    } errors[] = {
        {"OOM", {"CONFIG", "SET", "maxmemory", "1"}, {"CONFIG", "SET", "maxmemory", "0"}},
        {"READONLY", {"REPLICAOF", "127.0.0.1", "1"}, {"REPLICAOF", "NO", "ONE"}},
        {"NOSCRIPT", {"SCRIPT", "FLUSH"}, {"PING"}},
    };
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        fleet_said_clear();
        redis_start(NULL);
        struct limits *limits = fleet_open_host(NULL);
        fleet_charge(limits, "frank", -1);
        redis_say((const char *const[]){errors[i].breaks[0], errors[i].breaks[1],
                                        errors[i].breaks[2], errors[i].breaks[3], NULL});
        int64_t charged = 1;
        for (int64_t until = redis_clock() + FLEET_PATIENCE_MS; !fleet_said_count("\n");
             charged++) {
            fleet_charge(limits, "frank", -1);
            assert_true(redis_clock() < until);
        }
        /* A busy machine may have been late first. */
        if (!fleet_said_count(errors[i].name) && !fleet_said_count("50 ms"))
            fail_msg("%s: %s", errors[i].name, fleet_said);
        redis_say((const char *const[]){errors[i].mends[0], errors[i].mends[1], errors[i].mends[2],
                                        errors[i].mends[3], NULL});
        fleet_wait_for_degraded(limits, false);
        assert_int_equal(fleet_count(limits, "frank"), charged);
        fleet_wait_for_said_once_a_change();
        limits_close(limits);
        redis_kill();
    }
}

/* False: Redis was late on its own, and all was put back. */
static bool empty_redis(void)
{
    redis_start(NULL);
    struct limits *limits = fleet_open_host(NULL);
    fleet_charge(limits, "kim", -1);
    REDIS("FLUSHALL");
    fleet_charge(limits, "kim", -1);
    for (int64_t until = redis_clock() + FLEET_PATIENCE_MS; !fleet_said_count("\n");) {
        fleet_look(limits, "kim");
        assert_true(redis_clock() < until);
    }
    bool in_time = fleet_said_count("\n") == 1 && fleet_said_count("was emptied") == 1;
    int64_t count = fleet_count(limits, "kim");
    limits_close(limits);
    redis_kill();
    assert_true(!in_time || count == 1);
    return in_time;
}

static void test_who_empties_redis_forgets_all(void **state)
{
    (void)state;
    int64_t until = redis_clock() + FLEET_PATIENCE_MS;
    while (!empty_redis()) {
        if (redis_clock() > until)
            fail_msg("%s", fleet_said);
        fleet_said_clear();
    }
}

/* Twice in a row, and the first time it lets itself be asked and takes no counts. */
static void test_a_redis_that_comes_back_empty_again_and_again(void **state)
{
    (void)state;
    redis_start(NULL);
    struct limits *limits = fleet_open_host(NULL);
    for (int i = 0; i < 5; i++)
        fleet_charge(limits, "una", -1);
    redis_kill();
    redis_start((const char *const[]){"--user", "default", "on", "nopass", "~*", "&*", "+@all",
                                      "-hmget", NULL});
    for (int64_t until = redis_clock() + FLEET_PATIENCE_MS;
         !strstr(REDIS("INFO", "errorstats"), "errorstat_");)
        assert_true(redis_clock() < until);
    redis_kill();
    redis_start(NULL);
    fleet_wait_for_degraded(limits, false);
    assert_int_equal(fleet_count(limits, "una"), 5);
    limits_close(limits);
}

/* One that Redis was just being told of when it was killed, and it comes back with what it had
 * before. */
static void test_a_sign_that_was_under_way_is_told_again(void **state)
{
    (void)state;
    redis_start(NULL);
    struct limits *limits = fleet_open_host(NULL), *other = fleet_open_host(NULL);
    struct login_standing slowed = {LOGIN_SLOWED, fleet_now() / 1000, 0,
                                    BYTES("many_networks.hour")};
    char dump[200];
    fleet_wait_for_degraded(limits, false);
    fleet_wait_for_degraded(other, false);
    assert_non_null(strstr(REDIS("SAVE"), "OK"));
    redis_stop();
    limits_raise(limits, BYTES("vera"), &slowed);
    fleet_wait_for_degraded(limits, true);
    redis_kill();
    redis_start(NULL);
    fleet_wait_for_state(other, "vera", LOGIN_SLOWED);
    limits_close(other);
    limits_close(limits);
    snprintf(dump, sizeof dump, "%s/dump.rdb", redis_folder);
    assert_int_equal(unlink(dump), 0);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void test_a_wrong_password_is_said_and_can_be_mended(void **state)
{
    (void)state;
    char path[200];
    snprintf(path, sizeof path, "%s/password", redis_folder);
    write_file(path, "wrong\n");
    redis_start((const char *const[]){"--requirepass", "right", NULL});
    struct limits *limits = fleet_open_host(path);
    for (int64_t until = redis_clock() + FLEET_PATIENCE_MS; !fleet_said_count("WRONGPASS");) {
        limits_close(limits); /* it was late first, which is said once */
        assert_true(redis_clock() < until);
        fleet_said_clear();
        limits = fleet_open_host(path);
    }
    assert_true(fleet_charge(limits, "gil", 5).degraded);
    assert_int_equal(fleet_said_count("WRONGPASS"), 1);
    assert_null(strstr(fleet_said, "wrong\n"));
    write_file(path, "right\n");
    fleet_wait_for_degraded(limits, false);
    assert_int_equal(fleet_count(limits, "gil"), 1);
    fleet_wait_for_said_once_a_change();
    limits_close(limits);
    unlink(path);
}

/* Nobody waits for who would write into a pipe. */
static void test_a_password_file_that_is_none_is_said(void **state)
{
    (void)state;
    char pipe[200], expected[300];
    snprintf(pipe, sizeof pipe, "%s/pipe", redis_folder);
    assert_int_equal(mkfifo(pipe, 0600), 0);
    const char *const paths[] = {pipe, redis_folder};
    redis_start((const char *const[]){"--requirepass", "right", NULL});
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        fleet_said_clear();
        struct limits *limits = fleet_open_host(paths[i]);
        fleet_wait_for_said_gone();
        assert_true(fleet_charge(limits, "ines", 5).degraded);
        snprintf(expected, sizeof expected, "%s: it is no regular file", paths[i]);
        if (!fleet_said_count(expected))
            fail_msg("%s", fleet_said);
        limits_close(limits);
    }
    unlink(pipe);
}

static void test_a_redis_that_is_loading_is_waited_for(void **state)
{
    (void)state;
    redis_start(NULL);
    REDIS("EVAL", "for i = 1, 3000 do redis.call('SET', 'k' .. i, string.rep('x', 100)) end", "0");
    assert_non_null(strstr(REDIS("SAVE"), "OK"));
    struct limits *limits = NULL;
    int64_t until = redis_clock() + FLEET_PATIENCE_MS;
    do { /* a busy machine is too late for it, or Redis is */
        assert_true(redis_clock() < until);
        limits_close(limits);
        fleet_said_clear();
        redis_kill();
        redis_start_at_once((const char *const[]){
            "--key-load-delay", "1000", "--loading-process-events-interval-bytes", "1024", NULL});
        limits = fleet_open_host(NULL);
    } while (!fleet_said_count("LOADING"));
    assert_int_equal(fleet_said_count("LOADING"), 1);
    assert_true(fleet_charge(limits, "hal", 5).degraded);
    fleet_wait_for_degraded(limits, false);
    assert_int_equal(fleet_count(limits, "hal"), 1);
    fleet_wait_for_said_once_a_change();
    limits_close(limits);
}

static void test_what_an_admin_froze_holds_without_redis(void **state)
{
    (void)state;
    redis_start(NULL);
    struct limits *limits = fleet_open_host(NULL), *admin;
    struct limits_options options = fleet_host_options();
    struct error error;
    struct login_standing standing = {LOGIN_FROZEN, fleet_now() / 1000, 0, BYTES("by root")};
    assert_true(limits_open_admin(&options, &admin, &error));
    assert_true(limits_set_standing(admin, BYTES("olga"), &standing, &error));
    assert_true(limits_set_standing(admin, BYTES("pia"), &standing, &error));
    fleet_wait_for_state(limits, "olga", LOGIN_FROZEN);
    fleet_wait_for_state(limits, "pia", LOGIN_FROZEN);
    standing.state = LOGIN_NORMAL;
    assert_true(limits_set_standing(admin, BYTES("pia"), &standing, &error));
    fleet_wait_for_state(limits, "pia", LOGIN_NORMAL);
    limits_close(admin);
    redis_kill();
    fleet_wait_for_degraded(limits, true);
    assert_int_equal(fleet_look(limits, "olga").standing.state, LOGIN_FROZEN);
    assert_string_equal(fleet_look(limits, "olga").cause, "by root");
    assert_int_equal(fleet_look(limits, "pia").standing.state, LOGIN_NORMAL);
    /* What a sign says meanwhile is heard of. */
    standing.state = LOGIN_SLOWED;
    limits_raise(limits, BYTES("quin"), &standing);
    assert_int_equal(fleet_look(limits, "quin").standing.state, LOGIN_SLOWED);
    redis_start(NULL);
    struct limits *other = fleet_open_host(NULL);
    fleet_wait_for_degraded(limits, false);
    fleet_wait_for_state(other, "quin", LOGIN_SLOWED);
    fleet_wait_for_state(other, "olga", LOGIN_FROZEN);
    limits_close(limits);
    limits_close(other);
}

static int begin(void **state)
{
    return redis_fixture_init(state) || limits_fixture_init(state);
}

static int end(void **state)
{
    return redis_fixture_done(state) || limits_fixture_done(state);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fleet_fixture_begin, fleet_fixture_end)
    const struct CMUnitTest tests[] = {
        TEST(test_a_killed_redis_is_answered_for),
        TEST(test_hosts_share_while_it_is_gone_and_settle_back),
        TEST(test_who_starts_without_redis_remembers_how_many_share),
        TEST(test_a_stopped_redis_counts_nothing_twice),
        TEST(test_who_is_frozen_stays_frozen_when_redis_is_emptied),
        TEST(test_an_error_of_redis_breaks_the_circuit),
        TEST(test_who_empties_redis_forgets_all),
        TEST(test_a_redis_that_comes_back_empty_again_and_again),
        TEST(test_a_sign_that_was_under_way_is_told_again),
        TEST(test_a_wrong_password_is_said_and_can_be_mended),
        TEST(test_a_password_file_that_is_none_is_said),
        TEST(test_a_redis_that_is_loading_is_waited_for),
        TEST(test_what_an_admin_froze_holds_without_redis),
    };
    if (!redis_fixture_is_there()) {
        print_message("1..0 # SKIP no redis-server\n");
        return 0;
    }
    return cmocka_run_group_tests(tests, begin, end);
}
