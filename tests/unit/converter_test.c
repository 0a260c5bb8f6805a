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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_descriptors_nothing_is_decoded),
        cmocka_unit_test(test_what_is_loaded_needs_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
