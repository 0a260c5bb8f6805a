/* Text files, inline tables and the databases made of them answer as postmap says they do. */
#include <stdio.h>
#include <string.h>

#include "tests/unit/tables_fixture.h"

struct sample {
    const char *name;
    const char *text;
    const char *keys[16];
    bool not_as_text; /* texthash: refuses it, and Postfix warns */
};

static const struct sample samples[] = {
    {.name = "plain",
     .text = "alice@example.com alice\nbob@example.com\tbob, alice\n@example.org  admin \n",
     .keys = {"alice@example.com", "bob@example.com", "@example.org", "nobody@example.com", "alice",
              "alice@example.co", "alice@example.com "}},
    {.name = "comments",
     .text =
         "# a comment\n\n   \n\t# one more\nalice x\n#between\n   y\n \n  # within\n  z\nbob b\n",
     .keys = {"alice", "bob", "#", "y", "#between"}},
    {.name = "case",
     .text = "Alice@EXAMPLE.com Alice@Example.com\n",
     .keys = {"alice@example.com", "ALICE@example.COM"}},
    {.name = "utf8",
     .text = "jürgen@bücher.example juergen\nJÖRG@BÜCHER.example joerg\n",
     .keys = {"jürgen@bücher.example", "jörg@bücher.example", "j\xfcrgen@b.example"}},
    {.name = "quotes",
     .text = "\"odd local\"@Example.com alice\n\"a\\\"b c\"@x q\na\\ b v\n\\\"k v2\n"
             "\"tab\there\"@x t\n",
     .keys = {"\"odd local\"@example.com", "odd local@example.com", "\"a\\\"b c\"@x", "a\\ b",
              "a\\", "\\\"k", "\"tab\there\"@x", "\"odd"}},
    {.name = "crlf",
     .text = "alice@example.com alice\r\n# comment\r\n\r\nbob@example.com bob,\r\n  carol\r\n",
     .keys = {"alice@example.com", "bob@example.com"}},
    {.name = "no_final_newline", .text = "a 1\nb 2", .keys = {"a", "b"}},
    {.name = "final_continuation", .text = "a 1\n 2\n 3", .keys = {"a"}},
    {.name = "blanks", .text = "a\v\f1 2\v \nb   \f2\n", .keys = {"a", "b"}},
    {.name = "hash_in_row", .text = "a#b 1 # no comment\n", .keys = {"a#b", "a"}},
    {.name = "comment_only", .text = "# nothing\n", .keys = {"a", "#"}},
    {.name = "empty", .text = "", .keys = {"a"}},
    {.name = "escape_at_end", .text = "a\\\\ 1\n", .keys = {"a\\\\", "a\\"}},
    {.name = "without_value",
     .text = "a 1\nb\nc 3\n",
     .keys = {"a", "b", "c"},
     .not_as_text = true},
    {.name = "twice", .text = "a 1\nA 2\n", .keys = {"a"}, .not_as_text = true},
    {.name = "byte_order_mark",
     .text = "\xef\xbb\xbf"
             "a 1\nb 2\n",
     .keys = {"a", "b"},
     .not_as_text = true},
    {.name = "open_quote", .text = "\"a 1\nb 2\n", .keys = {"\"a", "b"}, .not_as_text = true},
    {.name = "colon", .text = "root: alice\n", .keys = {"root", "root:"}, .not_as_text = true},
    {.name = "latin1", .text = "j\xfcrgen 1\nb 2\n", .keys = {"b"}, .not_as_text = true},
    {.name = "begins_with_blank", .text = "  a 1\nb 2\n", .keys = {"a", "b"}, .not_as_text = true},
};

static size_t found; /* so that a postmap that never answers does not pass */

static void compare(const char *kind, const struct sample *sample)
{
    const char *spec = fixture_spec(kind, sample->name);
    struct table *table = fixture_open(spec);
    for (size_t i = 0; sample->keys[i]; i++) {
        char *expected = fixture_query(spec, sample->keys[i]);
        fixture_expect(table, sample->keys[i], expected);
        found += expected != NULL;
        free(expected);
    }
    table_free(table);
}

static void answers_as_postmap_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        fixture_write_text(samples[i].name, samples[i].text);
        if (!samples[i].not_as_text)
            compare("texthash", &samples[i]);
        assert_true(fixture_postmap("lmdb", samples[i].name));
        compare("lmdb", &samples[i]);
        assert_true(fixture_postmap("cdb", samples[i].name));
        compare("cdb", &samples[i]);
    }
    assert_int_equal(found, 85);
}

static void inline_answers_as_postmap_does(void **state)
{
    (void)state;
    static const char *const specs[] = {
        "inline:{ a=1 }",
        "inline:{ {a = 1 2 } , b=2, { \"odd local\"@x = x,y }\t{c={d}} }",
        "inline:{a=1,b=2}",
        "inline:{ { a b = 1 } }",
        "inline:{ { \"a b\" = 1 } \"b\"=2 }",
        "inline:{ A@B=C }",
        "inline:{ {a = b = c} {b\\ = 1}}",
        "inline:{ä=ö}",
    };
    static const char *const keys[] = {
        "a", "b", "c", "\"odd local\"@x", "a b", "\"a b\"", "\"b\"", "a@b", "b\\", "b\\ ", "ä"};
    found = 0;
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        struct table *table = NULL;
        struct error error;
        if (!table_open(specs[i], TABLE_FOLD_CASE, &table, &error)) {
            char *answer = fixture_query(specs[i], "a");
            if (answer)
                fail_msg("%s, but postmap says %s", error.text, answer);
            continue;
        }
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
            char *expected = fixture_query(specs[i], keys[k]);
            fixture_expect(table, keys[k], expected);
            found += expected != NULL;
            free(expected);
        }
        table_free(table);
    }
    assert_int_equal(found, 13);
}

static void keeps_the_case_of_local_parts_where_told(void **state)
{
    (void)state;
    fixture_write_text("keep",
                       "Alice@Example.com upper\nalice@example.com lower\nBob b\nÄ@BÜ.x u\n");
    struct table *table = NULL;
    struct error error;
    assert_true(table_open(fixture_spec("texthash", "keep"), TABLE_KEEP_LOCAL, &table, &error));
    fixture_expect(table, "Alice@example.COM", "upper");
    fixture_expect(table, "alice@example.com", "lower");
    fixture_expect(table, "ALICE@example.com", NULL);
    fixture_expect(table, "Bob", "b");
    fixture_expect(table, "bob", NULL);
    fixture_expect(table, "Ä@bü.x", "u");
    fixture_expect(table, "A\xcc\x88@BÜ.x", "u");
    fixture_expect(table, "ä@bü.x", NULL);
    table_free(table);
}

static void says_where_the_row_stands(void **state)
{
    (void)state;
    fixture_write_text("where", "# one\na 1\n\nb\n  2\n   3\nc 4\n");
    assert_true(fixture_postmap("lmdb", "where"));
    assert_true(fixture_postmap("cdb", "where"));
    fixture_write_text("where.pcre", "/^x/ X\n!/^[a-z]/i Y\n");
    static const struct {
        const char *kind, *name, *key, *source;
    } cases[] = {
        {"texthash", "where", "C", ":7 c"},
        {"texthash", "where", "b", ":4 b"},
        {"lmdb", "where", "C", " c"},
        {"cdb", "where", "C", " c"},
        {"pcre", "where.pcre", "1", ":2 !/^[a-z]/"},
    };
    struct arena *arena = arena_new(1 << 20);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *spec = fixture_spec(cases[i].kind, cases[i].name);
        char expected[300];
        snprintf(expected, sizeof expected, "%s%s", spec, cases[i].source);
        struct table *table = fixture_open(spec);
        struct table_answer answer;
        assert_int_equal(table_find(table, arena, bytes_of(cases[i].key), &answer), TABLE_FOUND);
        assert_string_equal(answer.source.data, expected);
        table_free(table);
    }
    struct table *table = fixture_open("inline:{a=1, {c = 2}}");
    struct table_answer answer;
    assert_int_equal(table_find(table, arena, BYTES("c"), &answer), TABLE_FOUND);
    assert_string_equal(answer.source.data, "inline:2 c");
    table_free(table);
    arena_free(arena);
}

static void odd_keys_are_absent(void **state)
{
    (void)state;
    fixture_write_text("odd", "a 1\n");
    assert_true(fixture_postmap("lmdb", "odd"));
    assert_true(fixture_postmap("cdb", "odd"));
    fixture_write_text("odd.pcre", "/./ X\n/^$/ Y\n");
    const char *names[][2] = {
        {"texthash", "odd"}, {"lmdb", "odd"}, {"cdb", "odd"}, {"pcre", "odd.pcre"}};
    struct arena *arena = arena_new(1 << 20);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct table *table = fixture_open(fixture_spec(names[i][0], names[i][1]));
        struct table_answer answer;
        assert_int_equal(table_find(table, arena, (struct bytes){NULL, 0}, &answer), TABLE_ABSENT);
        assert_int_equal(table_find(table, arena, (struct bytes){"a\0", 2}, &answer), TABLE_ABSENT);
        assert_int_equal(table_find(table, arena, (struct bytes){"\0", 1}, &answer), TABLE_ABSENT);
        assert_int_equal(table_find(table, arena, BYTES("\xc3"), &answer), TABLE_ABSENT);
        if (i < 3) {
            static char key[100000];
            memset(key, 'x', sizeof key);
            for (size_t len = 505; len < 520; len++)
                assert_int_equal(table_find(table, arena, (struct bytes){key, len}, &answer),
                                 TABLE_ABSENT);
            assert_int_equal(table_find(table, arena, (struct bytes){key, sizeof key}, &answer),
                             TABLE_ABSENT);
        }
        table_free(table);
    }
    arena_free(arena);
}

static void takes_long_rows(void **state)
{
    (void)state;
    size_t len = 3 << 20;
    char *text = malloc(len + 1);
    assert_non_null(text);
    memset(text, 'v', len);
    text[len] = '\0';
    memcpy(text, "key ", 4);
    fixture_write_text("long", text);
    struct table *table = fixture_open(fixture_spec("texthash", "long"));
    struct arena *arena = arena_new(16 << 20);
    struct table_answer answer;
    assert_int_equal(table_find(table, arena, BYTES("key"), &answer), TABLE_FOUND);
    assert_int_equal(answer.value.len, len - 4);
    arena_free(arena);
    arena = arena_new(1 << 20); /* too small for it: no answer, and no crash */
    assert_int_equal(table_find(table, arena, BYTES("key"), &answer), TABLE_UNAVAILABLE);
    assert_true(answer.source.len > 0);
    arena_free(arena);
    table_free(table);
    free(text);
}

static void many_rows(void **state)
{
    (void)state;
    FILE *file = fopen(fixture_path("many"), "w");
    assert_non_null(file);
    for (int i = 0; i < 20000; i++)
        fprintf(file, "user%d@example.com login%d\n", i, i);
    fclose(file);
    assert_true(fixture_postmap("lmdb", "many"));
    assert_true(fixture_postmap("cdb", "many"));
    const char *kinds[] = {"texthash", "lmdb", "cdb"};
    for (size_t k = 0; k < 3; k++) {
        struct table *table = fixture_open(fixture_spec(kinds[k], "many"));
        for (int i = 0; i < 20010; i++) {
            char key[64];
            char value[64];
            snprintf(key, sizeof key, "user%d@example.com", i);
            snprintf(value, sizeof value, "login%d", i);
            fixture_expect(table, key, i < 20000 ? value : NULL);
        }
        table_free(table);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_as_postmap_does),
        cmocka_unit_test(inline_answers_as_postmap_does),
        cmocka_unit_test(keeps_the_case_of_local_parts_where_told),
        cmocka_unit_test(says_where_the_row_stands),
        cmocka_unit_test(odd_keys_are_absent),
        cmocka_unit_test(takes_long_rows),
        cmocka_unit_test(many_rows),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
