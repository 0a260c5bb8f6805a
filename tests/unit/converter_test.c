/* A converter that could not be loaded is not one that the system lacks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "policy/arena.h"
#include "policy/converter.h"
#include "policy/encoded_word.h"

static rlim_t allow_descriptors(rlim_t count)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = count;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    return before;
}

static void test_without_descriptors_nothing_is_decoded(void **state)
{
    (void)state;
    struct arena *arena = arena_new((size_t)1 << 20);
    struct bytes word = BYTES("=?gb18030?Q?Ali=816=A71ce?=");
    struct decoded_text decoded;

    converter_begin();
    rlim_t before = allow_descriptors(3);
    assert_null(converter_take(charset_find(BYTES("gb18030"))));
    assert_false(encoded_word_decode(arena, word, &decoded));
    assert_true(arena_failed(arena));
    allow_descriptors(before);

    arena_clear(arena);
    assert_true(encoded_word_decode(arena, word, &decoded));
    arena_free(arena);
}

static void test_what_is_loaded_needs_none(void **state)
{
    (void)state;
    const struct charset *charset = charset_find(BYTES("koi8-r"));
    iconv_t first = converter_take(charset);
    if (first == CONVERTER_MISSING)
        skip();
    assert_non_null(first);
    converter_give(charset, first);
    rlim_t before = allow_descriptors(3);
    iconv_t again = converter_take(charset);
    allow_descriptors(before);
    assert_ptr_equal(again, first);
    converter_give(charset, again);
}

/* charset_decode() copies it: so must iconv, whatever the charset. */
static void test_printable_ascii_is_the_same_in_all(void **state)
{
    (void)state;
    char ascii['~' - ' ' + 1];
    for (size_t i = 0; i < sizeof ascii; i++)
        ascii[i] = (char)(' ' + i);
    for (size_t index = 0; index < CHARSET_NAMES; index++) {
        const struct charset *charset = charset_at(index);
        iconv_t converter = charset_is_odd(charset) ? CONVERTER_MISSING : converter_take(charset);
        if (converter == CONVERTER_MISSING)
            continue;
        char utf8[CHARSET_ROOM(sizeof ascii)];
        char *from = ascii;
        char *to = utf8;
        size_t left = sizeof ascii;
        size_t room = sizeof utf8;
        assert_int_equal(iconv(converter, &from, &left, &to, &room), 0);
        assert_int_equal(iconv(converter, NULL, NULL, &to, &room), 0);
        converter_give(charset, converter);
        assert_int_equal(to - utf8, sizeof ascii);
        assert_memory_equal(utf8, ascii, sizeof ascii);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_descriptors_nothing_is_decoded),
        cmocka_unit_test(test_what_is_loaded_needs_none),
        cmocka_unit_test(test_printable_ascii_is_the_same_in_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
