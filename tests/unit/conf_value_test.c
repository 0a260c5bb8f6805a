/* Values of every type against their rows: what fits, and what is said of what does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conf/parse.h"
#include "conf/unit.h"
#include "conf/value.h"

static const char *const colours[] = {"red", "green", "blue", NULL};

struct member {
    bool boolean;
    int choice;
    int64_t number;
    const char *text;
    struct texts texts;
    struct numbers numbers;
};

#define ROW(kind, member_name, ...)                                                                \
    {                                                                                              \
        .name = "k", .type = kind, .offset = offsetof(struct member, member_name), __VA_ARGS__     \
    }

static const struct option_row bool_row = ROW(OPTION_BOOL, boolean, .help = "");
static const struct option_row int_row = ROW(OPTION_INT, number, .min = -5, .max = 5);
static const struct option_row free_row = ROW(OPTION_INT, number, .min = 1);
static const struct option_row size_row = ROW(OPTION_SIZE, number, .max = 10485760);
static const struct option_row time_row = ROW(OPTION_DURATION, number, .min = 1, .max = 604800);
static const struct option_row text_row = ROW(OPTION_TEXT, text, .default_value = "\"x\"");
static const struct option_row none_row = ROW(OPTION_TEXT, text, .help = "");
static const struct option_row choice_row = ROW(OPTION_CHOICE, choice, .choices = colours);
static const struct option_row texts_row = ROW(OPTION_TEXTS, texts, .max = 2);
static const struct option_row numbers_row = ROW(OPTION_NUMBERS, numbers, .min = 1, .max = 9);

static bool read_value(const struct option_row *row, const char *value, struct arena *arena,
                       struct member *member, struct error *error)
{
    struct node *node = NULL;
    *member = (struct member){.number = -99, .choice = -99, .text = "untouched"};
    if (!parse_default(arena, row->name, value, &node, error))
        fail_msg("%s: %s", value, error->text);
    return value_read(row, node, arena, member, error);
}

static void test_values_that_fit(void **state)
{
    (void)state;
    static const struct {
        const struct option_row *row;
        const char *value;
        int64_t expected; /* count for lists */
    } cases[] = {
        {&bool_row, "true", 1},
        {&bool_row, "FALSE", 0},
        {&int_row, "-5", -5},
        {&int_row, "5", 5},
        {&int_row, "0x5", 5},
        {&free_row, "9223372036854775807L", INT64_MAX},
        {&size_row, "0", 0},
        {&size_row, "65536", 65536},
        {&size_row, "\"64k\"", 65536},
        {&size_row, "\"64K\"", 65536},
        {&size_row, "\"10M\"", 10485760},
        {&size_row, "\"7\"", 7},
        {&time_row, "90", 90},
        {&time_row, "\"90s\"", 90},
        {&time_row, "\"15m\"", 900},
        {&time_row, "\"12h\"", 43200},
        {&time_row, "\"7d\"", 604800},
        {&time_row, "\"1w\"", 604800},
        {&choice_row, "\"red\"", 0},
        {&choice_row, "\"blue\"", 2},
        {&texts_row, "[ ]", 0},
        {&texts_row, "( )", 0},
        {&texts_row, "\"a\"", 1},
        {&texts_row, "[ \"a\", \"b\" ]", 2},
        {&numbers_row, "[ ]", 0},
        {&numbers_row, "9", 1},
        {&numbers_row, "[ 1, 9 ]", 2},
    };
    struct arena *arena = arena_new(1024 * 1024);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error error = {""};
        struct member member;
        if (!read_value(cases[i].row, cases[i].value, arena, &member, &error))
            fail_msg("%s: %s", cases[i].value, error.text);
        enum option_type type = cases[i].row->type;
        int64_t got = type == OPTION_BOOL      ? member.boolean
                      : type == OPTION_CHOICE  ? member.choice
                      : type == OPTION_TEXTS   ? (int64_t)member.texts.count
                      : type == OPTION_NUMBERS ? (int64_t)member.numbers.count
                                               : member.number;
        if (got != cases[i].expected)
            fail_msg("%s: %lld", cases[i].value, (long long)got);
    }
    arena_free(arena);
}

static void test_empty_text_is_none_where_none_is_the_default(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1024 * 1024);
    struct error error = {""};
    struct member member;
    assert_true(read_value(&text_row, "\"\"", arena, &member, &error));
    assert_string_equal(member.text, "");
    assert_true(read_value(&none_row, "\"\"", arena, &member, &error));
    assert_null(member.text);
    assert_true(read_value(&none_row, "\"y\"", arena, &member, &error));
    assert_string_equal(member.text, "y");
    arena_free(arena);
}

static void test_values_that_do_not_fit(void **state)
{
    (void)state;
    static const struct {
        const struct option_row *row;
        const char *value;
        const char *error;
    } cases[] = {
        {&bool_row, "1", "expected true or false, found 1"},
        {&int_row, "6", "expected a number from -5 to 5, found 6"},
        {&int_row, "-6", "expected a number from -5 to 5, found -6"},
        {&int_row, "\"5\"", "expected a number from -5 to 5, found \"5\""},
        {&int_row, "5.0", "expected a number from -5 to 5, found 5"},
        {&free_row, "0", "expected a number, 1 or more, found 0"},
        {&size_row, "\"11M\"",
         "expected a size in bytes (1000, \"64k\", \"10M\") from 0 to 10M, found \"11M\""},
        {&size_row, "\"-1\"",
         "expected a size in bytes (1000, \"64k\", \"10M\") from 0 to 10M, found \"-1\""},
        {&size_row, "\"k\"",
         "expected a size in bytes (1000, \"64k\", \"10M\") from 0 to 10M, found \"k\""},
        {&size_row, "\"1kb\"",
         "expected a size in bytes (1000, \"64k\", \"10M\") from 0 to 10M, found \"1kb\""},
        {&size_row, "\"9223372036854775807G\"",
         "expected a size in bytes (1000, \"64k\", \"10M\") from 0 to 10M, found "
         "\"9223372036854775807G\""},
        {&size_row, "\"99999999999999999999\"",
         "expected a size in bytes (1000, \"64k\", \"10M\") from 0 to 10M, found "
         "\"99999999999999999999\""},
        {&time_row, "\"1 h\"",
         "expected a time in seconds (90, \"15m\", \"12h\", \"30d\") from 1s to 1w, found \"1 h\""},
        {&time_row, "\"\"",
         "expected a time in seconds (90, \"15m\", \"12h\", \"30d\") from 1s to 1w, found \"\""},
        {&time_row, "0",
         "expected a time in seconds (90, \"15m\", \"12h\", \"30d\") from 1s to 1w, found 0"},
        {&text_row, "[ \"a\" ]", "expected a text in double quotes, found an array [ ... ]"},
        {&choice_row, "\"Red\"", "expected \"red\", \"green\" or \"blue\", found \"Red\""},
        {&choice_row, "0", "expected \"red\", \"green\" or \"blue\", found 0"},
        {&texts_row, "[ \"a\", \"b\", \"c\" ]", "expected at most 2 items, found 3"},
        {&texts_row, "( \"a\", 2 )", "expected a text in double quotes, found 2"},
        {&texts_row, "3", "expected a list of texts like [ \"one\", \"two\" ], found 3"},
        {&texts_row, "{ a = 1; }",
         "expected a list of texts like [ \"one\", \"two\" ], found a group { ... }"},
        {&numbers_row, "[ 1, 10 ]", "expected a number from 1 to 9, found 10"},
        {&numbers_row, "[ 1.5 ]", "expected a number from 1 to 9, found 1.5"},
        {&numbers_row, "\"25\"",
         "expected a list like [ 1, 2 ] of numbers from 1 to 9, found \"25\""},
    };
    struct arena *arena = arena_new(1024 * 1024);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error error = {""};
        struct member member;
        if (read_value(cases[i].row, cases[i].value, arena, &member, &error))
            fail_msg("%s was taken", cases[i].value);
        const char *sentence = strstr(error.text, "expected");
        assert_non_null(sentence);
        assert_string_equal(sentence, cases[i].error);
    }
    arena_free(arena);
}

static void test_units_are_spelled_as_they_are_read(void **state)
{
    (void)state;
    static const struct {
        enum option_type type;
        int64_t number;
        const char *text;
    } cases[] = {{OPTION_SIZE, 0, "0"},           {OPTION_SIZE, 1023, "1023"},
                 {OPTION_SIZE, 1024, "1k"},       {OPTION_SIZE, 1536, "1536"},
                 {OPTION_SIZE, 10485760, "10M"},  {OPTION_SIZE, 1073741824, "1G"},
                 {OPTION_DURATION, 1, "1s"},      {OPTION_DURATION, 60, "1m"},
                 {OPTION_DURATION, 3600, "1h"},   {OPTION_DURATION, 86400, "1d"},
                 {OPTION_DURATION, 604800, "1w"}, {OPTION_DURATION, 90, "90s"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[32];
        int64_t number = -1;
        unit_spell(cases[i].type, cases[i].number, text, sizeof text);
        assert_string_equal(text, cases[i].text);
        assert_true(unit_read(cases[i].type, bytes_of(text), &number));
        assert_int_equal(number, cases[i].number);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_that_fit),
        cmocka_unit_test(test_empty_text_is_none_where_none_is_the_default),
        cmocka_unit_test(test_values_that_do_not_fit),
        cmocka_unit_test(test_units_are_spelled_as_they_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
