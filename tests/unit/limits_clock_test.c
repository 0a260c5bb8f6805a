/* A clock that is set does not keep a login at its limit for good. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "tests/unit/limits_places.h"

/* A login that is at its limit gets through again once a window and two steps have passed by the
 * clock that there is now, whatever it was before. */
static void jumps(enum place_kind kind, int64_t by, enum window window)
{
    static const struct bytes login = BYTES("alice@example.com");
    const struct limits_bound bound = {SUBJECT_LOGIN, {3, QUANTITY_MESSAGES, window}};
    struct limits_request charge = {
        .op = LIMITS_CHARGE,
        .who = {.names = {login}, .now = (int64_t)time(NULL) * 1000},
        .amounts = {1},
        .bounds = &bound,
        .bound_count = 1,
    };
    struct place place;
    place_open(&place, kind, 1);
    for (int i = 0; i < 4; i++) {
        place_ask(&place, 0, &charge);
        assert_int_equal(charge.answer.admitted, i < 3);
    }
    charge.who.now += by;
    int64_t jumped = charge.who.now;
    int64_t patience = (window_seconds[window] + 2 * window_step[window] + 10) * 1000;
    for (place_ask(&place, 0, &charge); !charge.answer.admitted; place_ask(&place, 0, &charge)) {
        charge.who.now += patience / 100;
        if (charge.who.now > jumped + patience + patience / 50)
            fail_msg("by %lld ms, a %s: refused for good", (long long)by, window_word(window));
    }
    place_close(&place);
}

static void test_the_clock_jumps(void **state)
{
    (void)state;
    static const int64_t year = (int64_t)365 * 86400 * 1000;
    const int64_t by[] = {-500, -5000, -90000, -4000000, -90000000, -year, -30 * year, 5000, year};
    for (int kind = PLACE_MEMORY; kind <= PLACE_FLEET && place_is_there(kind); kind++)
        for (size_t i = 0; i < sizeof by / sizeof *by; i++)
            for (int window = 0; window < WINDOW_COUNT; window++)
                jumps(kind, by[i], window);
}

static int end(void **state)
{
    (void)state;
    places_end();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_clock_jumps)};
    return cmocka_run_group_tests(tests, NULL, end);
}
