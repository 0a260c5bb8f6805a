/* Message-IDs that pass, that do not, and new ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "policy/msgid.h"

static const struct {
    const char *value;
    const char *right; /* NULL: malformed */
    bool utf8;
} cases[] = {
    {" <a@b>", "b", false},
    {"<a@b>", "b", false},
    {"\n <a@b.example>", "b.example", false},
    {"\r\n\t<a@b.example>\r\n ", "b.example", false},
    {" (comment (nested)) <a@b> (another)", "b", false},
    {" <000001d9$7f2b@example.com>", "example.com", false},
    {" <123.JavaMail.user@[192.0.2.1]>", "[192.0.2.1]", false},
    {" <OF12:34/56%x@example.com>", "example.com", false},
    {" <\xc3\xbc@example.com>", "example.com", true},
    {" <\xc3\xbc@example.com>", NULL, false},
    {" <\xfc@example.com>", NULL, true},
    {"", NULL, false},
    {" ", NULL, false},
    {" a@b", NULL, false},
    {" <a@b", NULL, false},
    {" a@b>", NULL, false},
    {" <a>", NULL, false},
    {" <@b>", NULL, false},
    {" <a@>", NULL, false},
    {" <>", NULL, false},
    {" <", NULL, false},
    {" <a@b@c>", NULL, false},
    {" <a b@c>", NULL, false},
    {" <a@b\n c>", NULL, false},
    {" <<a@b>>", NULL, false},
    {" <a@b> <c@d>", NULL, false},
    {" <a@b>,", NULL, false},
    {" <a@b> (open", NULL, false},
    {" (open <a@b>", NULL, false},
    {" <a\x7f@b>", NULL, false},
    {" <a\x01@b>", NULL, false},
};

static void test_parse(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t len = strlen(cases[i].value);
        char *copy = malloc(len ? len : 1);
        assert_non_null(copy);
        memcpy(copy, cases[i].value, len);
        struct bytes left;
        struct bytes right;
        bool good = msgid_parse((struct bytes){copy, len}, cases[i].utf8, &left, &right);
        if (good != (cases[i].right != NULL))
            fail_msg("case %zu: \"%s\"", i, cases[i].value);
        if (good)
            assert_true(bytes_equal(right, bytes_of(cases[i].right)));
        free(copy);
    }
}

static void test_new(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 16);
    uint8_t random[MSGID_RANDOM] = {0};
    struct bytes value = msgid_new(arena, random, BYTES("example.com"));
    assert_true(bytes_equal(value, BYTES(" <aaaaaaaaaaaaaaaaaaaaaaaaaa@example.com>")));
    memset(random, 0xff, sizeof random);
    value = msgid_new(arena, random, BYTES("example.com"));
    assert_true(bytes_equal(value, BYTES(" <7777777777777777777777777"
                                         "4@example.com>")));

    /* every bit counts */
    for (unsigned bit = 0; bit < 128; bit++) {
        uint8_t one[MSGID_RANDOM] = {0};
        one[bit / 8] = (uint8_t)(1U << (7 - bit % 8));
        value = msgid_new(arena, one, BYTES("b"));
        size_t changed = 0;
        for (size_t i = 2; i < 28; i++)
            changed += value.data[i] != 'a';
        assert_int_equal(changed, 1);
        assert_true(value.data[2 + bit / 5] != 'a');
        struct bytes left;
        struct bytes right;
        assert_true(msgid_parse(value, false, &left, &right));
    }
    arena_free(arena);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1);
    uint8_t random[MSGID_RANDOM] = {0};
    assert_int_equal(msgid_new(arena, random, BYTES("example.com")).len, 0);
    assert_true(arena_failed(arena));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_new),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests_name("msgid", tests, NULL, NULL);
}
