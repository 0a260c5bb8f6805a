/* What a client sends stays inside its string, and the string inside its line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gate/json.h"

static const struct {
    struct bytes value;
    const char *written;
} cases[] = {
    {BYTES(""), "\"\""},
    {BYTES("plain text"), "\"plain text\""},
    {BYTES("a\"b\\c"), "\"a\\\"b\\\\c\""},
    {BYTES("x\",\"action\":\"accept"), "\"x\\\",\\\"action\\\":\\\"accept\""},
    {BYTES("line\r\nbreak\ttab"), "\"line\\u000d\\u000abreak\\u0009tab\""},
    {BYTES("\x1b[2J\x7f"), "\"\\u001b[2J\\u007f\""},
    {BYTES("nul\0in"), "\"nul\\u0000in\""},
    {BYTES("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"), "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\""},
    {BYTES("\xc2\x85 c1"), "\"\\u0085 c1\""},
    {BYTES("\xe2\x80\xa8\xe2\x80\xa9"), "\"\\u2028\\u2029\""},
    {BYTES("\xff"), "\"\\ufffd\""},
    {BYTES("a\xc3"), "\"a\\ufffd\""},
    {BYTES("\xed\xa0\x80z"), "\"\\ufffdz\""}, /* a surrogate is no UTF-8 */
    {BYTES("\xc0\xaf"), "\"\\ufffd\\ufffd\""},
};

/* A copy of exactly its length, so that a sanitizer sees who reads on. */
static struct bytes exact(struct bytes text)
{
    char *copy = malloc(text.len ? text.len : 1);
    if (text.len)
        memcpy(copy, text.data, text.len);
    return (struct bytes){copy, text.len};
}

static void test_strings(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct json json;
        struct bytes value = exact(cases[i].value);
        json_init(&json);
        json_bytes(&json, NULL, value);
        assert_string_equal(json.data, cases[i].written);
        json_done(&json);
        free((void *)(uintptr_t)value.data);
    }
}

/* Each byte at each place of strings of each length, as they are read eight bytes at a time. */
static void test_every_byte_everywhere(void **state)
{
    (void)state;
    enum { MOST = 25 };
    for (unsigned byte = 0; byte < 256; byte++) {
        char escaped[8];
        if (byte == '"' || byte == '\\')
            snprintf(escaped, sizeof escaped, "\\%c", (char)byte);
        else if (byte >= 0x80)
            snprintf(escaped, sizeof escaped, "\\ufffd");
        else if (byte < 0x20 || byte == 0x7f)
            snprintf(escaped, sizeof escaped, "\\u%04x", byte);
        else
            snprintf(escaped, sizeof escaped, "%c", (char)byte);
        for (size_t len = 1; len < MOST; len++) {
            for (size_t at = 0; at < len; at++) {
                char text[MOST];
                char expected[2 * MOST + 16];
                struct json json;
                memset(text, '~', len);
                text[at] = (char)byte;
                snprintf(expected, sizeof expected, "\"%.*s%s%.*s\"", (int)at,
                         "~~~~~~~~~~~~~~~~~~~~~~~~", escaped, (int)(len - at - 1),
                         "~~~~~~~~~~~~~~~~~~~~~~~~");
                json_init(&json);
                json_bytes(&json, NULL, (struct bytes){text, len});
                assert_string_equal(json.data, expected);
                json_done(&json);
            }
        }
    }
}

static void test_long_values_are_cut(void **state)
{
    (void)state;
    struct json json;
    char *long_text = malloc(100000);
    memset(long_text, 'x', 100000);
    json_init(&json);
    json_bytes(&json, NULL, (struct bytes){long_text, 100000});
    assert_int_equal(json.len, JSON_VALUE_MAX + 5);
    assert_string_equal(json.data + json.len - 5, "x...\"");
    json_done(&json);
    free(long_text);
}

static void test_base64(void **state)
{
    (void)state;
    static const char expected[] = "\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygp"
                                   "KissLS4vMDEyMw==\"";
    char bytes[52];
    struct json json;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)i;
    json_init(&json);
    json_base64(&json, NULL, (struct bytes){bytes, sizeof bytes});
    assert_string_equal(json.data, expected);
    json_done(&json);
    json_init(&json);
    json_base64(&json, NULL, (struct bytes){NULL, 0});
    assert_string_equal(json.data, "\"\"");
    json_done(&json);
}

static void test_what_is_lost(void **state)
{
    (void)state;
    char text[JSON_VALUE_MAX + 1];
    memset(text, 'x', sizeof text);
    assert_false(json_bytes_loses((struct bytes){text, JSON_VALUE_MAX}));
    assert_true(json_bytes_loses((struct bytes){text, JSON_VALUE_MAX + 1}));
    assert_false(json_whole_loses((struct bytes){text, JSON_VALUE_MAX + 1}));
    assert_false(json_bytes_loses((struct bytes){NULL, 0}));
    assert_false(json_bytes_loses(BYTES("\xc3\xa4\0\r")));
    assert_true(json_bytes_loses(BYTES("a\xc3")));
    assert_true(json_whole_loses(BYTES("\xc0\xaf")));
}

static void test_nesting(void **state)
{
    (void)state;
    struct json json;
    json_init(&json);
    json_open(&json, NULL, '{');
    json_text(&json, "a", "b");
    json_open(&json, "list", '[');
    json_int(&json, NULL, -5);
    json_open(&json, NULL, '{');
    json_close(&json, '}');
    json_close(&json, ']');
    json_text(&json, "none", NULL);
    json_bool(&json, "yes", true);
    json_close(&json, '}');
    assert_string_equal(json.data, "{\"a\":\"b\",\"list\":[-5,{}],\"none\":null,\"yes\":true}");
    json_done(&json);
}

static void test_numbers(void **state)
{
    (void)state;
    static const int64_t numbers[] = {0, 7, -1, 10, 1000000000000000, INT64_MAX, INT64_MIN};
    struct json json;
    json_init(&json);
    json_open(&json, NULL, '[');
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        json_int(&json, NULL, numbers[i]);
    json_close(&json, ']');
    assert_string_equal(json.data, "[0,7,-1,10,1000000000000000,9223372036854775807,"
                                   "-9223372036854775808]");
    json_done(&json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_every_byte_everywhere),
        cmocka_unit_test(test_long_values_are_cut),
        cmocka_unit_test(test_base64),
        cmocka_unit_test(test_what_is_lost),
        cmocka_unit_test(test_nesting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
