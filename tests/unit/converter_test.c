/* A converter that could not be loaded is not one that the system lacks. */
#include <dlfcn.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "policy/arena.h"
#include "policy/converter.h"
#include "policy/encoded_word.h"

static int failing; /* iconv_open()'s errno, when it is to fail */

iconv_t iconv_open(const char *to, const char *from)
{
    static iconv_t (*real)(const char *, const char *);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "iconv_open");
    if (!failing)
        return real(to, from);
    errno = failing;
    return (iconv_t)-1;
}

static void test_a_system_that_lacks_a_charset(void **state)
{
    (void)state;
    failing = EINVAL;
    assert_ptr_equal(converter_take(charset_find(BYTES("koi8-u"))), CONVERTER_MISSING);
    failing = 0;
}

/* However iconv puts it. */
static void test_what_could_not_be_loaded_is_not_decoded(void **state)
{
    (void)state;
    static const int reasons[] = {ENOMEM, EMFILE, EINVAL};
    const struct charset *charset = charset_find(BYTES("gb18030"));
    struct arena *arena = arena_new((size_t)1 << 20);
    struct bytes word = BYTES("=?gb18030?Q?Ali=816=A71ce?=");
    struct decoded_text decoded;

    converter_begin();
    iconv_t others = converter_take(charset);
    assert_true(others && others != CONVERTER_MISSING);
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        failing = reasons[i];
        assert_null(converter_take(charset));
        assert_false(encoded_word_decode(arena, word, &decoded));
        assert_true(arena_failed(arena));
        failing = 0;
        arena_clear(arena);
    }
    assert_true(encoded_word_decode(arena, word, &decoded));
    converter_give(charset, others);
    arena_free(arena);
}

/* Also to two at once: its module stays loaded. */
static void test_what_is_loaded_needs_no_descriptors(void **state)
{
    (void)state;
    struct rlimit before;
    const struct charset *charset = charset_find(BYTES("shift_jis"));
    converter_begin();
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &(struct rlimit){3, before.rlim_max}), 0);
    iconv_t first = converter_take(charset);
    iconv_t second = converter_take(charset);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_true(first && first != CONVERTER_MISSING);
    assert_true(second && second != CONVERTER_MISSING);
    converter_give(charset, first);
    converter_give(charset, second);
    assert_ptr_equal(converter_take(charset), second);
    converter_give(charset, second);
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
        cmocka_unit_test(test_a_system_that_lacks_a_charset),
        cmocka_unit_test(test_what_could_not_be_loaded_is_not_decoded),
        cmocka_unit_test(test_what_is_loaded_needs_no_descriptors),
        cmocka_unit_test(test_printable_ascii_is_the_same_in_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
