/* Hosts of a fleet for the tests. */
#include "tests/unit/fleet_fixture.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "limits/redis.h"
#include "tests/unit/limits_fixture.h"
#include "tests/unit/redis_fixture.h"

/* Far over what the bound says: a machine that is busy may let a thread wait. */
#define LATE_MS 4000

_Atomic int64_t fleet_longest;
char fleet_said[8192];
static pthread_mutex_t say_lock = PTHREAD_MUTEX_INITIALIZER;

/* How many share is no change of the circuit, nor why Redis is not back: both may come at any time.
 */
static void say(const char *text)
{
    if (strstr(text, " counts for the fleet ") || strstr(text, " is not back yet: "))
        return;
    pthread_mutex_lock(&say_lock);
    size_t len = strlen(fleet_said);
    snprintf(fleet_said + len, sizeof fleet_said - len, "%s\n", text);
    pthread_mutex_unlock(&say_lock);
}

size_t fleet_said_count(const char *what)
{
    size_t count = 0;
    pthread_mutex_lock(&say_lock);
    for (const char *at = fleet_said; (at = strstr(at, what)) != NULL; at++)
        count++;
    pthread_mutex_unlock(&say_lock);
    return count;
}

size_t fleet_said_gone(void)
{
    return fleet_said_count("is not to be counted on") + fleet_said_count("is not there");
}

void fleet_said_clear(void)
{
    pthread_mutex_lock(&say_lock);
    fleet_said[0] = '\0';
    pthread_mutex_unlock(&say_lock);
}

int64_t fleet_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct limits_options fleet_host_options(void)
{
    struct limits_options options = limits_fixture_options(NULL);
    options.redis = redis_address;
    options.say = say;
    return options;
}

struct limits *fleet_open_host(const char *password_file)
{
    struct limits_options options = fleet_host_options();
    struct limits *limits;
    struct error error;
    options.redis_password_file = password_file;
    if (!limits_open(&options, &limits, &error))
        fail_msg("%s", error.text);
    return limits;
}

struct limits_request fleet_request(enum limits_op op, const char *login)
{
    struct limits_request request = {.op = op, .who = {.now = fleet_now()}};
    request.who.names[SUBJECT_LOGIN] = bytes_of(login);
    request.who.names[SUBJECT_NETWORK] = BYTES("192.0.2.0/24");
    request.who.names[SUBJECT_HOST] = BYTES("mx1");
    return request;
}

void fleet_ask(struct limits *limits, struct limits_request *request)
{
    int64_t began = redis_clock();
    limits_submit(limits, request);
    limits_collect(limits, request);
    int64_t took = redis_clock() - began;
    if (took > fleet_longest)
        fleet_longest = took;
    assert_true(request->answer.answered);
    if (took > LATE_MS)
        fail_msg("an answer took %lld ms", (long long)took);
}

/* One message to one; max: messages an hour, -1: no bound. */
struct limits_answer fleet_charge(struct limits *limits, const char *login, int64_t max)
{
    static const struct bytes rcpts[] = {{"friend@example.org", 18}};
    struct limits_request request = fleet_request(LIMITS_CHARGE, login);
    struct limits_bound bound = {SUBJECT_LOGIN, {max, QUANTITY_MESSAGES, WINDOW_HOUR}};
    request.amounts[QUANTITY_MESSAGES] = request.amounts[QUANTITY_RECIPIENTS] = 1;
    request.bounds = &bound;
    request.bound_count = max >= 0;
    request.rcpts = rcpts;
    request.rcpt_count = 1;
    fleet_ask(limits, &request);
    return request.answer;
}

struct limits_answer fleet_look(struct limits *limits, const char *login)
{
    struct limits_request request = fleet_request(LIMITS_LOOK, login);
    fleet_ask(limits, &request);
    return request.answer;
}

int64_t fleet_count(struct limits *limits, const char *login)
{
    struct limits_answer answer;
    int64_t until = redis_clock() + FLEET_PATIENCE_MS;
    while ((answer = fleet_look(limits, login)).degraded)
        assert_true(redis_clock() < until);
    return answer.subjects[SUBJECT_LOGIN].counted.counts[QUANTITY_MESSAGES][WINDOW_DAY];
}

void fleet_wait_for_degraded(struct limits *limits, bool wanted)
{
    int64_t until = redis_clock() + FLEET_PATIENCE_MS;
    while (fleet_look(limits, "nobody").degraded != wanted) {
        if (redis_clock() > until)
            fail_msg("still %sdegraded: %s", wanted ? "not " : "", fleet_said);
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
}

void fleet_wait_for_state(struct limits *limits, const char *login, enum login_state wanted)
{
    int64_t until = redis_clock() + FLEET_PATIENCE_MS;
    while (fleet_look(limits, login).standing.state != wanted)
        assert_true(redis_clock() < until);
}

void fleet_wait_for_said_gone(void)
{
    int64_t until = redis_clock() + FLEET_PATIENCE_MS;
    while (!fleet_said_gone())
        assert_true(redis_clock() < until);
}

void fleet_wait_for_said_once_a_change(void)
{
    size_t gone, back;
    int64_t until = redis_clock() + FLEET_PATIENCE_MS;
    do {
        back = fleet_said_count("is back after");
        gone = fleet_said_gone();
        if (redis_clock() > until)
            fail_msg("%s", fleet_said);
    } while (!gone || back != gone || fleet_said_count("\n") != 2 * gone);
}

int fleet_fixture_begin(void **state)
{
    (void)state;
    fleet_said_clear();
    fleet_longest = 0;
    return 0;
}

int fleet_fixture_end(void **state)
{
    (void)state;
    redis_kill();
    return 0;
}
