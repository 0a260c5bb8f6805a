/* The form of an address field that Sendmail leaves as it is. What Sendmail does is held by
 * tests/sendmail/test_facts.py and test_address_form.py; here is what we make of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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
    {" bob@example.net; carol@example.net", "?"},
    {" friends: bob@example.net", "?"},
    {" <@a.example:bob@example.net>", "?"},
    {" A <(x) bob@example.net>", "?"},
    {" \"bob <bob@example.net>", "?"},
    {" bob) <bob@example.net>", " \"bob)\" <bob@example.net>"},
    {" A <<bob@example.net>>", "?"},
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
        cmocka_unit_test(test_without_a_host),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_mended_once_is_mended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
