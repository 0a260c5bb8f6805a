/* Encoded words: what is decoded, and what is flagged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "policy/converter.h"
#include "policy/encoded_word.h"
#include "tests/unit/case_text.h"

/* Flags: w words, o odd charset, W wide charset, m malformed, b line break, n NUL. */
struct decode_case {
    const char *raw; /* with case_text's escapes */
    const char *text;
    const char *flags;
};

static const struct decode_case cases[] = {
    /* what stands as it is */
    {"", "", ""},
    {"plain text", "plain text", ""},
    {" a = b ? c", " a = b ? c", ""},
    {"a=?b", "a=?b", ""},
    {"Grüße", "Grüße", ""},
    {"Gr\\xFC\\xDF", "Gr\xEF\xBF\xBD\xEF\xBF\xBD", ""},
    {"\\xE2\\x82<", "\xEF\xBF\xBD\xEF\xBF\xBD<", ""},
    {"two\\r\\n lines", "two lines", ""},
    {"two\\n\\tlines", "two\tlines", ""},
    {"=?utf-8?Q", "=?utf-8?Q", ""},
    {"=?utf-8", "=?utf-8", ""},
    {"=?", "=?", ""},
    {"=", "=", ""},
    {"=??Q?a?=", "a", "wom"},
    {"=?utf 8?Q?a?=", "a", "wo"},
    /* Q and B */
    {"=?utf-8?Q?Gr=C3=BC=C3=9Fe_an_alle?=", "Grüße an alle", "w"},
    {"=?utf-8?q?Gr=c3=bc=c3=9fe?=", "Grüße", "w"},
    {"=?UTF-8?B?R3LDvMOfZQ==?=", "Grüße", "w"},
    {"=?UTF-8?b?R3LDvMOfZQ?=", "Grüße", "w"},
    {"=?utf8?Q?a?=", "a", "w"},
    {"=?iso-8859-2?Q?plain_text?=", "plain text", "w"},
    {"=?gb18030?Q?a?= =?big5?B?Ynx+?=", "ab|~", "w"},
    {"=?utf-8*en-GB?Q?a?=", "a", "w"},
    {"=?utf-8?Q?\\x3F=", "", "w"},
    {"=?utf-8?B?\\x3F=", "", "w"},
    {"=?utf-8?Q?=?=", "=", "w"},
    {"=?utf-8?Q?=4?=", "=4", "w"},
    {"=?utf-8?Q?=zz?=", "=zz", "w"},
    {"=?utf-8?Q?=41?=", "A", "w"},
    {"=?utf-8?Q?a b?=", "a b", "w"},
    {"x=?utf-8?Q?a?=y", "xay", "w"},
    {"\"=?utf-8?Q?a?=\" (=?utf-8?Q?b?=)", "\"a\" (b)", "w"},
    {"=?utf-8?Q?a?=?=", "a?=", "w"},
    /* adjacent words */
    {"=?utf-8?Q?a?= =?utf-8?Q?b?=", "ab", "w"},
    {"=?utf-8?Q?a?=\\r\\n =?utf-8?Q?b?=", "ab", "w"},
    {"=?utf-8?Q?a?==?utf-8?Q?b?=", "ab", "w"},
    {"=?utf-8?Q?a?= b =?utf-8?Q?c?=", "a b c", "w"},
    {"=?utf-8?Q?a?= =?utf-8?Q", "a =?utf-8?Q", "w"},
    {"=?utf-8?Q?=E2=82?= =?utf-8?Q?=AC?=", "€", "w"},
    {"=?utf-8?B?4oI=?= =?utf-8?Q?=AC?=", "€", "w"},
    {"=?utf-8?Q?=E2=82?= =?iso-8859-1?Q?=AC?=", "\xEF\xBF\xBD\xEF\xBF\xBD¬", "w"},
    {"=?utf-8?Q?=E2=82?= x =?utf-8?Q?=AC?=", "\xEF\xBF\xBD\xEF\xBF\xBD x \xEF\xBF\xBD", "w"},
    /* charsets */
    {"=?us-ascii?Q?a=E9?=", "a\xEF\xBF\xBD", "w"},
    {"=?iso-8859-1?Q?caf=E9?=", "café", "w"},
    {"=?iso-8859-1?Q?=80=85=93?=", "€…“", "w"},
    {"=?windows-1252?Q?=81=E9?=", "\xEF\xBF\xBDé", "w"},
    {"=?iso-8859-15?Q?=A4=85?=", "€\xEF\xBF\xBD", "w"},
    {"=?iso-8859-2?Q?=80=9Fa=A0=C2=9F=A1?=",
     "\xEF\xBF\xBD\xEF\xBF\xBD"
     "a\xC2\xA0Â\xEF\xBF\xBDĄ",
     "w"},
    {"=?iso-8859-2?Q?=85?=", "\xEF\xBF\xBD", "w"},
    {"=?koi8-r?Q?=F0=D2=C9=D7=C5=D4?=", "Привет", "w"},
    {"=?windows-1251?Q?=CF=F0=E8=E2=E5=F2?=", "Привет", "w"},
    {"=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?= =?ISO-2022-JP?B?GyRCOGwbKEI=?=", "日本語", "w"},
    {"=?euc-jp?B?xvzL3A==?=", "日本", "w"},
    {"=?big5?B?pKSk5Q==?=", "中文", "w"},
    {"=?gbk?B?1tDOxA==?=", "中文", "w"},
    {"=?gbk?Q?=D6?=", "\xEF\xBF\xBD", "w"},
    {"=?euc-kr?B?x9GxuQ==?=", "한국", "w"},
    {"=?windows-1255?Q?=F9=EC=E5=ED?=", "שלום", "w"},
    {"=?windows-1258?Q?a=CC?=", "à", "w"},
    {"=?x-unknown?Q?a?= b", "a b", "wo"},
    {"=?ISO-2022-CN-EXT?B?YQ==?=", "a", "wo"},
    {"=?x-unknown?Q?\\xFC?=", "\xEF\xBF\xBD", "wo"},
    {"=?../../x?Q?a?=", "a", "wo"},
    {"=?utf-7?Q?+AGE-?=", "a", "woW"},
    {"=?utf-16be?B?AGE=?=", "a", "woW"},
    {"=?utf-16le?B?YQA8AA==?=", "a<", "woW"},
    /* one order of bytes is forgotten before the next text */
    {"=?utf-16?B?/v8AYQ==?=", "a", "woW"},
    {"=?utf-16?B?YQA8AA==?=", "a<", "woW"},
    {"=?utf-16?B?//5hAA==?=", "a", "woW"},
    {"=?utf-16?B?/v8AYQ==?= =?utf-16?B?ADw=?=, =?utf-16?B?YQA=?=", "a<, a", "woW"},
    {"=?utf-32?B?AAD+/wAAAGE=?=", "a", "woW"},
    {"=?utf-32?B?YQAAAA==?=", "a", "woW"},
    {"=?utf-32?B?//4AAGEAAAA=?=", "a", "woW"},
    {"=?ucs-2?B?/v8=?=", "", "woW"},
    /* broken ones */
    {"=?utf-8?Q?abc", "=?utf-8?Q?abc", "m"},
    {"=?utf-8?X?abc?=", "=?utf-8?X?abc?=", "m"},
    {"=?xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx?Q?a?=", "a", "wom"},
    {"=?utf-8?Q?a =?utf-8?Q?b?=", "a =?utf-8?Q?b", "wm"},
    {"=?utf-8?Q?a\\r\\n b?=", "a b", "wm"},
    {"=?utf-8?B?YQ==Yg==?=", "ab", "wm"},
    {"=?utf-8?B?Y!Q==?=", "a", "wm"},
    {"=?utf-8?B?Y Q==?=", "a", "w"},
    {"=?utf-8?B?Y?=", "", "w"},
    /* what is smuggled: CPython gh-121650, Mailsploit */
    {"=?utf-8?Q?a=0D=0ABcc:_b?=", "a\r\nBcc: b", "wb"},
    {"=?utf-8?Q?a=0A?=", "a\n", "wb"},
    {"=?utf-8?Q?a=0Db?=", "a\rb", "wb"},
    {"=?utf-8?Q?a=0Bb?=", "a\vb", "wb"},
    {"=?utf-8?Q?a=0Cb?=", "a\fb", "wb"},
    {"=?utf-8?Q?a=C2=85b?=",
     "a\xC2\x85"
     "b",
     "wb"},
    {"=?utf-8?Q?a=E2=80=A8b?=",
     "a\xE2\x80\xA8"
     "b",
     "wb"},
    {"=?utf-8?Q?a=E2=80?= =?utf-8?Q?=A9b?=",
     "a\xE2\x80\xA9"
     "b",
     "wb"},
    {"=?gb18030?B?gTCBNQ==?=", "\xC2\x85", "wb"},
    {"=?utf-8?B?YQo=?=", "a\n", "wb"},
    {"a\\n b", "a b", ""},
    {"=?utf-8?Q?a=09b?=", "a\tb", "w"},
    {"=?utf-8?Q?Alv=C3=85s?=", "AlvÅs", "w"},
    {"=?iso-8859-1?Q?Alv=C3=85s?=", "AlvÃ…s", "w"},
};

static void describe(const struct decoded_text *decoded, char *flags)
{
    sprintf(flags, "%s%s%s%s%s%s", decoded->had_words ? "w" : "", decoded->odd_charset ? "o" : "",
            decoded->wide_charset ? "W" : "", decoded->malformed ? "m" : "",
            decoded->has_line_break ? "b" : "", decoded->has_nul ? "n" : "");
}

static void test_decode(void **state)
{
    (void)state;
    unsigned failures = 0;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena *arena = arena_new(1 << 20);
        struct bytes raw = case_text_bytes(cases[i].raw);
        struct decoded_text decoded;
        char flags[8];
        assert_true(encoded_word_decode(arena, raw, &decoded));
        describe(&decoded, flags);
        if (!bytes_equal(decoded.text, bytes_of(cases[i].text)) || strcmp(flags, cases[i].flags)) {
            print_error("%s\n    expected '%s' %s\n    got      '%.*s' %s\n", cases[i].raw,
                        cases[i].text, cases[i].flags, (int)decoded.text.len, decoded.text.data,
                        flags);
            failures++;
        }
        free((void *)(uintptr_t)raw.data);
        arena_free(arena);
    }
    assert_int_equal(failures, 0);
}

static void test_nul(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    struct decoded_text decoded;
    assert_true(encoded_word_decode(arena, BYTES("=?utf-8?Q?a=00b?="), &decoded));
    assert_true(decoded.has_nul && decoded.text.len == 3);
    assert_true(encoded_word_decode(arena, BYTES("=?utf-16be?B?AGEAAA==?="), &decoded));
    assert_true(decoded.has_nul && decoded.odd_charset);
    arena_free(arena);
}

static void test_memory(void **state)
{
    (void)state;
    struct bytes raw = BYTES("=?iso-8859-2?Q?=A3=F3d=BC?= and =?koi8-r?Q?=F0?=");
    bool enough = false;
    for (size_t ceiling = 0; ceiling < 16 * 1024 && !enough; ceiling += 16) {
        struct arena *arena = arena_new(ceiling);
        struct decoded_text decoded;
        enough = encoded_word_decode(arena, raw, &decoded);
        assert_true(enough != arena_failed(arena));
        arena_free(arena);
    }
    assert_true(enough);
}

/* A module that is unloaded with its last converter takes 45 us to load. */
static void test_converters(void **state)
{
    (void)state;
    const struct charset *charset = charset_find(BYTES("koi8-r"));
    iconv_t first = converter_take(charset);
    iconv_t second = converter_take(charset);
    assert_non_null(first);
    assert_non_null(second);
    assert_ptr_not_equal(first, second);
    converter_give(charset, first);
    converter_give(charset, second);
    assert_ptr_equal(converter_take(charset), second);
    converter_give(charset, CONVERTER_MISSING); /* for the moment: no file could be opened */
    first = converter_take(charset);
    assert_ptr_not_equal(first, CONVERTER_MISSING);
    converter_give(charset, first);
    converter_give(charset, second);
}

/* Each of them has to be looked at, but not all that is behind it each time: that took minutes. */
static void test_words_without_end(void **state)
{
    (void)state;
    static const char word[] = "=?u?q? ";
    size_t len = (size_t)100000 * (sizeof word - 1);
    struct arena *arena = arena_new(64 * len);
    struct decoded_text decoded;
    char *raw = malloc(len);
    assert_non_null(raw);
    for (size_t at = 0; at < len; at++)
        raw[at] = word[at % (sizeof word - 1)];
    clock_t before = clock();
    assert_true(encoded_word_decode(arena, (struct bytes){raw, len}, &decoded));
    assert_true((clock() - before) / CLOCKS_PER_SEC < 10);
    assert_true(decoded.malformed);
    assert_int_equal(decoded.text.len, len);
    free(raw);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode),
        cmocka_unit_test(test_nul),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_converters),
        cmocka_unit_test(test_words_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
