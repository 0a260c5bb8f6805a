/* Logins that are one and the same, and logins that must stay two. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/login.h"

static void composes(void **state)
{
    (void)state;
    static const struct {
        const char *login, *composed; /* NULL: the bytes that came */
    } cases[] = {
        {"alice@example.com", NULL},
        {"", NULL},
        {"jürgen", NULL},
        {"ju\xcc\x88rgen@example.com", "jürgen@example.com"},
        {"JU\xcc\x88RGEN", "JÜRGEN"}, /* case is kept */
        {"jo\xcc\x88rg@bu\xcc\x88"
         "cher.example",
         "jörg@bücher.example"},
        {"\xe2\x84\xaa"
         "ate",
         NULL}, /* the Kelvin sign: composed it would be Kate */
        {"\xe2\x84\xaa"
         "u\xcc\x88",
         NULL},
        {"\xcc\x88", NULL}, /* a mark alone */
        {"ju\xcc\x88\xff", NULL},
        {"ju\xcc\x88\xe2\x80\x8b", NULL}, /* a blank without width */
    };
    struct arena *arena = arena_new(1 << 16);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bytes login = bytes_of(cases[i].login);
        struct bytes composed = login_compose(arena, login);
        if (cases[i].composed && !bytes_equal(composed, bytes_of(cases[i].composed)))
            fail_msg("%s: %.*s", cases[i].login, (int)composed.len, composed.data);
        if (!cases[i].composed)
            assert_ptr_equal(composed.data, login.data);
        assert_int_equal(composed.data[composed.len], '\0');
    }
    assert_false(arena_failed(arena));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(composes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
