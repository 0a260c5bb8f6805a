/* Dates as mail programs write them, and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy/date.h"

#define NOT_A_DATE INT64_MIN

static const struct {
    const char *value;
    int64_t seconds;
} cases[] = {
    {" Mon, 21 Sep 2026 13:33:20 +0000", 1789997600},
    {" Mon, 21 Sep 2026 15:33:20 +0200", 1789997600},
    {" Mon, 21 Sep 2026 15:33:20 +0200 (CEST)", 1789997600},
    {" 21 Sep 2026 13:33:20 GMT", 1789997600},
    {" 21 Sep 2026 13:33:20 UT", 1789997600},
    {" 21 Sep 26 08:33:20 EST", 1789997600},
    {" 21 Sep 126 13:33:20 +0000", 1789997600},
    {" Mon,21 Sep 2026 13:33:20 -0000", 1789997600},
    {" Mon, 21 Sep\n 2026 13:33:20\n +0000", 1789997600},
    {" Mon, 21 Sep\r\n\t2026 13:33:20 +0000", 1789997600},
    {" (a (nested) comment) Mon (x), 21 (y) Sep 2026 13 : 33 : 20 +0000", 1789997600},
    {"Mon, 21 Sep 2026 13:33:20 +0000", 1789997600},
    {" MON, 21 SEP 2026 13:33:20 +0000", 1789997600},
    {" Mon, 21 September 2026 13:33:20 +0000", 1789997600},
    {" Mon. 21-Sep-2026 13:33:20 +0000", 1789997600},
    {" Fri, 21 Sep 2026 13:33:20 +0000", 1789997600}, /* the wrong day's name */
    {" Mon, 21 Sep 2026 13:33 +0000", 1789997600 - 20},
    {" Mon, 21 Sep 2026 13:33:20", 1789997600},
    {" Mon, 21 Sep 2026 13:33:20.123 +0000", 1789997600},
    {" Mon, 21 Sep 2026 19:03:20 +0530", 1789997600},
    {" Mon, 21 Sep 2026 06:33:20 PDT", 1789997600},
    {" Thu, 1 Jan 1970 00:00:00 +0000", 0},
    {" Wed, 31 Dec 1969 23:59:59 +0000", -1},
    {" Thu, 29 Feb 2024 00:00:00 +0000", 1709164800},
    {" Sat, 30 Jun 2012 23:59:60 +0000", 1341100800},
    {" Sun, 1 Jan 95 00:00:00 +0000", 788918400},
    {"", NOT_A_DATE},
    {" ", NOT_A_DATE},
    {" (open", NOT_A_DATE},
    {" Mon", NOT_A_DATE},
    {" Mon, 21", NOT_A_DATE},
    {" Mon, 21 Sep", NOT_A_DATE},
    {" Mon, 21 Sep 2026", NOT_A_DATE},
    {" Mon, 21 Sep 2026 13", NOT_A_DATE},
    {" Mon, 21 Sep 2026 13:", NOT_A_DATE},
    {" Mon, 21 Sep 2026 24:00:00 +0000", NOT_A_DATE},
    {" Mon, 21 Sep 2026 13:60:00 +0000", NOT_A_DATE},
    {" Mon, 21 Sep 2026 13:33:61 +0000", NOT_A_DATE},
    {" Mon, 21 Sep 2026 13:33:20 +00", NOT_A_DATE},
    {" Mon, 21 Sep 2026 13:33:20 +00000", NOT_A_DATE},
    {" Mon, 21 Sep 2026 13:33:20 +0060", NOT_A_DATE},
    {" Mon, 29 Feb 2026 13:33:20 +0000", NOT_A_DATE},
    {" Mon, 0 Sep 2026 13:33:20 +0000", NOT_A_DATE},
    {" Mon, 31 Sep 2026 13:33:20 +0000", NOT_A_DATE},
    {" Mon, 21 Foo 2026 13:33:20 +0000", NOT_A_DATE},
    {" Mon, 21 Sep 20260 13:33:20 +0000", NOT_A_DATE},
    {" Mon Sep 21 13:33:20 2026", NOT_A_DATE},
    {" 2026-09-21T13:33:20Z", NOT_A_DATE},
    {" \xd0\x9f\xd0\xbd, 21 \xd1\x81\xd0\xb5\xd0\xbd 2026 13:33:20 +0300", NOT_A_DATE},
};

static void test_parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t len = strlen(cases[i].value);
        char *copy = malloc(len ? len : 1);
        assert_non_null(copy);
        memcpy(copy, cases[i].value, len);
        int64_t seconds = NOT_A_DATE;
        if (!date_parse((struct bytes){copy, len}, &seconds))
            seconds = NOT_A_DATE;
        if (seconds != cases[i].seconds)
            fail_msg("\"%s\" was read as %lld, not %lld", cases[i].value, (long long)seconds,
                     (long long)cases[i].seconds);
        free(copy);
    }
}

static void test_format(void **state)
{
    (void)state;
    char text[DATE_TEXT_SIZE];
    date_format(1789997600, text);
    assert_string_equal(text, "Mon, 21 Sep 2026 13:33:20 +0000");
    date_format(-1, text);
    assert_string_equal(text, "Wed, 31 Dec 1969 23:59:59 +0000");
    date_format(INT64_MAX, text);
    assert_string_equal(text, "Fri, 31 Dec 9999 23:59:59 +0000");
    date_format(INT64_MIN, text);
    assert_string_equal(text, "Sat, 01 Jan 0000 00:00:00 +0000");
}

/* Days over several centuries, against the C library's calendar, and read back. */
static void test_both_ways(void **state)
{
    (void)state;
    for (int64_t now = -2208988800; now < 7258118400; now += 86399 * 5 + 1) {
        char text[DATE_TEXT_SIZE];
        char expected[DATE_TEXT_SIZE];
        time_t seconds = (time_t)now;
        struct tm tm;
        assert_non_null(gmtime_r(&seconds, &tm));
        strftime(expected, sizeof expected, "%a, %d %b %Y %H:%M:%S +0000", &tm);
        date_format(now, text);
        assert_string_equal(text, expected);
        int64_t back;
        assert_true(date_parse(bytes_of(text), &back));
        assert_int_equal(back, now);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_both_ways),
    };
    return cmocka_run_group_tests_name("date", tests, NULL, NULL);
}
