/* pcre: tables answer as postmap does, and a pattern that runs away is no answer. */
#include <stdio.h>
#include <string.h>

#include "tests/unit/tables_fixture.h"

static const struct {
    const char *text;
    const char *keys[8];
} samples[] = {
    {"/^alice@/ alice\n", {"alice@x", "ALICE@x", "xalice@x"}},
    {"/^Alice@/i alice\n", {"alice@x", "Alice@x"}},
    {"# comment\n\n/^(.*)@example\\.com$/ $1\n/^(.*)@(.*)$/ ${2}/$(1)/$1\n",
     {"alice@example.com", "a@b", "@", "x"}},
    {"!/@example\\.com$/ foreign\n/^a/ a\n", {"a@example.com", "b@example.com", "a@x"}},
    {"! ! /^a/ a\n!!!/^a/ b\n", {"a", "b"}},
    {"if /@example\\.com$/\n/^a/ in\nendif\n/^a/ out\n", {"a@example.com", "a@x", "b@example.com"}},
    {"if !/x/\nif /y/\n/a/ nox-y-a\nendif\n/a/ nox-a\nENDIF\nIF/x/\n/a/ x-a\nendif # not text",
     {"a", "ay", "ax", "ayx", "y"}},
    {"if !/x/\nif /y/\n/a/ nox-y-a\nendif\n/a/ nox-a\nENDIF\nIF/x/\n/a/ x-a\nendif\n",
     {"a", "ay", "ax", "ayx", "y"}},
    {"if /a/\nif /b/\nif /c/\n/./ abc\nendif\nendif\nendif\n/./ rest\n", {"a", "ab", "abc", "c"}},
    {"|^a/b| slash\n,^c, comma\n/d\\/e/ escaped\n", {"a/b", "cc", "d/e", "d\\/e"}},
    {"/a b  c/x spaced\n/a.c/s dot\n", {"abc", "a c", "a\nc"}},
    {"/b/A anchored\n/a$/E end\n", {"ab", "b", "ba"}},
    {"/a(.*)b/U $1-\n", {"axbxb", "ab"}},
    {"/^b/m line\n", {"b", "ab"}},
    {"/x/X obsolete\n", {"x"}},
    {"/^(a)?(b)?$/ <$1><$2>\n", {"a", "b", "ab", "c"}},
    {"/(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)(k)/ $11$10 $$ $1x$$2\n", {"abcdefghijk"}},
    {"/(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)(k)/ ${11}$(10) $$ ${1}x$$2\n", {"abcdefghijk"}},
    {"/^a/   several words,\n  and more  \n", {"a"}},
    {"/^a/ a\r\n/^b/ b\r\n", {"a", "b"}},
    {"/(?<name>a)/ $1\n", {"a"}},
    {"/ä/ umlaut\n/^(.)(.)/ $1$2\n", {"Ä", "ä", "xy"}},
    {"/(*UTF)^(.)b/ ${1}\n", {"äb"}},
    {"/a/ $$\n/b/ $$$$1\n/c/ x$$\n", {"a", "b", "c"}},
    {"/a\\/ a\n", {"a"}},
    {"", {"a"}},
};

static void answers_as_postmap_does(void **state)
{
    (void)state;
    size_t found = 0;
    size_t refused = 0;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        fixture_write_text("pcre", samples[i].text);
        const char *spec = fixture_spec("pcre", "pcre");
        struct table *table = NULL;
        struct error error;
        if (!table_open(spec, TABLE_FOLD_CASE, &table, &error)) {
            refused++;
            continue;
        }
        assert_true(table_matches_patterns(table));
        for (size_t k = 0; samples[i].keys[k]; k++) {
            if (strchr(samples[i].keys[k], '\n'))
                continue;
            char *expected = fixture_query(spec, samples[i].keys[k]);
            fixture_expect(table, samples[i].keys[k], expected);
            found += expected != NULL;
            free(expected);
        }
        table_free(table);
    }
    assert_int_equal(refused, 3); /* text behind endif, $1x, a pattern without an end */
    assert_int_equal(found, 46);
}

static const struct {
    const char *text;
    const char *error;
} refused[] = {
    {"/a/ 1\n/b 2\n", ":2: the pattern's end is missing: another / is expected"},
    {"/a/\n", ":1: the pattern has no result"},
    {"/a/i\n", ":1: the pattern has no result"},
    {"!\n", ":1: a /pattern/ is expected"},
    {"/a/q 1\n", ":1: 'q' is no flag"},
    {"/(a/ 1\n", ":1: \"(a\", character 3: missing closing parenthesis"},
    {"\n\n/a[/ 1\n", ":3: "},
    {"alice@example.com alice\n", ":1: /pattern/flags result, if /pattern/flags or endif"},
    {"iffy\n", ":1: /pattern/flags result"},
    {"/(a)/ $2\n", ":1: $2 stands for nothing: the pattern has 1 groups"},
    {"!/(a)/ $1\n", ":1: $1 stands for nothing, as the rule holds"},
    {"/(a)/ $0\n", "a number from 1 on"},
    {"/(a)/ $\n", "a number from 1 on"},
    {"/(a)/ $x\n", "a number from 1 on"},
    {"/(a)/ $1x\n", "a number from 1 on"},
    {"/(a)/ $99999999999999999999\n", "a number from 1 on"},
    {"/(a)/ $4294967297\n", "a number from 1 on"},
    {"/(a)/ ${1\n", ":1: \"${1\" is not closed"},
    {"/(a)/ ${}\n", "a number from 1 on"},
    {"endif\n", ":1: an endif without an if"},
    {"/x/ 1\nif /a/\nif /b/\nendif\n", ":2: this if has no endif"},
    {"if\n", ":1: a /pattern/ is expected"},
    {"if /a/ b\nendif\n", ":1: nothing may follow the pattern of an if"},
    {"if /a/\n  /b/ c\nendif\n", ":1: nothing may follow the pattern of an if"},
    {"if /a/\nendif x\n", ":2: nothing may follow endif"},
    {" /a/ b\n", ":1: the line begins with a blank"},
    {"\xef\xbb\xbf/a/ b\n", ":1: the file begins with a byte order mark"},
    {"/\xff/ b\n", ":1: the line is not UTF-8"},
};

static void says_what_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        fixture_write_text("broken", refused[i].text);
        fixture_refused(fixture_spec("pcre", "broken"), refused[i].error);
        fixture_refused(fixture_spec("pcre", "broken"), fixture_path("broken"));
    }
    fixture_refused(fixture_spec("pcre", "missing"), "there is no such file");
}

static void unavailable(const char *text, const char *key, const char *why)
{
    fixture_write_text("runaway", text);
    struct table *table = fixture_open(fixture_spec("pcre", "runaway"));
    struct arena *arena = arena_new(1 << 20);
    struct table_answer answer;
    assert_int_equal(table_find(table, arena, bytes_of(key), &answer), TABLE_UNAVAILABLE);
    if (!strstr(answer.source.data, why))
        fail_msg("\"%s\" is not in \"%s\"", why, answer.source.data);
    arena_free(arena);
    table_free(table);
}

static void gives_no_answer_rather_than_a_wrong_one(void **state)
{
    (void)state;
    const char *as = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!";
    unavailable("/^(a+)+$/ x\n", as, ":1 match limit exceeded");
    unavailable("!/^(a+)+$/ x\n", as, "match limit exceeded");
    unavailable("if /^(a+)+$/\n/a/ x\nendif\n/./ y\n", as, "match limit exceeded");
    unavailable("/^(b)?a/ $1\n", "a", ":1 /^(b)?a/: the row has no value");
    unavailable("/^(.)/ $1\n", "ä", "the row's value is not UTF-8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_as_postmap_does),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(gives_no_answer_rather_than_a_wrong_one),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
