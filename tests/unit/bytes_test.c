/* Searches that look at more than one byte at a time, against those that look at each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy/bytes.h"
#include "policy/header.h"

/* On the heap, so that reading past an end shows. */
static char *exact(const char *text, size_t len)
{
    char *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    if (len)
        memcpy(copy, text, len);
    return copy;
}

static void test_odd(void **state)
{
    (void)state;
    for (size_t len = 0; len < 20; len++)
        for (size_t odd = 0; odd <= len; odd++)
            for (unsigned byte = 0; byte < 256; byte++) {
                char *text = exact("aaaaaaaaaaaaaaaaaaaa", len);
                if (odd < len)
                    text[odd] = (char)byte;
                bool printable = byte >= 0x20 && byte <= 0x7E;
                for (size_t from = 0; from <= len; from++)
                    assert_int_equal(bytes_find_odd((struct bytes){text, len}, from),
                                     odd < from || printable ? len : odd);
                free(text);
            }
}

/* Bytes that are odd only to those that carry over from the byte before. */
static void test_odd_neighbours(void **state)
{
    (void)state;
    char text[16];
    for (unsigned first = 0; first < 256; first++)
        for (unsigned second = 0; second < 256; second++) {
            memset(text, '~', sizeof text);
            text[2] = (char)first;
            text[3] = (char)second;
            size_t expected = sizeof text;
            for (size_t i = sizeof text; i--;)
                if ((unsigned char)text[i] < 0x20 || (unsigned char)text[i] > 0x7E)
                    expected = i;
            assert_int_equal(bytes_find_odd((struct bytes){text, sizeof text}, 0), expected);
        }
}

static void test_find(void **state)
{
    (void)state;
    static const struct {
        const char *text, *needle;
        size_t at;
    } cases[] = {
        {"", "=?", 0},      {"=", "=?", 1},           {"=?", "=?", 0},      {"a==?", "=?", 2},
        {"=a=a=", "=?", 5}, {"a?=", "?=", 1},         {"xXn--", "XN--", 1}, {"xn-", "xn--", 3},
        {"abc", "C", 2},    {"a[ipv6:", "[IPv6:", 1}, {"abc", "", 0},       {"", "", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t len = strlen(cases[i].text);
        char *text = exact(cases[i].text, len);
        if (bytes_find_nocase((struct bytes){text, len}, bytes_of(cases[i].needle)) != cases[i].at)
            fail_msg("\"%s\" in \"%s\"", cases[i].needle, cases[i].text);
        free(text);
    }
}

static void test_lists(void **state)
{
    (void)state;
    static const char *const items[] = {"X-Spam", "X-Spam-*", "To"};
    static const char *const plain[] = {"X-Spam", "To"};
    static const struct {
        struct bytes name;
        bool like, item;
    } cases[] = {
        {BYTES("x-spam"), true, true},    {BYTES("X-Spa"), false, false},
        {BYTES("X-Spam-"), true, false},  {BYTES("X-Spam-*x"), true, false},
        {BYTES("X-SPAM-a"), true, false}, {BYTES("X-Spams"), false, false},
        {BYTES("to"), true, true},        {BYTES("to\0"), false, false},
        {BYTES("t"), false, false},       {BYTES(""), false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *name = exact(cases[i].name.data, cases[i].name.len);
        struct bytes text = {name, cases[i].name.len};
        assert_int_equal(header_is_listed(&(struct texts){items, 3}, text), cases[i].like);
        assert_int_equal(texts_have(&(struct texts){plain, 2}, text), cases[i].item);
        free(name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_odd),
        cmocka_unit_test(test_odd_neighbours),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_lists),
    };
    return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}
