/* Limits as they are written, and times to wait as they are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/how_long.h"
#include "policy/limit.h"

static void test_limits_that_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t max;
        enum quantity quantity;
        enum window window;
    } cases[] = {
        {"30 messages/minute", 30, QUANTITY_MESSAGES, WINDOW_MINUTE},
        {"1 message/hour", 1, QUANTITY_MESSAGES, WINDOW_HOUR},
        {"0 messages/day", 0, QUANTITY_MESSAGES, WINDOW_DAY},
        {"1000 recipients / day", 1000, QUANTITY_RECIPIENTS, WINDOW_DAY},
        {"1 recipient /hour", 1, QUANTITY_RECIPIENTS, WINDOW_HOUR},
        {"200 new/day", 200, QUANTITY_NEW, WINDOW_DAY},
        {"200 new recipients/ day", 200, QUANTITY_NEW, WINDOW_DAY},
        {"1 new recipient/day", 1, QUANTITY_NEW, WINDOW_DAY},
        {"5000 bytes/day", 5000, QUANTITY_BYTES, WINDOW_DAY},
        {"64k bytes/day", 65536, QUANTITY_BYTES, WINDOW_DAY},
        {"3M bytes/hour", 3145728, QUANTITY_BYTES, WINDOW_HOUR},
        {"2G bytes/day", 2147483648, QUANTITY_BYTES, WINDOW_DAY},
        {"20 refusals/hour", 20, QUANTITY_REFUSALS, WINDOW_HOUR},
        {"30  messages/minute", 30, QUANTITY_MESSAGES, WINDOW_MINUTE},
        {"  30 \t messages  /   minute  ", 30, QUANTITY_MESSAGES, WINDOW_MINUTE},
        {"200 new  recipients   / day", 200, QUANTITY_NEW, WINDOW_DAY},
        {"2G  bytes  /day", 2147483648, QUANTITY_BYTES, WINDOW_DAY},
        {"1000000000000000 bytes/day", 1000000000000000, QUANTITY_BYTES, WINDOW_DAY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct limit limit = {.max = -1};
        struct error error = {""};
        assert_true(limit_parse(cases[i].text, &limit, &error));
        assert_true(limit.max == cases[i].max);
        assert_int_equal(limit.quantity, cases[i].quantity);
        assert_int_equal(limit.window, cases[i].window);
    }
}

static void test_limits_that_are_none(void **state)
{
    (void)state;
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"", "a number"},
        {"messages/minute", "a number"},
        {"-1 messages/minute", "a number"},
        {"+1 messages/minute", "a number"},
        {"- 1 messages/minute", "a number"},
        {"1000000000000001 bytes/day", "a number up to 1000000000000000"},
        {"99999999999999999999999 bytes/day", "a number up to"},
        {"999999999999999G bytes/day", "a number up to"},
        {"30", "behind the number"},
        {"30 ", "behind the number"},
        {"30messages/minute", "behind the number"},
        {"2 G bytes/day", "behind the number"},
        {"  ", "a number"},
        {"30  ", "behind the number"},
        {"30\nmessages/minute", "behind the number"},
        {"30 mails/minute", "behind the number"},
        {"30 messagess/minute", "behind the number"},
        {"30 Messages/minute", "behind the number"},
        {"3k messages/minute", "a plain number of messages"},
        {"3T bytes/day", "behind the number"},
        {"30 messages", "\"/minute\", \"/hour\" or \"/day\""},
        {"30 messages/", "\"/minute\""},
        {"30 messages/week", "\"/minute\""},
        {"30 messages/minutes", "\"/minute\""},
        {"30 messages minute", "\"/minute\""},
        {"30 messages/min ute", "\"/minute\""},
        {"30 messages/minute x", "\"/minute\""},
        {"30 messages/minute/", "\"/minute\""},
        {"200 newrecipients/day", "behind the number"},
        {"30 new messages/day", "\"/minute\""},
        {"30 messages recipients/day", "\"/minute\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error error = {""};
        char *exact = strdup(cases[i].text); /* a sanitizer sees who reads on */
        assert_false(limit_check(exact, &error));
        free(exact);
        if (!strstr(error.text, cases[i].error))
            fail_msg("\"%s\": %s", cases[i].text, error.text);
    }
}

static void test_two_of_a_list(void **state)
{
    (void)state;
    struct error error = {""};
    assert_true(limit_clash("60 messages/minute", "30  message / minute", &error));
    assert_non_null(strstr(error.text, "\"60 messages/minute\" is before it"));
    assert_false(limit_clash("60 messages/minute", "60 messages/hour", &error));
    assert_false(limit_clash("60 messages/minute", "60 recipients/minute", &error));
}

static void test_times_to_wait(void **state)
{
    (void)state;
    static const struct {
        int64_t seconds;
        const char *text;
    } cases[] = {
        {INT64_MIN, "1 second"}, {0, "1 second"},           {1, "1 second"},
        {2, "2 seconds"},        {90, "90 seconds"},        {91, "2 minutes"},
        {120, "2 minutes"},      {121, "3 minutes"},        {5400, "90 minutes"},
        {5401, "2 hours"},       {7199, "2 hours"},         {7201, "3 hours"},
        {48 * 3600, "48 hours"}, {48 * 3600 + 1, "3 days"}, {INT64_MAX, "106751991167301 days"},
    };
    char text[HOW_LONG_SIZE];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(how_long(cases[i].seconds, text), cases[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits_that_are_read),
        cmocka_unit_test(test_limits_that_are_none),
        cmocka_unit_test(test_two_of_a_list),
        cmocka_unit_test(test_times_to_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
