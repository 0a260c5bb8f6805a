/* Points in time as admins write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "ctl/when.h"

/* 2026-11-20 14:30:00.250 in Berlin, which is 13:30 UTC. */
#define NOW INT64_C(1795181400250)

static void test_times(void **state)
{
    (void)state;
    static const struct {
        const char *text, *utc;
    } times[] = {
        {"now", "2026-11-20T13:30:00.250Z"},
        {"90s", "2026-11-20T13:28:30.250Z"},
        {"30m", "2026-11-20T13:00:00.250Z"},
        {"2h", "2026-11-20T11:30:00.250Z"},
        {"2h ago", "2026-11-20T11:30:00.250Z"},
        {"7d", "2026-11-13T13:30:00.250Z"},
        {"2w", "2026-11-06T13:30:00.250Z"},
        {"today", "2026-11-19T23:00:00.000Z"},
        {"yesterday", "2026-11-18T23:00:00.000Z"},
        {"14:00", "2026-11-20T13:00:00.000Z"},
        {"9:05:07", "2026-11-20T08:05:07.000Z"},
        {"2026-11-20", "2026-11-19T23:00:00.000Z"},
        {"2026-07-20", "2026-07-19T22:00:00.000Z"}, /* summer time */
        {"2028-02-29", "2028-02-28T23:00:00.000Z"},
        {"2026-11-20 14:00", "2026-11-20T13:00:00.000Z"},
        {"2026-11-20T14:00:05", "2026-11-20T13:00:05.000Z"},
        {"2026-11-20 14:00:05.12", "2026-11-20T13:00:05.120Z"},
        {"2026-11-20T14:00:05.123456Z", "2026-11-20T14:00:05.123Z"},
        {"2026-11-20t14:00:05z", "2026-11-20T14:00:05.000Z"},
        {"2026-11-20T14:00:05+05:30", "2026-11-20T08:30:05.000Z"},
        {"2026-11-20 14:00 -08:00", "2026-11-20T22:00:00.000Z"},
        {"2026-11-20 14:00 Z", "2026-11-20T14:00:00.000Z"},
    };
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        int64_t ms;
        char utc[WHEN_SIZE];
        struct error error;
        if (!when_parse(times[i].text, NOW, &ms, &error))
            fail_msg("%s", error.text);
        when_utc(ms, utc);
        if (strcmp(utc, times[i].utc) != 0)
            fail_msg("%s: %s, expected %s", times[i].text, utc, times[i].utc);
    }
}

static void test_no_times(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "2",
                                        "h",
                                        "-2h",
                                        "2h later",
                                        "2hh",
                                        "2 h",
                                        "Today",
                                        "tomorrow",
                                        "24:00",
                                        "14:60",
                                        "14:0",
                                        "14:00:",
                                        "14:00.5",
                                        "2026-13-01",
                                        "2026-02-30",
                                        "2027-02-29",
                                        "2026-11-00",
                                        "1969-12-31",
                                        "2026-11-20 ",
                                        "2026-11-20  14:00",
                                        "2026-11-20T14",
                                        "2026-11-20 14:00:05.",
                                        "2026-11-20 14:00 +1",
                                        "2026-11-20 14:00 +01:60",
                                        "2026-11-20 14:00 CET",
                                        "2026-11-20 14:00Zulu",
                                        "999999999s"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int64_t ms;
        struct error error;
        if (when_parse(texts[i], NOW, &ms, &error))
            fail_msg("\"%s\" is taken for a time", texts[i]);
        assert_non_null(strstr(error.text, "expected one like 2h"));
    }
}

static void test_shown(void **state)
{
    (void)state;
    char text[WHEN_SIZE];
    when_local(NOW, text);
    assert_string_equal(text, "2026-11-20 14:30:00");
    when_local_zone(NOW, text);
    assert_string_equal(text, "2026-11-20 14:30:00 +0100");
    when_short(NOW, NOW + 60000, text);
    assert_string_equal(text, "14:30:00");
    when_short(NOW, NOW + INT64_C(12) * 3600000, text);
    assert_string_equal(text, "11-20 14:30:00");
    when_short(NOW, NOW + INT64_C(200) * 86400000, text);
    assert_string_equal(text, "2026-11-20 14:30:00");
    when_utc(NOW, text);
    assert_string_equal(text, "2026-11-20T13:30:00.250Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_no_times),
        cmocka_unit_test(test_shown),
    };
    /* Berlin's, written out: the machine may lack the zones' files. */
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
