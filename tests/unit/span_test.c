/* Spans of time in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/span.h"

static void test_words(void **state)
{
    static const struct {
        int64_t seconds;
        const char *text;
    } cases[] = {
        {0, "0 s"},
        {1, "1 s"},
        {59, "59 s"},
        {60, "1 min"},
        {61, "1 min 1 s"},
        {600, "10 min"},
        {659, "10 min"}, /* of ten and more the rest is left out */
        {3599, "59 min"},
        {3600, "1 h"},
        {7500, "2 h 5 min"},
        {7259, "2 h"},
        {86399, "23 h"},
        {86400, "1 d"},
        {86400 * 3 + 3600 * 4 + 59, "3 d 4 h"},
        {86400 * 400, "400 d"},
        {-5, "-5 s"},
        {INT64_MAX, "106751991167300 d"},
    };
    char text[SPAN_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(span_text(cases[i].seconds, text), cases[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_words)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
