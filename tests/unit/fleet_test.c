/* A fleet's counters on a real Redis: exact while it is there, this host's share while it is not,
 * and nobody waits for long. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "limits/redis.h"
#include "tests/unit/limits_fixture.h"
#include "tests/unit/redis_fixture.h"

/* Far over what the bound says: a machine that is busy may let a thread wait. */
#define LATE_MS 2000
#define PATIENCE_MS 60000

static int64_t longest; /* collect's, milliseconds */
static pthread_mutex_t say_lock = PTHREAD_MUTEX_INITIALIZER;
static char said[8192];

static void say(const char *text)
{
    pthread_mutex_lock(&say_lock);
    size_t len = strlen(said);
    snprintf(said + len, sizeof said - len, "%s\n", text);
    pthread_mutex_unlock(&say_lock);
}

static size_t said_lines(const char *with)
{
    size_t count = 0;
    pthread_mutex_lock(&say_lock);
    for (const char *at = said; (at = strstr(at, with)) != NULL; at++)
        count++;
    pthread_mutex_unlock(&say_lock);
    return count;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct limits *open_with(const char *password_file)
{
    struct limits_options options = limits_fixture_options(NULL);
    struct limits *limits;
    struct error error;
    options.redis = redis_address;
    options.redis_password_file = password_file;
    options.say = say;
    if (!limits_open(&options, &limits, &error))
        fail_msg("%s", error.text);
    return limits;
}

static struct limits *open_fleet(void)
{
    return open_with(NULL);
}

static struct limits_request request_of(enum limits_op op, const char *login)
{
    struct limits_request request = {.op = op, .who = {.now = now_ms()}};
    request.who.names[SUBJECT_LOGIN] = bytes_of(login);
    request.who.names[SUBJECT_NETWORK] = BYTES("192.0.2.0/24");
    request.who.names[SUBJECT_HOST] = BYTES("mx1");
    return request;
}

static void run(struct limits *limits, struct limits_request *request)
{
    int64_t began = redis_clock();
    limits_submit(limits, request);
    limits_collect(limits, request);
    int64_t took = redis_clock() - began;
    if (took > longest)
        longest = took;
    assert_true(request->answer.answered);
    if (took > LATE_MS)
        fail_msg("an answer took %lld ms", (long long)took);
}

/* One message to one; max: messages an hour, -1: no bound. */
static struct limits_answer charge(struct limits *limits, const char *login, int64_t max)
{
    static const struct bytes rcpts[] = {{"friend@example.org", 18}};
    struct limits_request request = request_of(LIMITS_CHARGE, login);
    struct limits_bound bound = {SUBJECT_LOGIN, {max, QUANTITY_MESSAGES, WINDOW_HOUR}};
    request.amounts[QUANTITY_MESSAGES] = request.amounts[QUANTITY_RECIPIENTS] = 1;
    request.bounds = &bound;
    request.bound_count = max >= 0;
    request.rcpts = rcpts;
    request.rcpt_count = 1;
    run(limits, &request);
    return request.answer;
}

static struct limits_answer look(struct limits *limits, const char *login)
{
    struct limits_request request = request_of(LIMITS_LOOK, login);
    run(limits, &request);
    return request.answer;
}

static int64_t count(struct limits *limits, const char *login)
{
    struct limits_answer answer = look(limits, login);
    return answer.subjects[SUBJECT_LOGIN].counted.counts[QUANTITY_MESSAGES][WINDOW_DAY];
}

static void wait_for_degraded(struct limits *limits, bool wanted)
{
    int64_t until = redis_clock() + PATIENCE_MS;
    while (look(limits, "nobody").degraded != wanted) {
        if (redis_clock() > until)
            fail_msg("still %sdegraded: %s", wanted ? "not " : "", said);
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
}

static int begin(void **state)
{
    (void)state;
    said[0] = '\0';
    longest = 0;
    return 0;
}

static int finish(void **state)
{
    (void)state;
    redis_kill();
    return 0;
}

struct many {
    struct limits *limits;
    int times;
    int64_t max;
    int64_t admitted;
};

static void *charge_many(void *context)
{
    struct many *many = context;
    for (int i = 0; i < many->times; i++) {
        struct limits_answer answer = charge(many->limits, "alice", many->max);
        assert_false(answer.degraded);
        many->admitted += answer.admitted;
    }
    return NULL;
}

static int64_t charge_from_threads(struct limits *limits, int times, int64_t max)
{
    enum { THREADS = 8 };
    pthread_t threads[THREADS];
    struct many many[THREADS];
    int64_t admitted = 0;
    for (int i = 0; i < THREADS; i++) {
        many[i] = (struct many){limits, times, max, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, charge_many, &many[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        admitted += many[i].admitted;
    }
    return admitted;
}

static void test_many_threads_and_two_processes_pass_no_limit(void **state)
{
    (void)state;
    int way[2];
    int64_t there;
    redis_start(NULL);
    assert_int_equal(pipe(way), 0);
    pid_t other = fork();
    if (other == 0) {
        struct limits *limits = open_fleet();
        int64_t admitted = charge_from_threads(limits, 40, 250);
        limits_close(limits);
        _exit(write(way[1], &admitted, sizeof admitted) == sizeof admitted ? 0 : 1);
    }
    struct limits *limits = open_fleet();
    int64_t here = charge_from_threads(limits, 40, 250);
    assert_int_equal(read(way[0], &there, sizeof there), sizeof there);
    assert_int_equal(waitpid(other, NULL, 0), other);
    assert_int_equal(here + there, 250);
    assert_int_equal(count(limits, "Alice"), 250);
    struct limits_answer answer = charge(limits, "alice", 250);
    assert_false(answer.admitted);
    assert_int_equal(answer.passed.limit.max, 250);
    assert_true(answer.subjects[SUBJECT_LOGIN].frees[QUANTITY_MESSAGES][WINDOW_HOUR] > 3000);
    limits_close(limits);
    assert_string_equal(said, "");
    close(way[0]);
    close(way[1]);
}

static void test_what_is_asked_is_answered(void **state)
{
    (void)state;
    redis_start(NULL);
    struct limits *limits = open_fleet(), *other = open_fleet();
    charge(limits, "bob", -1);
    struct limits_request request = request_of(LIMITS_KNOWN, "BOB");
    static const struct bytes friend[] = {{"friend@example.org", 18}};
    request.rcpts = friend;
    request.rcpt_count = 1;
    run(other, &request);
    assert_true(request.answer.rcpt_since > 0);
    request = request_of(LIMITS_REFUSED, "bob");
    request.amounts[QUANTITY_REFUSALS] = 3;
    run(limits, &request);
    struct limits_answer answer = look(limits, "bob");
    assert_int_equal(
        answer.subjects[SUBJECT_LOGIN].counted.counts[QUANTITY_REFUSALS][WINDOW_MINUTE], 3);
    assert_int_equal(answer.subjects[SUBJECT_HOST].counted.counts[QUANTITY_MESSAGES][WINDOW_DAY],
                     1);
    assert_int_equal(answer.habit.messages, 1);
    assert_int_equal(answer.habit.networks_day, 1);
    assert_true(answer.habit.network_since > 0);
    struct login_standing slowed = {LOGIN_SLOWED, now_ms() / 1000, 0, BYTES("many_networks.hour")};
    limits_raise(limits, BYTES("Bob"), &slowed);
    while (look(other, "bob").standing.state != LOGIN_SLOWED)
        continue;
    answer = look(other, "bob");
    assert_string_equal(answer.cause, "many_networks.hour");
    assert_true(limits_claim(limits, "bob burst", 3600, now_ms() / 1000));
    assert_false(limits_claim(other, "bob burst", 3600, now_ms() / 1000));
    assert_non_null(strstr(REDIS("KEYS", "*friend*"), "*0"));
    assert_null(strstr(REDIS("EVAL",
                             "for _, k in ipairs(redis.call('KEYS', '*')) do "
                             "if redis.call('TTL', k) < 0 then return k end end return 'all'",
                             "0"),
                       "count:"));
    limits_close(limits);
    limits_close(other);
}

static void test_a_killed_redis_is_answered_for(void **state)
{
    (void)state;
    redis_start(NULL);
    struct limits *limits = open_fleet();
    for (int i = 0; i < 5; i++)
        assert_true(charge(limits, "carol", 10).admitted);
    redis_kill();
    wait_for_degraded(limits, true);
    struct limits_answer answer = charge(limits, "carol", 10);
    assert_true(answer.degraded);
    assert_int_equal(answer.hosts, 1);
    assert_int_equal(answer.subjects[SUBJECT_LOGIN].counted.counts[QUANTITY_MESSAGES][WINDOW_HOUR],
                     5);
    for (int i = 0; i < 4; i++)
        assert_true(charge(limits, "carol", 10).admitted);
    assert_false(charge(limits, "carol", 10).admitted);
    assert_int_equal(said_lines("is not to be counted on"), 1);
    redis_start(NULL);
    wait_for_degraded(limits, false);
    assert_int_equal(count(limits, "carol"), 10);
    assert_non_null(strstr(REDIS("KEYS", "*count:login:carol"), "carol"));
    assert_false(charge(limits, "carol", 10).admitted);
    assert_int_equal(said_lines("is back after"), 1);
    assert_int_equal(said_lines("\n"), 2);
    limits_close(limits);
}

static void test_hosts_share_while_it_is_gone_and_settle_back(void **state)
{
    (void)state;
    redis_start(NULL);
    struct limits *hosts[3];
    int64_t admitted = 0;
    for (int i = 0; i < 3; i++)
        hosts[i] = open_fleet();
    /* Who came first learns of the others with its next beat. */
    for (int64_t until = redis_clock() + PATIENCE_MS;;) {
        bool all = true;
        redis_stop();
        for (int i = 0; i < 3; i++) {
            wait_for_degraded(hosts[i], true);
            all = all && look(hosts[i], "dave").hosts == 3;
        }
        if (all)
            break;
        assert_true(redis_clock() < until);
        redis_continue();
        for (int i = 0; i < 3; i++)
            wait_for_degraded(hosts[i], false);
    }
    for (int i = 0; i < 3; i++)
        for (int n = 0; n < 30; n++)
            admitted += charge(hosts[i], "dave", 30).admitted;
    assert_true(admitted >= 30 && admitted <= 33);
    redis_continue();
    for (int i = 0; i < 3; i++)
        wait_for_degraded(hosts[i], false);
    assert_int_equal(count(hosts[0], "dave"), admitted);
    for (int i = 0; i < 3; i++)
        limits_close(hosts[i]);
}

static void test_a_stopped_redis_counts_nothing_twice(void **state)
{
    (void)state;
    redis_start(NULL);
    struct limits *limits = open_fleet();
    for (int i = 0; i < 3; i++)
        charge(limits, "erin", -1);
    redis_stop();
    /* The first is under way when it falls silent, and is done by Redis once it goes on. */
    for (int i = 0; i < 4; i++)
        assert_true(charge(limits, "erin", 100).degraded);
    redis_continue();
    wait_for_degraded(limits, false);
    assert_int_equal(count(limits, "erin"), 7);
    assert_int_equal(said_lines("\n"), 2);
    assert_int_equal(said_lines("50 ms"), 1);
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
        said[0] = '\0';
        redis_start(NULL);
        struct limits *limits = open_fleet();
        charge(limits, "frank", -1);
        redis_say((const char *const[]){errors[i].breaks[0], errors[i].breaks[1],
                                        errors[i].breaks[2], errors[i].breaks[3], NULL});
        int64_t charged = 1;
        for (int64_t until = redis_clock() + PATIENCE_MS; !said_lines("\n"); charged++) {
            charge(limits, "frank", -1);
            assert_true(redis_clock() < until);
        }
        if (!said_lines(errors[i].name))
            fail_msg("%s: %s", errors[i].name, said);
        redis_say((const char *const[]){errors[i].mends[0], errors[i].mends[1], errors[i].mends[2],
                                        errors[i].mends[3], NULL});
        wait_for_degraded(limits, false);
        assert_int_equal(count(limits, "frank"), charged);
        assert_int_equal(said_lines("\n"), 2);
        limits_close(limits);
        redis_kill();
    }
}

static void test_who_empties_redis_forgets_all(void **state)
{
    (void)state;
    redis_start(NULL);
    struct limits *limits = open_fleet();
    charge(limits, "kim", -1);
    REDIS("FLUSHALL");
    assert_int_equal(count(limits, "kim"), 0);
    charge(limits, "kim", -1);
    for (int64_t until = redis_clock() + PATIENCE_MS; !said_lines("was emptied");) {
        assert_false(look(limits, "kim").degraded);
        assert_true(redis_clock() < until);
    }
    assert_int_equal(count(limits, "kim"), 1);
    assert_int_equal(said_lines("\n"), 1);
    limits_close(limits);
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
    struct limits *limits = open_with(path);
    assert_true(charge(limits, "gil", 5).degraded);
    assert_int_equal(said_lines("WRONGPASS"), 1);
    assert_null(strstr(said, "wrong\n"));
    write_file(path, "right\n");
    wait_for_degraded(limits, false);
    assert_int_equal(count(limits, "gil"), 1);
    assert_int_equal(said_lines("\n"), 2);
    limits_close(limits);
    unlink(path);
}

static void test_a_redis_that_is_loading_is_waited_for(void **state)
{
    (void)state;
    redis_start(NULL);
    REDIS("EVAL", "for i = 1, 3000 do redis.call('SET', 'k' .. i, string.rep('x', 100)) end", "0");
    assert_non_null(strstr(REDIS("SAVE"), "OK"));
    redis_kill();
    redis_start_at_once((const char *const[]){
        "--key-load-delay", "1000", "--loading-process-events-interval-bytes", "1024", NULL});
    struct limits *limits = open_fleet();
    assert_int_equal(said_lines("LOADING"), 1);
    assert_true(charge(limits, "hal", 5).degraded);
    wait_for_degraded(limits, false);
    assert_int_equal(count(limits, "hal"), 1);
    assert_int_equal(said_lines("\n"), 2);
    limits_close(limits);
}

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
        said[0] = '\0';
        redis_start(NULL);
        struct limits *limits = open_fleet();
        charge(limits, "ivy", 100);
        redis_kill();
        stand_in_start(others[i].answer, strlen(others[i].answer), others[i].milliseconds);
        for (int n = 0; n < 20; n++)
            charge(limits, "ivy", 100);
        wait_for_degraded(limits, true);
        nanosleep(&(struct timespec){.tv_sec = i == 3 ? 2 : 0}, NULL);
        assert_true(charge(limits, "ivy", 100).degraded);
        stand_in_stop();
        redis_start(NULL);
        wait_for_degraded(limits, false);
        assert_int_equal(count(limits, "ivy"), 22);
        assert_int_equal(said_lines("\n"), 2);
        limits_close(limits);
        redis_kill();
    }
    print_message("# the longest answer took %lld ms\n", (long long)longest);
}

static void test_a_network_that_delays_is_a_redis_that_is_gone(void **state)
{
    (void)state;
    stand_in_start("+OK\r\n", 5, 5000);
    struct limits *limits = open_fleet();
    assert_true(charge(limits, "jo", 3).degraded);
    limits_close(limits);
    stand_in_stop();
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
    struct limits *limits = open_fleet(), *admin;
    struct limits_options options = limits_fixture_options(NULL);
    struct error error;
    char text[200] = "";
    bool found;
    int64_t now = now_ms(), remembered, known;
    struct bytes mia = BYTES("Mia"), friend = BYTES("old@example.org");
    options.redis = redis_address;
    assert_true(limits_open_admin(&options, &admin, &error));
    for (int i = 0; i < 6; i++)
        charge(limits, i < 1 ? "liz" : i < 3 ? "ned" : "mia", -1);
    assert_true(limits_top(admin, SUBJECT_LOGIN, QUANTITY_MESSAGES, WINDOW_HOUR, now_ms(), 2,
                           take_top, text, &error));
    assert_string_equal(text, "mia 3;ned 2;");
    text[0] = '\0';
    assert_true(limits_top(admin, SUBJECT_HOST, QUANTITY_MESSAGES, WINDOW_HOUR, now_ms(), 9,
                           take_top, text, &error));
    assert_string_equal(text, "all 6;");

    struct login_standing frozen = {LOGIN_FROZEN, now / 1000, 0, BYTES("by root: phished")};
    assert_true(limits_set_standing(admin, mia, &frozen, &error));
    assert_int_equal(look(limits, "mia").standing.state, LOGIN_FROZEN);
    assert_true(limits_contained(admin, now_ms(), take_contained, text, &error));
    assert_string_equal(text, "mia frozen by root: phished;");
    frozen.state = LOGIN_NORMAL;
    assert_true(limits_set_standing(admin, mia, &frozen, &error));
    assert_int_equal(look(limits, "mia").standing.state, LOGIN_NORMAL);

    assert_true(limits_learn(admin, mia, friend, now / 1000 - 10 * 86400, now / 1000, &error));
    assert_true(limits_count_correspondents(admin, mia, now_ms(), &remembered, &known, &error));
    assert_int_equal(remembered, 2);
    assert_int_equal(known, 1);
    struct limits_request request = request_of(LIMITS_LOOK, "mia");
    assert_true(limits_show(admin, &request, &found, &error));
    assert_true(found);
    assert_int_equal(
        request.answer.subjects[SUBJECT_LOGIN].counted.counts[QUANTITY_MESSAGES][WINDOW_DAY], 3);
    assert_true(limits_reset(admin, SUBJECT_LOGIN, mia, true, &error));
    assert_true(limits_count_correspondents(admin, mia, now_ms(), &remembered, &known, &error));
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

static void test_what_an_admin_froze_holds_without_redis(void **state)
{
    (void)state;
    redis_start(NULL);
    struct limits *limits = open_fleet(), *admin;
    struct limits_options options = limits_fixture_options(NULL);
    struct error error;
    struct login_standing standing = {LOGIN_FROZEN, now_ms() / 1000, 0, BYTES("by root")};
    options.redis = redis_address;
    assert_true(limits_open_admin(&options, &admin, &error));
    assert_true(limits_set_standing(admin, BYTES("olga"), &standing, &error));
    assert_true(limits_set_standing(admin, BYTES("pia"), &standing, &error));
    look(limits, "olga");
    look(limits, "pia");
    standing.state = LOGIN_NORMAL;
    assert_true(limits_set_standing(admin, BYTES("pia"), &standing, &error));
    assert_int_equal(look(limits, "pia").standing.state, LOGIN_NORMAL);
    limits_close(admin);
    redis_kill();
    wait_for_degraded(limits, true);
    assert_int_equal(look(limits, "olga").standing.state, LOGIN_FROZEN);
    assert_string_equal(look(limits, "olga").cause, "by root");
    assert_int_equal(look(limits, "pia").standing.state, LOGIN_NORMAL);
    /* What a sign says meanwhile is heard of. */
    standing.state = LOGIN_SLOWED;
    limits_raise(limits, BYTES("quin"), &standing);
    assert_int_equal(look(limits, "quin").standing.state, LOGIN_SLOWED);
    redis_start(NULL);
    struct limits *other = open_fleet();
    wait_for_degraded(limits, false);
    assert_int_equal(look(other, "quin").standing.state, LOGIN_SLOWED);
    assert_int_equal(look(other, "olga").standing.state, LOGIN_FROZEN);
    limits_close(limits);
    limits_close(other);
}

static void test_an_address_that_is_none_fails(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",           "redis",      "unix:relative",  "inet:0@::1",
                                        "inet:x@::1", "inet:6379@", "inet:70000@::1", "unix:"};
    struct limits_options options = limits_fixture_options(NULL);
    struct limits *limits;
    struct error error;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        options.redis = wrong[i];
        assert_false(limits_open(&options, &limits, &error));
        assert_non_null(strstr(error.text, "unix:/path"));
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, finish)
    const struct CMUnitTest tests[] = {
        TEST(test_many_threads_and_two_processes_pass_no_limit),
        TEST(test_what_is_asked_is_answered),
        TEST(test_a_killed_redis_is_answered_for),
        TEST(test_hosts_share_while_it_is_gone_and_settle_back),
        TEST(test_a_stopped_redis_counts_nothing_twice),
        TEST(test_an_error_of_redis_breaks_the_circuit),
        TEST(test_who_empties_redis_forgets_all),
        TEST(test_a_wrong_password_is_said_and_can_be_mended),
        TEST(test_a_redis_that_is_loading_is_waited_for),
        TEST(test_what_is_no_redis_holds_nobody_up),
        TEST(test_a_network_that_delays_is_a_redis_that_is_gone),
        TEST(test_an_admin_sees_and_says),
        TEST(test_what_an_admin_froze_holds_without_redis),
        TEST(test_an_address_that_is_none_fails),
    };
    if (!redis_fixture_is_there()) {
        print_message("1..0 # SKIP no redis-server\n");
        return 0;
    }
    return cmocka_run_group_tests(tests, redis_fixture_init, redis_fixture_done);
}
