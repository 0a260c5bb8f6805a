/* The form of an address field that Sendmail leaves as it is. What Sendmail does is held by
 * tests/sendmail/test_facts.py and test_address_form.py; here is what we make of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/address.h"
#include "policy/address_form.h"

#define HOST BYTES("mail.example.com")

/* left: NULL where it stays, "?" where nobody knows. */
static const struct {
    const char *value;
    const char *left;
} cases[] = {
    {" Alice <alice@example.com>", NULL},
    {" \"Alice B. C\" <alice@example.com>", NULL},
    {" alice@example.com (Alice B. C)", NULL},
    {" (x. y) alice@example.com", NULL},
    {" Shop (example.com) <alice@example.com>", NULL},
    {" =?utf-8?Q?Dr=2E_X?= <alice@example.com>", NULL},
    {" \"odd local\"@example.com", NULL},
    {" A <b@[192.0.2.1]>", NULL},
    {" <>", NULL},
    {"", NULL},
    {" \r\n ", NULL},
    {" undisclosed-recipients:;", NULL},
    {" friends: bob@example.net, carol@example.net;", NULL},
    {" friends: bob@example.net;, dave@example.net", NULL},
    {" bob@example.net,\n\tcarol@example.net", NULL},
    {" Alice B. C <alice@example.com>", " \"Alice B. C\" <alice@example.com>"},
    {"Alice O'Hara<a@example.com>", " \"Alice O'Hara\"<a@example.com>"},
    {" A.\r\n <a@example.com>", " \"A.\"\r\n <a@example.com>"},
    {" A.\r\n  B <a@example.com>", " \"A. B\" <a@example.com>"},
    {" \"A.\" B. <a@example.com>", " \"A.\" \"B.\" <a@example.com>"},
    {" A. (x) B <a@example.com>", " \"A.\" (x) B <a@example.com>"},
    {" =?utf-8?Q?=C3=84?= B. <a@example.com>", " =?utf-8?Q?=C3=84?= \"B.\" <a@example.com>"},
    {" =?utf-8?q?Dr._X,_Y?= <a@example.com>", " =?utf-8?q?Dr=2E_X=2C_Y?= <a@example.com>"},
    {" a@example.com,b@example.com", " a@example.com,\n b@example.com"},
    {" a@example.com ,\n b@example.com,", " a@example.com,\n b@example.com"},
    {" < a@example.com >", " <a@example.com>"},
    {" a@example.com(x)", " a@example.com (x)"},
    {" (x)a@example.com", " (x) a@example.com"},
    {" root", " root@mail.example.com"},
    {" Bob <bob@localhost>", " Bob <bob@mail.example.com>"},
    {" bob@example.net.", " bob@example.net"},
    {" x: B. <b@example.net>;", " x: \"B.\" <b@example.net>;"},
    {" bob@example.net carol@example.net", "?"},
    {" bob@example.net; carol@example.net", " bob@example.net,\n carol@example.net"},
    {" A <a@b.c>; \"B, C\" <b@b.c>;", " A <a@b.c>,\n \"B, C\" <b@b.c>"},
    {" ; a@b.c", " a@b.c"},
    {" x: a@b.c; b@b.c", "?"},
    {" (Recipient list suppressed)", NULL},
    {" a@b.c, (recipient list suppressed)", NULL},
    {" unlisted-recipients:; (no To-header on input)", NULL},
    {" a@[IPv6:2001:db8::1]", NULL},
    {" x: a@[IPv6:2001:db8::1];", "?"},
    {" [x:y] <a@b.c>", " \"[x:y]\" <a@b.c>"},
    {" mailto:a@b.c", NULL},
    {" mailto: a@b.c", "?"},
    {" friends: a@b.c, d@b.c", NULL},
    {" root@localhost", " root@mail.example.com"},
    {" a@b.c>", "?"},
    {" <a)@b.c>", "?"},
    {" friends: bob@example.net", "?"},
    {" , friends: bob@example.net", "?"},
    {" <@a.example:bob@example.net>", "?"},
    {" A <(x) bob@example.net>", "?"},
    {" \"bob <bob@example.net>", "?"},
    {" bob) <bob@example.net>", " \"bob)\" <bob@example.net>"},
    {" A <<bob@example.net>>", "?"},
    {" <=  ?utf-8?Q?bob=40example.net?=>", "?"},
    {" A. \\ <bob@example.net>", "?"},
    {" a!b", "?"},
    {" \"\"", "?"},
    {" =?x.y?b?SsO2cmc=?= <bob@example.net>", "?"},
};

/* From a copy that ends where the value ends, so that a sanitizer sees who reads on. */
static enum address_form form_of(struct arena *arena, const char *text, size_t len,
                                 struct bytes host, struct bytes *ret_value)
{
    char *copy = malloc(len ? len : 1);
    if (len)
        memcpy(copy, text, len);
    enum address_form form = address_form_of(arena, (struct bytes){copy, len}, host, ret_value);
    free(copy);
    return form;
}

static void test_forms(void **state)
{
    (void)state;
    struct arena *arena = arena_new((size_t)1 << 20);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes value = {NULL, 0};
        const char *text = cases[i].value;
        enum address_form form = form_of(arena, text, strlen(text), HOST, &value);
        const char *left = form == ADDRESS_FORM_MENDED   ? arena_text(arena, value)
                           : form == ADDRESS_FORM_STABLE ? "as it is"
                                                         : "?";
        print_message("# %s\n", text);
        assert_string_equal(left, cases[i].left ? cases[i].left : "as it is");
    }
    arena_free(arena);
}

/* Sendmail has room for 256 bytes of one element, where bytes from 0x80 to 0x9f count twice; we ask
 * for 254. name: repeated as often as given; left: how often, and in what, it is. */
static const struct {
    const char *before, *name, *behind;
    size_t times;
    const char *left_before, *left_name, *left_behind;
    size_t left;
} long_names[] = {
    {" \"", "x", "\" <a@b.c>", 244, NULL, NULL, NULL, 0},
    {" \"", "x", "\" <a@b.c>", 245, " \"", "x", "\" <a@b.c>", 244},
    {" \"", "x", "\" <a@b.c>", 5000, " \"", "x", "\" <a@b.c>", 244},
    {" ", "x", " <a@b.c>", 246, NULL, NULL, NULL, 0},
    {" ", "x", " <a@b.c>", 247, " \"", "x", "\" <a@b.c>", 244},
    {" a@b.c (", "x", ")", 246, NULL, NULL, NULL, 0},
    {" a@b.c (", "x", ")", 247, " \"", "x", "\" <a@b.c>", 244},
    {" \"", "\\\"", "\" <a@b.c>", 122, NULL, NULL, NULL, 0},
    {" \"", "\\\"", "\" <a@b.c>", 123, " \"", "\\\"", "\" <a@b.c>", 122},
    {" \"", "\xc3\x9f", "\" <a@b.c>", 81, NULL, NULL, NULL, 0},
    {" \"", "\xd0\xb4", "\" <a@b.c>", 122, NULL, NULL, NULL, 0},
    {" x: \"", "x", "\" <a@b.c>;", 240, NULL, NULL, NULL, 0},
    {" x: \"", "x", "\" <a@b.c>;", 241, " x: \"", "x", "\" <a@b.c>;", 240},
    {" e@f.g, \"", "x", "\" <a@b.c>, h@i.j", 250, " e@f.g,\n \"", "x", "\" <a@b.c>,\n h@i.j", 244},
    {" <", "x", "@b.c>", 248, NULL, NULL, NULL, 0},
    {" <", "x", "@b.c>", 249, "?", "", "", 0},
    {" (", "x", ")", 253, "?", "", "", 0},
    {" ", "g", ": a@b.c;", 260, "?", "", "", 0},
};

static const char *repeated(struct arena *arena, const char *before, const char *name,
                            const char *behind, size_t times)
{
    size_t len = strlen(name);
    char *middle = arena_alloc(arena, len * times + 1);
    for (size_t i = 0; i < times; i++)
        memcpy(middle + i * len, name, len);
    return arena_printf(arena, "%s%s%s", before, middle, behind);
}

static void test_long_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof long_names / sizeof *long_names; i++) {
        struct arena *arena = arena_new((size_t)1 << 20);
        struct bytes value = {NULL, 0};
        const char *text = repeated(arena, long_names[i].before, long_names[i].name,
                                    long_names[i].behind, long_names[i].times);
        enum address_form form = form_of(arena, text, strlen(text), HOST, &value);
        const char *left = form == ADDRESS_FORM_MENDED   ? arena_text(arena, value)
                           : form == ADDRESS_FORM_STABLE ? "as it is"
                                                         : "?";
        assert_string_equal(left, long_names[i].left_before
                                      ? repeated(arena, long_names[i].left_before,
                                                 long_names[i].left_name, long_names[i].left_behind,
                                                 long_names[i].left)
                                      : "as it is");
        arena_free(arena);
    }
}

/* How many bytes an encoded word stands for. */
static size_t bytes_in_word(struct bytes word)
{
    size_t padding = 0;
    assert_true(word.len <= 75);
    assert_memory_equal(word.data, "=?utf-8?B?", 10);
    for (size_t i = 10; i < word.len; i++)
        padding += word.data[i] == '=';
    return (word.len - 12) / 4 * 3 - (padding - 1);
}

/* Of whatever length: encoded words end where characters end. */
static void test_long_encoded_names(void **state)
{
    (void)state;
    static const char *const names[] = {"\xd0\x94", "\xe6\x97\xa5", "\xf0\x9f\x98\x80"};
    static const char *const addresses[] = {"\" <aaa@b.c>", "\" <aaaaa@b.c>", "\" <aaaaaaa@b.c>",
                                            "\" <aaaaaaaaa@b.c>"};
    for (size_t times = 84; times < 400; times++) {
        const char *name = names[times % 3];
        struct arena *arena = arena_new((size_t)1 << 20);
        struct address_list list;
        struct bytes value = {NULL, 0};
        const char *text = repeated(arena, " \"", name, addresses[times % 4], times);
        assert_int_equal(form_of(arena, text, strlen(text), HOST, &value), ADDRESS_FORM_MENDED);
        assert_true(value.len <= 255);
        address_parse_list(arena, value, &list);
        assert_int_equal(list.reading, ADDRESS_AGREED);
        struct bytes display = list.mailboxes[0].display;
        assert_true(display.len >= 100);
        assert_memory_equal(display.data, text + 2, display.len);
        for (size_t at = 1, end; value.data[at] != '<'; at = end + 1) {
            end = at + bytes_find(bytes_slice(value, at, value.len), ' ');
            assert_int_equal(bytes_in_word(bytes_slice(value, at, end)) % strlen(name), 0);
        }
        arena_free(arena);
    }
}

static void test_without_a_host(void **state)
{
    (void)state;
    struct arena *arena = arena_new((size_t)1 << 20);
    struct bytes value = {NULL, 0};
    assert_int_equal(form_of(arena, " root", 5, (struct bytes){NULL, 0}, &value),
                     ADDRESS_FORM_OTHER);
    arena_free(arena);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64);
    struct bytes value = {NULL, 0};
    char text[4096];
    memset(text, 'x', sizeof text);
    assert_int_equal(form_of(arena, text, sizeof text, HOST, &value), ADDRESS_FORM_OTHER);
    assert_true(arena_failed(arena));
    arena_free(arena);
}

/* Pieces in any order: nothing is read or written outside, and what was mended needs no mending. */
static void test_mended_once_is_mended(void **state)
{
    (void)state;
    static const char *const pieces[] = {"a",  ".",   "@",         "<",   ">", "\"",   "(",
                                         ")",  ",",   ":",         ";",   " ", "\\",   "=?u?q?",
                                         "?=", "\n ", "localhost", "b@c", "'", "<b@c>"};
    unsigned random = 1;
    for (int round = 0; round < 20000; round++) {
        struct arena *arena = arena_new((size_t)1 << 20);
        char text[256] = "";
        struct bytes value = {NULL, 0};
        struct bytes again = {NULL, 0};
        for (int i = 0; i < 12; i++) {
            random = random * 1103515245 + 12345;
            strcat(text, pieces[(random >> 16) % (sizeof pieces / sizeof *pieces)]);
        }
        if (form_of(arena, text, strlen(text), HOST, &value) == ADDRESS_FORM_MENDED &&
            form_of(arena, value.data, value.len, HOST, &again) != ADDRESS_FORM_STABLE)
            fail_msg("[%s] became [%.*s]", text, (int)value.len, value.data);
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_long_encoded_names),
        cmocka_unit_test(test_without_a_host),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_mended_once_is_mended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
