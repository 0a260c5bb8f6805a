/* What a sign raises while Redis cannot be told of it: it waits, nobody spins over it, and all
 * hosts hear of it. */
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "limits/fleet_private.h"
#include "limits/redis.h"
#include "tests/unit/fleet_fixture.h"
#include "tests/unit/redis_fixture.h"

/* The machine lets the fleet's thread wait, for a beat or longer. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t goes_on = PTHREAD_COND_INITIALIZER;
static bool is_held;
static _Atomic int64_t later; /* milliseconds */
/* There is no place in line for a raise. */
static atomic_bool is_full;
static atomic_int refused;

int __real_poll(struct pollfd *polled, nfds_t count, int milliseconds);
int __wrap_poll(struct pollfd *polled, nfds_t count, int milliseconds);
int __wrap_poll(struct pollfd *polled, nfds_t count, int milliseconds)
{
    int ready = __real_poll(polled, count, milliseconds);
    pthread_mutex_lock(&lock);
    while (is_held)
        pthread_cond_wait(&goes_on, &lock);
    pthread_mutex_unlock(&lock);
    return ready;
}

int64_t __real_redis_clock(void);
int64_t __wrap_redis_clock(void);
int64_t __wrap_redis_clock(void)
{
    return __real_redis_clock() + later;
}

/* The time by which who waits is woken is that of the machine. */
struct timespec __real_fleet_time_of(int64_t milliseconds);
struct timespec __wrap_fleet_time_of(int64_t milliseconds);
struct timespec __wrap_fleet_time_of(int64_t milliseconds)
{
    return __real_fleet_time_of(milliseconds - later);
}

bool __real_fleet_put(struct fleet *fleet, struct fleet_work *work);
bool __wrap_fleet_put(struct fleet *fleet, struct fleet_work *work);
bool __wrap_fleet_put(struct fleet *fleet, struct fleet_work *work)
{
    if (is_full && work->kind == FLEET_WORK_SETTLE && !work->order.sequence_at) {
        refused++;
        return false;
    }
    return __real_fleet_put(fleet, work);
}

static void hold(bool held)
{
    pthread_mutex_lock(&lock);
    is_held = held;
    pthread_cond_broadcast(&goes_on);
    pthread_mutex_unlock(&lock);
}

static void raise_frozen(struct limits *limits, const char *login)
{
    struct login_standing frozen = {LOGIN_FROZEN, fleet_now() / 1000, 0, BYTES("sign")};
    limits_raise(limits, bytes_of(login), &frozen);
}

/* A request is not answered in time, a sign is told of, and only then the thread sees that Redis is
 * not to be counted on; by then a beat is due. */
static struct limits *raise_as_a_beat_is_due(const char *const logins[2])
{
    redis_start(NULL);
    struct limits *limits = fleet_open_host(NULL);
    fleet_wait_for_degraded(limits, false);
    hold(true);
    fleet_wait_for_degraded(limits, true);
    for (int i = 0; i < 2; i++)
        raise_frozen(limits, logins[i]);
    later += FLEET_BEAT_MS;
    hold(false);
    return limits;
}

static void all_hosts_know(const char *login)
{
    struct limits *other = fleet_open_host(NULL);
    fleet_wait_for_degraded(other, false);
    fleet_wait_for_state(other, login, LOGIN_FROZEN);
    limits_close(other);
}

static void test_a_beat_of_a_circuit_that_is_broken(void **state)
{
    (void)state;
    struct limits *limits = raise_as_a_beat_is_due((const char *const[]){"alma", "bert"});
    fleet_wait_for_degraded(limits, false);
    fleet_wait_for_said_once_a_change();
    all_hosts_know("alma");
    all_hosts_know("bert");
    limits_close(limits);
}

static void test_the_end_at_such_a_beat(void **state)
{
    (void)state;
    struct limits *limits = raise_as_a_beat_is_due((const char *const[]){"cleo", "dora"});
    alarm(FLEET_PATIENCE_MS / 1000);
    limits_close(limits);
    alarm(0);
}

/* Requests go on meanwhile, and none of the signs gets lost. */
static void test_a_line_that_is_full(void **state)
{
    (void)state;
    redis_start(NULL);
    struct limits *limits = fleet_open_host(NULL);
    fleet_wait_for_degraded(limits, false);
    is_full = true;
    refused = 0;
    raise_frozen(limits, "emil");
    raise_frozen(limits, "fay");
    for (int beats = 1; beats <= 2; beats++) {
        later += FLEET_BEAT_MS;
        /* Where Redis was late on its own, it was told as it came back. */
        for (int64_t until = redis_clock() + FLEET_PATIENCE_MS;
             refused < 2 + beats && !fleet_said_gone();) {
            fleet_look(limits, "nobody");
            assert_true(redis_clock() < until);
        }
        fleet_wait_for_degraded(limits, false);
        assert_true(refused < 100);
    }
    is_full = false;
    later += FLEET_BEAT_MS;
    fleet_wait_for_degraded(limits, false);
    all_hosts_know("emil");
    all_hosts_know("fay");
    limits_close(limits);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fleet_fixture_begin, fleet_fixture_end)
    const struct CMUnitTest tests[] = {
        TEST(test_a_beat_of_a_circuit_that_is_broken),
        TEST(test_the_end_at_such_a_beat),
        TEST(test_a_line_that_is_full),
    };
    if (!redis_fixture_is_there()) {
        print_message("1..0 # SKIP no redis-server\n");
        return 0;
    }
    return cmocka_run_group_tests(tests, redis_fixture_init, redis_fixture_done);
}
