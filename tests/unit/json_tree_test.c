/* The JSON reader takes what jansson takes, refuses what it refuses, and finds the same in it. */
#include "gate/json_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

static bool odd; /* what the two treat differently: reals, names twice or with a NUL in them */

static bool same(const struct json_tree *tree, const json_t *other);

static bool same_list(const struct json_tree *tree, const json_t *other)
{
    size_t i = 0;
    for (const struct json_tree *item = tree->first; item; item = item->next)
        if (!same(item, json_array_get(other, i++)))
            return false;
    return i == tree->count && i == json_array_size(other);
}

static bool same_object(const struct json_tree *tree, const json_t *other)
{
    size_t i = 0;
    for (const struct json_tree *item = tree->first; item; item = item->next, i++) {
        assert_int_equal(item->name.data[item->name.len], '\0');
        if (!odd && !same(item, json_object_getn(other, item->name.data, item->name.len)))
            return false;
    }
    return i == tree->count && (odd || i == json_object_size(other));
}

static bool same(const struct json_tree *tree, const json_t *other)
{
    switch (tree->type) {
    case JSON_TREE_NULL:
        return json_is_null(other);
    case JSON_TREE_FALSE:
        return json_is_false(other);
    case JSON_TREE_TRUE:
        return json_is_true(other);
    case JSON_TREE_INTEGER:
        return json_is_integer(other) && json_integer_value(other) == tree->integer;
    case JSON_TREE_REAL:
        return json_is_real(other);
    case JSON_TREE_TEXT:
        assert_int_equal(tree->text.data[tree->text.len], '\0');
        return json_is_string(other) && json_string_length(other) == tree->text.len &&
               memcmp(json_string_value(other), tree->text.data, tree->text.len) == 0;
    case JSON_TREE_LIST:
        return json_is_array(other) && same_list(tree, other);
    case JSON_TREE_OBJECT:
        return json_is_object(other) && same_object(tree, other);
    }
    return false;
}

/* Of what jansson alone refuses: numbers that no double holds, names with a NUL in them. */
static bool has_odd(const struct json_tree *tree)
{
    if (tree->type == JSON_TREE_REAL ||
        strlen(tree->name.data ? tree->name.data : "") != tree->name.len)
        return true;
    if (tree->type != JSON_TREE_LIST && tree->type != JSON_TREE_OBJECT)
        return false;
    for (const struct json_tree *item = tree->first; item; item = item->next)
        if (has_odd(item) ||
            (tree->type == JSON_TREE_OBJECT && json_tree_member(tree, item->name.data) != item))
            return true;
    return false;
}

static struct arena *arena;

static void compare(const char *text, size_t len)
{
    struct json_tree *tree = NULL;
    struct error error = {""};
    char *copy = malloc(len ? len : 1); /* exactly so long, for sanitizers */
    memcpy(copy, text, len);
    arena_clear(arena);
    bool taken = json_tree_parse((struct bytes){copy, len}, arena, &tree, &error);
    json_t *other = json_loadb(copy, len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    odd = taken && has_odd(tree);
    if (taken != (other != NULL) && !(taken && odd))
        fail_msg("%s, and jansson %s: %.*s %s", taken ? "taken" : "refused",
                 other ? "takes it" : "refuses it", (int)len, text, error.text);
    if (taken && other && !same(tree, other))
        fail_msg("another value than jansson's: %.*s", (int)len, text);
    assert_true(taken || strncmp(error.text, "it is no JSON: expected ", 24) == 0);
    json_decref(other);
    free(copy);
}

static const char *const texts[] = {
    "",
    " ",
    "null",
    "true ",
    "\t\r\nfalse",
    "nul",
    "nullx",
    "True",
    "0",
    "-0",
    "00",
    "-",
    "-01",
    "1.",
    "1.5",
    ".5",
    "1e5",
    "1E+05",
    "1e",
    "1e-",
    "+1",
    "0x1",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "99999999999999999999999",
    "\"\"",
    "\"a\"b",
    "\"",
    "\"\\",
    "\"\\\"",
    "\"\\\"\"",
    "\"\\a\"",
    "\"\\/\\b\\f\\n\\r\\t\\\\\"",
    "\"\\u0041\\u00e4\\u20ac\"",
    "\"\\u0000\"",
    "\"\\uD83D\\uDE00\"",
    "\"\\ud83d\"",
    "\"\\ud83d\\u0041\"",
    "\"\\ud83dx\"",
    "\"\\ude00\"",
    "\"\\u12\"",
    "\"\\u123g\"",
    "\"\\uffff\"",
    "\"tab\there\"",
    "\"\x7f\"",
    "\"\xc3\xa4\"",
    "\"\xff\"",
    "\"\xc3\"",
    "\"\xc0\xaf\"",
    "\"\xed\xa0\x80\"",
    "\"\xf4\x90\x80\x80\"",
    "[]",
    "[ ]",
    "[1,]",
    "[,]",
    "[1 2]",
    "[1,2 ",
    "[[],[[]],{}]",
    "]",
    "{}",
    "{ }",
    "{\"a\":1}",
    "{\"a\":1,}",
    "{\"a\" 1}",
    "{\"a\":}",
    "{a:1}",
    "{\"a\":1 \"b\":2}",
    "{\"a\":1,\"a\":2}",
    "{\"a\\u0000b\":1}",
    "{\"\":{\"\":[]}}",
    "{\"a\":[1,{\"b\":\"c\"}],\"d\":null}",
    "\xef\xbb\xbf{}",
    "[1]//",
    "[1]]",
};

static void test_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        compare(texts[i], strlen(texts[i]));
}

/* jansson 2.14 passes over a NUL behind a number. */
static void test_raw_nul(void **state)
{
    (void)state;
    static const struct bytes cases[] = {BYTES("[\0]"),   BYTES("1\0"), BYTES("[1\0]"),
                                         BYTES("\"\0\""), BYTES("\0"),  BYTES("{\"a\"\0:1}")};
    struct json_tree *tree;
    struct error error;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_false(json_tree_parse(cases[i], arena, &tree, &error));
}

static void test_depth(void **state)
{
    (void)state;
    struct json_tree *tree;
    struct error error;
    char text[2 * JSON_TREE_DEPTH + 2];
    memset(text, '[', sizeof text / 2);
    memset(text + sizeof text / 2, ']', sizeof text / 2);
    assert_false(json_tree_parse((struct bytes){text, sizeof text}, arena, &tree, &error));
    assert_non_null(strstr(error.text, "fewer lists"));
    assert_true(json_tree_parse((struct bytes){text + 1, sizeof text - 2}, arena, &tree, &error));
}

static void test_members(void **state)
{
    (void)state;
    struct json_tree *tree;
    struct error error;
    const struct bytes text = BYTES("{\"ab\":1,\"a\":2,\"ab\":3}");
    assert_true(json_tree_parse(text, arena, &tree, &error));
    assert_int_equal(json_tree_member(tree, "ab")->integer, 1);
    assert_int_equal(json_tree_member(tree, "a")->integer, 2);
    assert_null(json_tree_member(tree, "b"));
    assert_null(json_tree_member(tree->first, "a"));
    assert_null(json_tree_member(NULL, "a"));
}

static uint32_t seed = 1;

static uint32_t next_random(void)
{
    seed = seed * 1664525 + 1013904223;
    return seed >> 8;
}

/* Pieces in any order, many of them JSON by chance. */
static void test_random_pieces(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        "{",    "}",       "[",     "]",       ",",  ":",   "\"",   "\"a\"", "\"a\":", "1",
        "-2",   "0",       "null",  "\\",      " ",  "1.5", "true", "\\u00", "e3",     "\xc3",
        "\xa4", "\\ud83d", "\"b\"", ",\"c\":", "[]", "{}",  "\n",   "\x01",
    };
    for (int i = 0; i < 200000; i++) {
        char text[400];
        size_t len = 0;
        for (uint32_t count = next_random() % 12; count; count--) {
            const char *piece = pieces[next_random() % (sizeof pieces / sizeof *pieces)];
            memcpy(text + len, piece, strlen(piece));
            len += strlen(piece);
        }
        compare(text, len);
    }
}

/* One byte changed, taken out or doubled in what is JSON. */
static void test_broken(void **state)
{
    (void)state;
    static const char text[] =
        " { \"id\":\"01M7\",\"list\":[1,-20,0,[],{}, {\"k\":null,\"t\" : true}],\"esc\":\"a\\u00e4"
        "\\ud83d\\ude00\\\"\\n\xc3\xa4\",\"f\":false,\"r\":[1.5,2e7,-0.1E-2],\"\":\"\"} ";
    for (size_t at = 0; at < sizeof text - 1; at++) {
        for (int byte = 1; byte < 256; byte++) {
            char copy[sizeof text + 1];
            memcpy(copy, text, sizeof text);
            copy[at] = (char)byte;
            compare(copy, sizeof text - 1);
            memmove(copy + at + 1, text + at, sizeof text - at);
            compare(copy, sizeof text);
        }
        char less[sizeof text];
        memcpy(less, text, at);
        memcpy(less + at, text + at + 1, sizeof text - at - 1);
        compare(less, sizeof text - 2);
        compare(text, at);
    }
}

static int begin(void **state)
{
    (void)state;
    arena = arena_new(1 << 20);
    return arena ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),         cmocka_unit_test(test_raw_nul),
        cmocka_unit_test(test_depth),         cmocka_unit_test(test_members),
        cmocka_unit_test(test_random_pieces), cmocka_unit_test(test_broken),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
