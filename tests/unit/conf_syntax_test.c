/* What reaches libconfig and what does not, and that libconfig agrees. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conf/parse.h"
#include "conf/syntax.h"

static bool check(struct bytes text, struct error *error)
{
    char *copy = malloc(text.len ? text.len : 1); /* ends where its last byte is */
    assert_non_null(copy);
    if (text.len)
        memcpy(copy, text.data, text.len);
    bool good = syntax_check("F", (struct bytes){copy, text.len}, error);
    free(copy);
    return good;
}

static const char *const right[] = {
    "",
    "\n\r\n\t\f ",
    "a=1",
    "a:1;",
    "a=1,b=2",
    "a=1 b=2",
    "a=1;b=2;",
    "a*-_9=1",
    "*=1",
    "a=true b=FALSE",
    "true-x=1",
    "trues=1",
    "a=-1 b=+1 c=0x1f d=0X1F",
    "a=2147483647 b=-2147483648 c=2147483648L d=2147483648LL",
    "a=9223372036854775807L b=0x7fffffff c=0x80000000L",
    "a=.5 b=-.5 c=1. d=1.5 e=1e5 f=1E+5 g=1.5e-5 h=-1.e5",
    "a=\"\"",
    "a=\"x\" \"y\"\n# between\n\"z\"",
    "a=\"\\\"\" b=\"\\\\\" c=\"\\x41\" d=\"\\x4\" e=\"\\q\"",
    "a=\"\\\\x00\"",
    "a=\"\n\"",
    "a=\"# // /* @include { [ (\"",
    "# \" [ @include",
    "#",
    "//",
    "// \" [ @include",
    "/**/ /***/ /* \" \n # */ a=1",
    "a=[] b=[ ] c=[1] d=[1,2] e=[\"x\",\"y\"] f=[true,false] g=[1.5,.5] h=[1L,2L]",
    "a=() b=(1,\"x\",true,[1],(),{},{b=1;c={}})",
    "a={} b={c=1} d={e={f={}}}",
    "a=((((((((((((((((1))))))))))))))))",
    "a=\"\xff\xfe\" # \xff",
};

static void test_what_is_right(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        struct error error = {""};
        struct node *root = NULL;
        struct arena *arena = arena_new(1024 * 1024);
        if (!check(bytes_of(right[i]), &error) ||
            !parse_text(arena, "F", bytes_of(right[i]), &root, &error))
            fail_msg("%s: %s", right[i], error.text);
        arena_free(arena);
    }
}

static const struct {
    const char *text;
    const char *error;
} wrong[] = {
    {"a", "F:1: expected = behind a, found the end of the file"},
    {"a\n\n1", "F:3: expected = behind a, found 1"},
    {"a=", "F:1: expected a value (texts stand in double quotes), found the end of the file"},
    {"a=b", "F:1: expected a value (texts stand in double quotes), found b"},
    {"a=,", "F:1: expected a value (texts stand in double quotes), found ,"},
    {"a==1", "F:1: expected a value (texts stand in double quotes), found ="},
    {"a=1;;", "F:1: expected a key, found ;"},
    {"=1", "F:1: expected a key, found ="},
    {"true=1", "F:1: expected a key, found true"},
    {"\"a\"=1", "F:1: expected a key, found a text"},
    {"1", "F:1: expected a key, found 1"},
    {"a=1}", "F:1: expected a key, found }"},
    {"/", "F:1: found '/' where nothing begins with it"},
    {"-", "F:1: found '-' where nothing begins with it"},
    {"a=.", "F:1: found '.' where nothing begins with it"},
    {"a=_x", "F:1: found '_' where nothing begins with it"},
    {"a='x'", "F:1: found ' outside of a text: texts stand in double quotes"},
    {"a=\xe2\x80\x9cx\xe2\x80\x9d", "F:1: found the byte 0xe2 outside of a text"},
    {"@", "F:1: found '@' outside of a text: addresses stand in double quotes"},
    {"a=[\"b\"@c]", "F:1: found '@' outside of a text: addresses stand in double quotes"},
    {"@INCLUDE \"x\"", "F:1: @include is not supported: put further files into the folder "
                       "conf.d beside the main file; their names end in .conf"},
    {"a=[1,]", "F:1: expected a value behind the last comma, found ]"},
    {"a=(1,)", "F:1: expected a value behind the last comma, found )"},
    {"a=[,]", "F:1: expected a value (texts stand in double quotes), found ,"},
    {"a=[1;]", "F:1: expected a comma or ] (the [ of line 1 is open), found ;"},
    {"a=[1 2]", "F:1: expected a comma or ] (the [ of line 1 is open), found 2"},
    {"a=({}\n{})", "F:2: expected a comma or ) (the ( of line 1 is open), found {"},
    {"a=[\"x\" \"y\"]", "F:1: expected a comma or ] (the [ of line 1 is open), found a text"},
    {"a=({b=\"x\" \"y\"}, \"x\" \"y\")",
     "F:1: expected a comma or ) (the ( of line 1 is open), found a text"},
    {"a=[{}]", "F:1: expected a value (texts stand in double quotes), found {"},
    {"a=[[1]]", "F:1: expected a value (texts stand in double quotes), found ["},
    {"a=[1,\"x\"]", "F:1: the values of one [ ... ] must all be of one type"},
    {"a=[1,2L]", "F:1: the values of one [ ... ] must all be of one type"},
    {"a=[1,2.0]", "F:1: the values of one [ ... ] must all be of one type"},
    {"a={1}", "F:1: expected a key or } (the { of line 1 is open), found 1"},
    {"a={b=1;]", "F:1: expected a key or } (the { of line 1 is open), found ]"},
    {"\na={", "F:2: the { that stands here is never closed"},
    {"a={\nb=1", "F:1: the { that stands here is never closed"},
    {"a=[1,", "F:1: the [ that stands here is never closed"},
    {"a=[1", "F:1: the [ that stands here is never closed"},
    {"a=(\n(", "F:2: the ( that stands here is never closed"},
    {"a=(((((((((((((((((", "F:1: brackets are nested more than 16 deep"},
    {"a=2147483648", "F:1: the number 2147483648 is only read right with an L behind: 2147483648L"},
    {"a=-2147483649",
     "F:1: the number -2147483649 is only read right with an L behind: -2147483649L"},
    {"a=0x80000000", "F:1: the number 0x80000000 is only read right with an L behind: 0x80000000L"},
    {"a=9223372036854775808L", "F:1: the number 9223372036854775808 is too large"},
    {"a=0xffffffffffffffffL", "F:1: the number 0xffffffffffffffff is too large"},
    {"a=00000000000000000000000000000000000000001", "F:1: a number of 41 digits is too large"},
    {"a=0x", "F:1: 0x is neither a number nor a name; texts stand in double quotes"},
    {"a=0xg", "F:1: 0xg is neither a number nor a name; texts stand in double quotes"},
    {"a=15m", "F:1: 15m is neither a number nor a name; texts stand in double quotes"},
    {"a=1.2.3", "F:1: 1.2. is neither a number nor a name; texts stand in double quotes"},
    {"a=1e", "F:1: 1e is neither a number nor a name; texts stand in double quotes"},
    {"a=1LLL", "F:1: 1LLL is neither a number nor a name; texts stand in double quotes"},
    {"a=\"", "F:1: the text that begins here never ends: close it with a \""},
    {"a=\"\\", "F:1: the text that begins here never ends: close it with a \""},
    {"a=\"\\\"", "F:1: the text that begins here never ends: close it with a \""},
    {"a=\"\\\\\\\"", "F:1: the text that begins here never ends: close it with a \""},
    {"a=\"\\x01\\x0", "F:1: the text that begins here never ends: close it with a \""},
    {"a=\"\\x00\"", "F:1: a text must not hold the NUL character \\x00"},
    {"a=\"\n\\X00\"", "F:2: a text must not hold the NUL character \\x00"},
    {"\na=\"b;\nc=\"/d\";", "F:3: found '/' where nothing begins with it (the text that begins "
                            "in line 2 has no \" at its line's end)"},
    {"/*/", "F:1: the comment that begins here with /* never ends: close it with */"},
    {"\n/* *", "F:2: the comment that begins here with /* never ends: close it with */"},
    {"\x01", "F:1: holds the byte 0x01: this is not a text file"},
    {"\r", "F:1: holds a carriage return that ends no line: end lines with a line feed"},
};

static void test_what_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct error error = {""};
        if (check(bytes_of(wrong[i].text), &error))
            fail_msg("%s was taken", wrong[i].text);
        if (strcmp(error.text, wrong[i].error) != 0)
            fail_msg("%s: %s", wrong[i].text, error.text);
    }
}

/* The same bytes, as numbers: what libconfig makes of them is what was written. */
static void test_numbers_are_read_right(void **state)
{
    (void)state;
    static const struct {
        const char *literal;
        int64_t value;
    } cases[] = {{"0", 0},
                 {"-2147483648", INT32_MIN},
                 {"2147483647", INT32_MAX},
                 {"+7", 7},
                 {"007", 7},
                 {"0x7fffffff", INT32_MAX},
                 {"2147483648L", 2147483648},
                 {"-9223372036854775808L", INT64_MIN},
                 {"9223372036854775807LL", INT64_MAX},
                 {"0x7fffffffffffffffL", INT64_MAX}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error error = {""};
        struct node *node = NULL;
        struct arena *arena = arena_new(1024 * 1024);
        assert_true(parse_default(arena, "k", cases[i].literal, &node, &error));
        assert_int_equal(node->type, NODE_NUMBER);
        assert_int_equal(node->number, cases[i].value);
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_right),
        cmocka_unit_test(test_what_is_wrong),
        cmocka_unit_test(test_numbers_are_read_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
