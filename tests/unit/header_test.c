/* The parsers under the header rules, each input in a heap block of exactly its size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "policy/cfws.h"
#include "policy/cut_short.h"
#include "policy/header.h"
#include "policy/smuggle.h"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new(1 << 20);
    return arena ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static struct bytes exact(struct bytes text)
{
    char *copy = malloc(text.len ? text.len : 1);
    assert_non_null(copy);
    if (text.len)
        memcpy(copy, text.data, text.len);
    return (struct bytes){copy, text.len};
}

static void release(struct bytes text)
{
    free((void *)(uintptr_t)text.data);
}

static void test_cfws(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *rest; /* NULL: the comment does not end */
    } cases[] = {
        {"", ""},
        {"a", "a"},
        {" \t\r\n a", "a"},
        {"(x)a", "a"},
        {" (x) (y(z)) a b", "a b"},
        {"(\\))a", "a"},
        {"(a\\", NULL},
        {"(", NULL},
        {"(()", NULL},
        {"()", ""},
        {")a", ")a"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes text = exact(bytes_of(cases[i].text));
        struct bytes rest = text;
        bool good = cfws_skip(&rest);
        if (good != (cases[i].rest != NULL) || !bytes_equal(rest, bytes_of(cases[i].rest)))
            fail_msg("\"%s\"", cases[i].text);
        release(text);
    }
}

static void test_quoted(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *inside; /* NULL: it does not end */
        const char *rest;
    } cases[] = {
        {"\"\"", "", ""},         {"\"a b\"c", "a b", "c"}, {"\"a\\\"b\"", "a\\\"b", ""},
        {"\"a", NULL, "\"a"},     {"\"", NULL, "\""},       {"\"a\\\"", NULL, "\"a\\\""},
        {"\"a\\", NULL, "\"a\\"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes text = exact(bytes_of(cases[i].text));
        struct bytes rest = text;
        struct bytes inside = {NULL, 0};
        bool good = cfws_take_quoted(&rest, &inside);
        if (good != (cases[i].inside != NULL) || !bytes_equal(rest, bytes_of(cases[i].rest)) ||
            !bytes_equal(inside, bytes_of(cases[i].inside)))
            fail_msg("\"%s\"", cases[i].text);
        release(text);
    }
}

static void test_lines(void **state)
{
    (void)state;
    struct bytes text = exact(BYTES("a\r\nb\n\r\n\rc\r"));
    static const char *const lines[] = {"a", "b", "", "\rc\r"};
    struct bytes rest = text;
    struct bytes line;
    for (size_t i = 0; i < 4; i++) {
        assert_true(header_next_line(&rest, &line));
        assert_true(bytes_equal(line, bytes_of(lines[i])));
    }
    assert_false(header_next_line(&rest, &line));
    release(text);
}

static void test_patterns(void **state)
{
    (void)state;
    static const char *const items[] = {"Subject", "X-Spam-*"};
    static const struct texts patterns = {items, 2};
    assert_true(header_is_listed(&patterns, BYTES("SUBJECT")));
    assert_true(header_is_listed(&patterns, BYTES("x-spam-status")));
    assert_true(header_is_listed(&patterns, BYTES("X-Spam-")));
    assert_false(header_is_listed(&patterns, BYTES("X-Spam")));
    assert_false(header_is_listed(&patterns, BYTES("Subjects")));
    assert_false(header_is_listed(&patterns, BYTES("")));

    struct error error;
    assert_true(header_check_pattern("X-Mailer", &error));
    assert_true(header_check_pattern("X-Spam-*", &error));
    static const char *const bad[] = {"", "*", "X-*-Spam", "X Spam", "Subject:", "X-Spam**"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(header_check_pattern(bad[i], &error));
}

static void test_smuggled(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        bool originator, destination;
    } cases[] = {
        {" a@b", false, false},
        {" =?utf-8?Q?Alice?= <a@b>", false, false},
        {" =?utf-8?Q?<c@d>?= <a@b>", true, true},
        {" =?utf-8?Q?<c?= =?utf-8?Q?@d?= <a@b>", true, true},
        {" =?utf-8?Q?c@d>?= <a@b>", true, true},
        {" =?utf-8?Q?<a@b>?= <a@b>", false, false},
        {" =?utf-8?Q?<A@B>?= <a@b>", false, false},
        {" a@b (=?utf-8?Q?<a@b>?=)", false, false},
        {" =?utf-8?Q?<a@b>?= <xa@b>", true, true},
        {" =?utf-8?Q?c@d,?= <a@b>", true, false},
        {" =?utf-8?Q?x;c@d?= <a@b>", true, false},
        {" =?utf-8?Q?c@d?= <a@b>", false, false},
        {" =?utf-8?Q?a_@_b,_c?= <a@b>", false, false},
        {" =?utf-8?Q?@b,?= <a@b>", false, false},
        {" =?utf-8?Q?b@,?= <a@b>", false, false},
        {" <=?utf-8?Q?a?=@b>", true, false},
        {" =?utf-8?Q?a?=@b", true, false},
        {" a@=?utf-8?Q?b?=", true, false},
        {" =?=?utf-8?Q?<c@d>?= <a@b>", true, true},
        {" =?x =?utf-8?Q?<c@d>?= <a@b>", true, true},
        {" =?utf-8?Q?<c@d>", false, false},
        {" =?utf-8?Q", false, false},
        {" =?utf-8?", false, false},
        {" =?", false, false},
        {" ?=", false, false},
        {" =", false, false},
        {"", false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes value = exact(bytes_of(cases[i].value));
        if (smuggle_has_address(arena, value, true) != cases[i].originator ||
            smuggle_has_address(arena, value, false) != cases[i].destination)
            fail_msg("\"%s\"", cases[i].value);
        release(value);
    }
}

/* However the beginning is cut off, nothing behind it is read, and nothing odd is found. */
static void test_cut_beginnings(void **state)
{
    (void)state;
    static const struct field fields[] = {{BYTES("From"), BYTES(" a@b"), 1}};
    static const struct facts_header header = {.fields = fields, .count = 1, .size = 8};
    static const char text[] = "text\r\nTo: c@d\r\nSubject: x\r\nMIME-Version: 1.0\r\n\r\nbody";
    for (size_t len = 0; len < sizeof text; len++) {
        struct bytes beginning = exact((struct bytes){text, len});
        struct bytes name = {NULL, 0};
        bool is_cut = cut_short(arena, &header, beginning, &name);
        bool whole_name = len > sizeof "text\r\nTo: c@d\r\nSubject: x\r\nMIME-Version" - 1;
        if (is_cut != whole_name)
            fail_msg("%zu bytes", len);
        assert_int_equal(is_cut, bytes_equal(name, BYTES("MIME-Version")));
        release(beginning);
    }
}

/* What lines a value has, told by cutting them off one by one. */
static void check_lines(struct bytes value)
{
    struct field field = {.name = BYTES("To"), .value = value};
    struct bytes rest = value;
    struct bytes line;
    size_t longest = 0;
    bool blank = false;
    for (size_t count = 0; header_next_line(&rest, &line); count++) {
        size_t len = line.len + (count ? 0 : sizeof "To:" - 1);
        longest = len > longest ? len : longest;
        blank |= count && !bytes_trim(line).len;
    }
    assert_int_equal(header_longest_line(&field), longest);
    assert_int_equal(header_has_blank_line(value), blank);
}

static void test_all_short_values(void **state)
{
    (void)state;
    static const char bytes[] = {'a', ' ', '\r', '\n'};
    for (size_t len = 0; len <= 7; len++)
        for (size_t number = 0; number < (size_t)1 << 2 * len; number++) {
            char *text = malloc(len ? len : 1);
            assert_non_null(text);
            for (size_t i = 0; i < len; i++)
                text[i] = bytes[number >> 2 * i & 3];
            check_lines((struct bytes){text, len});
            free(text);
        }
}

static void test_out_of_memory(void **state)
{
    (void)state;
    struct arena *none = arena_new(1);
    assert_false(smuggle_has_address(none, BYTES(" =?utf-8?Q?<c@d>?= <a@b>"), true));
    assert_true(arena_failed(none));
    arena_free(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cfws),          cmocka_unit_test(test_quoted),
        cmocka_unit_test(test_lines),         cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_smuggled),      cmocka_unit_test(test_cut_beginnings),
        cmocka_unit_test(test_out_of_memory), cmocka_unit_test(test_all_short_values),
    };
    return cmocka_run_group_tests_name("header", tests, set_up, tear_down);
}
