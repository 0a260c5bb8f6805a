/* Where the kernel takes no long list, each descriptor is found all the same, and time passes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "milter/poll_many.h"

#define MANY 100

static struct pollfd fds[MANY];
static int reason;     /* of the failure of long lists */
static nfds_t longest; /* that is none */
static int ends[2];

static int refusing_poll(struct pollfd *list, nfds_t count, int milliseconds)
{
    if (count > longest) {
        errno = reason;
        return -1;
    }
    return poll(list, count, milliseconds);
}

static int begin(void **state)
{
    (void)state;
    assert_int_equal(pipe(ends), 0);
    for (size_t i = 0; i < MANY; i++)
        fds[i] = (struct pollfd){.fd = ends[0], .events = POLLIN, .revents = POLLOUT};
    reason = EINVAL;
    longest = 20;
    return 0;
}

static int end(void **state)
{
    (void)state;
    close(ends[0]);
    close(ends[1]);
    return 0;
}

static void test_the_last_of_many_is_found(void **state)
{
    (void)state;
    const int reasons[] = {EINVAL, ENOMEM, EAGAIN};
    for (size_t i = 0; i + 1 < MANY; i++)
        fds[i].fd = -1;
    assert_int_equal(write(ends[1], "x", 1), 1);
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        reason = reasons[i];
        assert_int_equal(poll_many(refusing_poll, fds, MANY, 5000), 1);
        assert_int_equal(fds[MANY - 1].revents, POLLIN);
        assert_int_equal(fds[0].revents, 0);
    }
}

static void test_all_are_counted(void **state)
{
    (void)state;
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_int_equal(poll_many(refusing_poll, fds, MANY, -1), MANY);
}

static void check_waits(int milliseconds)
{
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    assert_int_equal(poll_many(refusing_poll, fds, MANY, milliseconds), 0);
    clock_gettime(CLOCK_MONOTONIC, &after);
    long long took =
        (after.tv_sec - before.tv_sec) * 1000LL + (after.tv_nsec - before.tv_nsec) / 1000000;
    assert_true(took >= milliseconds - 1);
    assert_int_equal(fds[0].revents, 0);
    assert_int_equal(fds[MANY - 1].revents, 0);
}

static void test_where_none_is_ready_the_time_passes(void **state)
{
    (void)state;
    check_waits(250);
    check_waits(0);
    longest = 0; /* nothing can be looked at */
    check_waits(150);
}

static void test_other_failures_are_told(void **state)
{
    (void)state;
    reason = EINTR;
    assert_int_equal(poll_many(refusing_poll, fds, MANY, 1000), -1);
    assert_int_equal(errno, EINTR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_last_of_many_is_found, begin, end),
        cmocka_unit_test_setup_teardown(test_all_are_counted, begin, end),
        cmocka_unit_test_setup_teardown(test_where_none_is_ready_the_time_passes, begin, end),
        cmocka_unit_test_setup_teardown(test_other_failures_are_told, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
