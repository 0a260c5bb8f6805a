/* A fleet's counters on a real Redis: exact from many threads and processes, and what an admin
 * asks. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "limits/redis.h"
#include "tests/unit/fleet_fixture.h"
#include "tests/unit/limits_fixture.h"
#include "tests/unit/redis_fixture.h"

struct many {
    struct limits *limits;
    const char *login;
    int times;
    int64_t max;
    int64_t admitted, late; /* late: answered by this host alone */
};

static void *charge_many(void *context)
{
    struct many *many = context;
    for (int i = 0; i < many->times; i++) {
        struct limits_answer answer = fleet_charge(many->limits, many->login, many->max);
        many->admitted += answer.admitted;
        many->late += answer.degraded;
    }
    return NULL;
}

static struct many charge_from_threads(const char *login, int times, int64_t max)
{
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    struct many many[THREADS], all = {0};
    struct limits *limits = fleet_open_host(NULL);
    for (int i = 0; i < THREADS; i++) {
        many[i] = (struct many){limits, login, times, max, 0, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, charge_many, &many[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        all.admitted += many[i].admitted;
        all.late += many[i].late;
    }
    limits_close(limits);
    return all;
}

/* In this process and another; both in one. */
static struct many charge_from_processes(const char *login, int64_t max)
{
    int way[2];
    struct many there = {0};
    assert_int_equal(pipe(way), 0);
    pid_t other = fork();
    if (other == 0) {
        there = charge_from_threads(login, 40, max);
        _exit(write(way[1], &there, sizeof there) == sizeof there ? 0 : 1);
    }
    close(way[1]);
    struct many here = charge_from_threads(login, 40, max);
    assert_int_equal(read(way[0], &there, sizeof there), sizeof there);
    assert_int_equal(waitpid(other, NULL, 0), other);
    close(way[0]);
    here.admitted += there.admitted;
    here.late += there.late;
    return here;
}

static void test_many_threads_and_two_processes_pass_no_limit(void **state)
{
    (void)state;
    char login[20];
    struct many all = {.late = 1};
    redis_start(NULL);
    /* A machine that is busy may keep Redis for 50 ms: then it is another thing that is tested. */
    for (int round = 0; all.late && round < 50; round++) {
        snprintf(login, sizeof login, "alice%d", round);
        fleet_said_clear();
        all = charge_from_processes(login, 250);
    }
    assert_int_equal(all.late, 0);
    assert_int_equal(all.admitted, 250);
    struct limits *limits = fleet_open_host(NULL);
    login[0] = 'A';
    assert_int_equal(fleet_count(limits, login), 250);
    struct limits_answer answer;
    do
        answer = fleet_charge(limits, login, 250);
    while (answer.degraded && answer.admitted);
    assert_false(answer.admitted);
    assert_int_equal(answer.passed.limit.max, 250);
    assert_true(answer.subjects[SUBJECT_LOGIN].frees[QUANTITY_MESSAGES][WINDOW_HOUR] > 3000);
    limits_close(limits);
}

static void test_what_is_asked_is_answered(void **state)
{
    (void)state;
    redis_start(NULL);
    struct limits *limits = fleet_open_host(NULL), *other = fleet_open_host(NULL);
    fleet_charge(limits, "bob", -1);
    fleet_wait_for_degraded(limits, false);
    struct limits_request request;
    static const struct bytes friend[] = {{"friend@example.org", 18}};
    do {
        request = fleet_request(LIMITS_KNOWN, "BOB");
        request.rcpts = friend;
        request.rcpt_count = 1;
        fleet_ask(other, &request);
    } while (request.answer.degraded);
    assert_true(request.answer.rcpt_since > 0);
    request = fleet_request(LIMITS_REFUSED, "bob");
    request.amounts[QUANTITY_REFUSALS] = 3;
    fleet_ask(limits, &request);
    struct limits_answer answer;
    while ((answer = fleet_look(limits, "bob")).degraded)
        continue;
    assert_int_equal(
        answer.subjects[SUBJECT_LOGIN].counted.counts[QUANTITY_REFUSALS][WINDOW_MINUTE], 3);
    assert_int_equal(answer.subjects[SUBJECT_HOST].counted.counts[QUANTITY_MESSAGES][WINDOW_DAY],
                     1);
    assert_int_equal(answer.habit.messages, 1);
    assert_int_equal(answer.habit.networks_day, 1);
    assert_true(answer.habit.network_since > 0);
    struct login_standing slowed = {LOGIN_SLOWED, fleet_now() / 1000, 0,
                                    BYTES("many_networks.hour")};
    limits_raise(limits, BYTES("Bob"), &slowed);
    while (fleet_look(other, "bob").standing.state != LOGIN_SLOWED)
        continue;
    while ((answer = fleet_look(other, "bob")).degraded)
        continue;
    assert_string_equal(answer.cause, "many_networks.hour");
    fleet_wait_for_degraded(limits, false);
    fleet_wait_for_degraded(other, false);
    assert_true(limits_claim(limits, "bob burst", 3600, fleet_now() / 1000));
    assert_false(limits_claim(other, "bob burst", 3600, fleet_now() / 1000));
    assert_non_null(strstr(REDIS("KEYS", "*friend*"), "*0"));
    assert_null(strstr(REDIS("EVAL",
                             "for _, k in ipairs(redis.call('KEYS', '*')) do "
                             "if redis.call('TTL', k) < 0 then return k end end return 'all'",
                             "0"),
                       "count:"));
    limits_close(limits);
    limits_close(other);
}

static bool take_top(const struct counted_subject *subject, void *context)
{
    char *text = context;
    size_t len = strlen(text);
    snprintf(text + len, 200 - len, "%.*s %lld;", (int)subject->name.len, subject->name.data,
             (long long)subject->counted.counts[QUANTITY_MESSAGES][WINDOW_HOUR]);
    return true;
}

static bool take_contained(struct bytes login, const struct login_standing *standing, void *context)
{
    snprintf(context, 200, "%.*s %s %.*s;", (int)login.len, login.data,
             login_state_word(standing->state), (int)standing->cause.len, standing->cause.data);
    return true;
}

static void test_an_admin_sees_and_says(void **state)
{
    (void)state;
    redis_start(NULL);
    struct limits *limits = fleet_open_host(NULL), *admin;
    struct limits_options options = fleet_host_options();
    struct error error;
    char text[200] = "";
    bool found;
    int64_t now = fleet_now(), remembered, known;
    struct bytes mia = BYTES("Mia"), friend = BYTES("old@example.org");
    assert_true(limits_open_admin(&options, &admin, &error));
    for (int i = 0; i < 6; i++)
        fleet_charge(limits, i < 1 ? "liz" : i < 3 ? "ned" : "mia", -1);
    fleet_wait_for_degraded(limits, false);
    assert_true(limits_top(admin, SUBJECT_LOGIN, QUANTITY_MESSAGES, WINDOW_HOUR, fleet_now(), 2,
                           take_top, text, &error));
    assert_string_equal(text, "mia 3;ned 2;");
    text[0] = '\0';
    assert_true(limits_top(admin, SUBJECT_HOST, QUANTITY_MESSAGES, WINDOW_HOUR, fleet_now(), 9,
                           take_top, text, &error));
    assert_string_equal(text, "all 6;");

    struct login_standing frozen = {LOGIN_FROZEN, now / 1000, 0, BYTES("by root: phished")};
    assert_true(limits_set_standing(admin, mia, &frozen, &error));
    fleet_wait_for_state(limits, "mia", LOGIN_FROZEN);
    assert_true(limits_contained(admin, fleet_now(), take_contained, text, &error));
    assert_string_equal(text, "mia frozen by root: phished;");
    frozen.state = LOGIN_NORMAL;
    assert_true(limits_set_standing(admin, mia, &frozen, &error));
    fleet_wait_for_state(limits, "mia", LOGIN_NORMAL);

    assert_true(limits_learn(admin, mia, friend, now / 1000 - 10 * 86400, now / 1000, &error));
    assert_true(limits_count_correspondents(admin, mia, fleet_now(), &remembered, &known, &error));
    assert_int_equal(remembered, 2);
    assert_int_equal(known, 1);
    struct limits_request request = fleet_request(LIMITS_LOOK, "mia");
    assert_true(limits_show(admin, &request, &found, &error));
    assert_true(found);
    assert_int_equal(
        request.answer.subjects[SUBJECT_LOGIN].counted.counts[QUANTITY_MESSAGES][WINDOW_DAY], 3);
    assert_true(limits_reset(admin, SUBJECT_LOGIN, mia, true, &error));
    assert_true(limits_count_correspondents(admin, mia, fleet_now(), &remembered, &known, &error));
    assert_int_equal(remembered, 0);
    memset(&request.who.names[SUBJECT_NETWORK], 0, sizeof(struct bytes));
    memset(&request.who.names[SUBJECT_HOST], 0, sizeof(struct bytes));
    assert_true(limits_show(admin, &request, &found, &error));
    assert_false(found);
    redis_kill();
    assert_false(limits_show(admin, &request, &found, &error));
    assert_non_null(strstr(error.text, redis_address));
    limits_close(admin);
    assert_false(limits_open_admin(&options, &admin, &error));
    assert_non_null(strstr(error.text, redis_address));
    limits_close(limits);
}

static void wait_for_state(struct limits *limits, const char *login, enum login_state wanted)
{
    int64_t until = fleet_now() + FLEET_PATIENCE_MS;
    while (fleet_look(limits, login).standing.state != wanted)
        assert_true(fleet_now() < until);
}

/* Who is thawed, and frozen again, before Redis is gone; and whom a thaw keeps signs off. */
static void test_what_an_admin_said_last_holds_without_redis(void **state)
{
    (void)state;
    redis_start(NULL);
    struct limits *limits = fleet_open_host(NULL), *admin;
    struct limits_options options = fleet_host_options();
    struct error error;
    const int64_t now = fleet_now() / 1000;
    const struct login_standing frozen = {LOGIN_FROZEN, now, 0, BYTES("by root")};
    const struct login_standing thawed = {LOGIN_NORMAL, now, now + 86400, BYTES("by root")};
    const struct login_standing *const words[] = {&frozen, &thawed, &frozen};
    assert_true(limits_open_admin(&options, &admin, &error));
    for (int i = 0; i < 3; i++) {
        assert_true(limits_set_standing(admin, BYTES("rita"), words[i], &error));
        wait_for_state(limits, "rita", words[i]->state);
        if (i == 2)
            break;
        assert_true(limits_set_standing(admin, BYTES("sven"), words[i], &error));
        wait_for_state(limits, "sven", words[i]->state);
    }
    limits_close(admin);
    fleet_wait_for_degraded(limits, false);
    fleet_look(limits, "rita");
    fleet_look(limits, "sven");
    redis_kill();
    fleet_wait_for_degraded(limits, true);
    const struct login_standing slowed = {LOGIN_SLOWED, now, 0, BYTES("many_networks.hour")};
    limits_raise(limits, BYTES("sven"), &slowed);
    assert_int_equal(fleet_look(limits, "rita").standing.state, LOGIN_FROZEN);
    assert_int_equal(fleet_look(limits, "sven").standing.state, LOGIN_NORMAL);
    limits_close(limits);
}

static _Atomic bool enough;

static void *charge_until_enough(void *context)
{
    while (!enough)
        fleet_charge(context, "tom", -1);
    return NULL;
}

/* Where an admin cannot reach Redis and the daemon can: requests that come meanwhile are no reason
 * to give the telling up. */
static void test_a_word_is_told_while_others_ask(void **state)
{
    enum { THREADS = 4 };
    struct limits_options options = fleet_host_options();
    struct limits *limits, *admin, *other;
    struct error error;
    pthread_t threads[THREADS];
    (void)state;
    redis_start(NULL);
    options.file = limits_folder;
    assert_true(limits_open(&options, &limits, &error));
    other = fleet_open_host(NULL);
    options.redis = "unix:/nonexistent";
    assert_true(limits_open_admin(&options, &admin, &error));
    enough = false;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, charge_until_enough, limits), 0);
    for (int i = 0; i < 3; i++) {
        char login[] = "tess0";
        login[4] = (char)('0' + i);
        const struct login_standing frozen = {LOGIN_FROZEN, fleet_now() / 1000, 0,
                                              BYTES("by root")};
        assert_true(limits_set_standing(admin, bytes_of(login), &frozen, &error));
        fleet_wait_for_state(other, login, LOGIN_FROZEN);
    }
    enough = true;
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(fleet_said_count("it is given up"), 0);
    limits_close(admin);
    limits_close(other);
    limits_close(limits);
    limits_fixture_clear(NULL);
}

static void test_an_address_that_is_none_fails(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",           "redis",      "unix:relative",  "inet:0@::1",
                                        "inet:x@::1", "inet:6379@", "inet:70000@::1", "unix:"};
    struct limits_options options = fleet_host_options();
    struct limits *limits;
    struct error error;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        options.redis = wrong[i];
        assert_false(limits_open(&options, &limits, &error));
        assert_non_null(strstr(error.text, "unix:/path"));
    }
}

struct nora {
    struct limits *limits;
    char login[8];
    bool degraded; /* something was not counted by Redis */
};

/* A message, or a look, from a network at a moment. */
static struct habit habit_of(struct nora *nora, enum limits_op op, const char *network, int64_t now)
{
    static const struct bytes friend[] = {{"friend@example.org", 18}};
    struct limits_request request = fleet_request(op, nora->login);
    request.who.names[SUBJECT_NETWORK] = bytes_of(network);
    request.who.now = now;
    request.amounts[QUANTITY_MESSAGES] = request.amounts[QUANTITY_RECIPIENTS] = 1;
    request.rcpts = friend;
    request.rcpt_count = 1;
    fleet_ask(nora->limits, &request);
    nora->degraded |= request.answer.degraded;
    return request.answer.habit;
}

/* What was seen by a clock that was a year ahead was not seen just now, for a year. */
static void test_when_the_clock_is_set_back(void **state)
{
    (void)state;
    redis_start(NULL);
    struct nora nora = {.limits = fleet_open_host(NULL)};
    const int64_t now = fleet_now(), until = redis_clock() + FLEET_PATIENCE_MS;
    struct habit home, ahead, again;
    for (int try = 0; !try || nora.degraded; try++) {
        assert_true(redis_clock() < until);
        fleet_wait_for_degraded(nora.limits, false);
        snprintf(nora.login, sizeof nora.login, "nora%d", try % 100);
        nora.degraded = false;
        for (int i = 0; i < 10; i++) {
            char network[20];
            snprintf(network, sizeof network, "net%d", i % 5);
            habit_of(&nora, LIMITS_CHARGE, network, now + 365 * 86400000LL + i);
        }
        home = habit_of(&nora, LIMITS_LOOK, "home", now);
        ahead = habit_of(&nora, LIMITS_LOOK, "net1", now);
        habit_of(&nora, LIMITS_CHARGE, "net1", now);
        again = habit_of(&nora, LIMITS_LOOK, "net1", now);
    }
    assert_int_equal(home.messages, 10);
    assert_int_equal(home.networks_hour, 1);
    assert_int_equal(home.networks_day, 1);
    assert_int_equal(ahead.networks_hour, 1);
    assert_int_equal(ahead.network_hour, 0);
    assert_int_equal(again.network_since, now / 1000);
    assert_int_equal(again.network_hour, 1);
    limits_close(nora.limits);
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
        TEST(test_many_threads_and_two_processes_pass_no_limit),
        TEST(test_what_is_asked_is_answered),
        TEST(test_when_the_clock_is_set_back),
        TEST(test_an_admin_sees_and_says),
        TEST(test_what_an_admin_said_last_holds_without_redis),
        TEST(test_a_word_is_told_while_others_ask),
        TEST(test_an_address_that_is_none_fails),
    };
    if (!redis_fixture_is_there()) {
        print_message("1..0 # SKIP no redis-server\n");
        return 0;
    }
    return cmocka_run_group_tests(tests, begin, end);
}
