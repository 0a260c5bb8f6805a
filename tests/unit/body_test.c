/* The body scanner, over every way of cutting its input into chunks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "policy/body.h"

enum { NUL = 1, CR = 2, LF = 4, END = 8 };

static const struct {
    struct bytes body;
    unsigned found;
} cases[] = {
    {BYTES(""), 0},
    {BYTES("a"), 0},
    {BYTES("a\r\nb\r\n"), 0},
    {BYTES(".\r\n"), 0},
    {BYTES("a\r\n.\r\nb\r\n"), 0},
    {BYTES("."), 0},
    {BYTES("\r\n\r\n"), 0},
    {BYTES("a\nb\r\n"), LF},
    {BYTES("\n"), LF},
    {BYTES("a\rb\r\n"), CR},
    {BYTES("a\r\r\nb"), CR},
    {BYTES("a\r"), CR},
    {BYTES("a\r\n\r"), CR},
    {BYTES("a\0b\r\n"), NUL},
    {BYTES("\0"), NUL},
    {BYTES("a\n.\nb"), LF | END},
    {BYTES("a\n.\r\nb"), LF | END},
    {BYTES("a\r\n.\nb"), LF | END},
    {BYTES(".\nb"), LF | END},
    {BYTES("a\r.\rb"), CR | END},
    {BYTES("a\r.\r\nb"), CR | END},
    {BYTES("a\r\n.\rb"), CR | END},
    {BYTES("a\r.\nb"), CR | LF | END},
    {BYTES("a\n.\rb"), CR | LF | END},
    {BYTES("a\r\r\n.\r\r\nb"), CR | END},
    {BYTES("a\r\r\n.\r\nb"), CR | END},
    {BYTES("a\n."), LF | END},
    {BYTES("a\n.\r"), CR | LF | END},
    {BYTES("a\n..\nb"), LF},
    {BYTES("a\n. \nb"), LF},
    {BYTES("a\n.b\nc.\n"), LF},
    {BYTES("a\n\0.\nb"), NUL | LF},
    {BYTES("a.\nb"), LF},
    {BYTES("a\r.b\r\n.\r\nc\r\n"), CR},
    {BYTES("one\r\ntwo\r\nthree\r\n.\r\nfour\nfive\r\n"), LF},
};

static unsigned flags_of(const struct facts_body *facts)
{
    return (facts->has_nul ? NUL : 0U) | (facts->has_bare_cr ? CR : 0U) |
           (facts->has_bare_lf ? LF : 0U) | (facts->has_early_end ? END : 0U);
}

/* Each chunk in a heap block of its own size, so that a read past it shows. */
static void scan(struct body_scan *scan, struct bytes chunk, struct facts_body *facts)
{
    char *copy = malloc(chunk.len ? chunk.len : 1);
    assert_non_null(copy);
    if (chunk.len)
        memcpy(copy, chunk.data, chunk.len);
    body_scan_chunk(scan, (struct bytes){copy, chunk.len}, facts);
    free(copy);
}

/* Of the whole body at once, read in another way than the scanner's. */
static int64_t longest_of(struct bytes body)
{
    int64_t longest = 0;
    for (size_t i = 0, begin = 0; i <= body.len; i++) {
        bool ends = i == body.len || body.data[i] == '\r' || body.data[i] == '\n';
        if (ends && (int64_t)(i - begin) > longest)
            longest = (int64_t)(i - begin);
        if (ends)
            begin = i + 1;
    }
    return longest;
}

static void check(size_t which, size_t first, size_t second)
{
    struct bytes body = cases[which].body;
    struct body_scan state = {0};
    struct facts_body facts = {0};
    scan(&state, bytes_slice(body, 0, first), &facts);
    scan(&state, bytes_slice(body, first, second), &facts);
    scan(&state, bytes_slice(body, second, body.len), &facts);
    body_scan_end(&state, &facts);
    if (flags_of(&facts) != cases[which].found)
        fail_msg("case %zu cut at %zu and %zu: found %u, expected %u", which, first, second,
                 flags_of(&facts), cases[which].found);
    assert_int_equal(facts.size, body.len);
    assert_int_equal(facts.longest_line, longest_of(body));
}

static void test_every_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t first = 0; first <= cases[i].body.len; first++)
            for (size_t second = first; second <= cases[i].body.len; second++)
                check(i, first, second);
}

static void test_single_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes body = cases[i].body;
        struct body_scan scan_state = {0};
        struct facts_body facts = {0};
        for (size_t at = 0; at < body.len; at++)
            scan(&scan_state, bytes_slice(body, at, at + 1), &facts);
        body_scan_end(&scan_state, &facts);
        assert_int_equal(flags_of(&facts), cases[i].found);
        assert_int_equal(facts.longest_line, longest_of(body));
    }
}

/* What is found late in a large body counts, and clean lines around it do not hide it. */
static void test_large(void **state)
{
    (void)state;
    static const char line[] = "a line of text, as long as many of them are in a real message\r\n";
    size_t count = 100000;
    size_t len = count * (sizeof line - 1);
    char *body = malloc(len);
    assert_non_null(body);
    for (size_t i = 0; i < count; i++)
        memcpy(body + i * (sizeof line - 1), line, sizeof line - 1);
    for (unsigned broken = 0; broken < 2; broken++) {
        if (broken)
            memcpy(body + (count - 1) * (sizeof line - 1) - 2, " \n.\n", 4);
        struct body_scan scan_state = {0};
        struct facts_body facts = {0};
        for (size_t at = 0; at < len; at += 65535)
            body_scan_chunk(&scan_state, bytes_slice((struct bytes){body, len}, at, at + 65535),
                            &facts);
        body_scan_end(&scan_state, &facts);
        assert_int_equal(flags_of(&facts), broken ? LF | END : 0);
    }
    free(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_single_bytes),
        cmocka_unit_test(test_large),
    };
    return cmocka_run_group_tests_name("body", tests, NULL, NULL);
}
