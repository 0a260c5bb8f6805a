/* Signals come out as events, however many come in. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "milter/signals.h"

#define MANY 70000 /* a pipe has room for 65,536 */

static void test_an_end_behind_many_reloads(void **state)
{
    (void)state;
    for (int i = 0; i < MANY; i++)
        assert_int_equal(raise(SIGUSR1), 0);
    assert_int_equal(raise(SIGTERM), 0);
    assert_int_equal(signals_wait(0), SIGNAL_STOP);
    assert_int_equal(signals_wait(0), SIGNAL_RELOAD);
    assert_int_equal(signals_wait(0), SIGNAL_NONE);
}

static void test_each_kind_once_and_the_end_first(void **state)
{
    (void)state;
    static const int told[] = {SIGUSR2, SIGHUP, SIGINT, SIGUSR1, SIGTERM, SIGUSR2};
    static const enum signal_event events[] = {SIGNAL_ENDED, SIGNAL_STOP, SIGNAL_RELOAD,
                                               SIGNAL_SUCCEED, SIGNAL_NONE};
    for (size_t i = 0; i < sizeof told / sizeof *told; i++)
        assert_int_equal(raise(told[i]), 0);
    signals_tell(SIGNAL_ENDED);
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        assert_int_equal(signals_wait(0), events[i]);
}

static int open_signals(void **state)
{
    (void)state;
    struct error error;
    return signals_open(&error) ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_end_behind_many_reloads),
        cmocka_unit_test(test_each_kind_once_and_the_end_first),
    };
    return cmocka_run_group_tests(tests, open_signals, NULL);
}
