/* Walking through all rows of a table, of each kind. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/tables_fixture.h"

struct seen {
    const struct table *table; /* asked for each row; NULL: it isn't */
    char text[4096];           /* "key=value\n..." */
    size_t count;
    size_t stop_after; /* 0: never */
    const char *cut;   /* the file is cut short at the first row */
};

static void expect_found(const struct table *table, const struct table_row *row)
{
    struct arena *arena = arena_new(1 << 20);
    struct table_answer answer;
    assert_int_equal(table_find(table, arena, row->key, &answer), TABLE_FOUND);
    assert_true(bytes_equal(answer.value, row->value));
    struct bytes source = table_row_source(arena, row);
    if (!bytes_equal(answer.source, source))
        fail_msg("\"%s\" is not \"%s\"", source.data, answer.source.data);
    arena_free(arena);
}

static bool see(void *context, const struct table_row *row)
{
    struct seen *seen = context;
    size_t len = strlen(seen->text);
    snprintf(seen->text + len, sizeof seen->text - len, "%.*s=%.*s%s%.*s\n", (int)row->key.len,
             row->key.data, (int)row->value.len, row->value.data, row->where.len ? " if " : "",
             (int)row->where.len, row->where.len ? row->where.data : "");
    if (seen->table)
        expect_found(seen->table, row);
    if (seen->cut)
        assert_int_equal(truncate(seen->cut, 4096), 0);
    seen->cut = NULL;
    return ++seen->count != seen->stop_after;
}

static void expect_rows(const char *spec, bool find, const char *expected)
{
    struct table *table = fixture_open(spec);
    struct seen seen = {.table = find ? table : NULL};
    struct error error = {""};
    assert_int_equal(table_each(table, see, &seen, &error), TABLE_WALKED);
    assert_string_equal(seen.text, expected);
    table_free(table);
}

static const char rows[] = "# who sends as what\n"
                           "Alice@Example.com   alice,\n  alice@example.com\n"
                           "@example.org        admin\n"
                           "JÖRG@bücher.example jörg\n"
                           "\"odd local\"@x.example  odd\n";

static void text_and_inline(void **state)
{
    (void)state;
    fixture_write_text("each", rows);
    expect_rows(fixture_spec("texthash", "each"), true,
                "alice@example.com=alice,  alice@example.com\n@example.org=admin\n"
                "jörg@bücher.example=jörg\n\"odd local\"@x.example=odd\n");
    expect_rows("inline:{ a@x=1, {b@x = 2 3}, @x={y} }", true, "a@x=1\nb@x=2 3\n@x={y}\n");
    fixture_write_text("none", "# nothing\n");
    expect_rows(fixture_spec("texthash", "none"), true, "");
}

static void databases(void **state)
{
    (void)state;
    const char *kinds[] = {"lmdb", "cdb"};
    const char *sorted = "\"odd local\"@x.example=odd\n@example.org=admin\n"
                         "alice@example.com=alice,  alice@example.com\njörg@bücher.example=jörg\n";
    const char *as_written = "alice@example.com=alice,  alice@example.com\n@example.org=admin\n"
                             "jörg@bücher.example=jörg\n\"odd local\"@x.example=odd\n";
    for (int i = 0; i < 2; i++) {
        fixture_write_text("each", rows);
        assert_true(fixture_postmap(kinds[i], "each"));
        expect_rows(fixture_spec(kinds[i], "each"), true, i ? as_written : sorted);
        fixture_write_text("none", "# nothing\n");
        assert_true(fixture_postmap(kinds[i], "none"));
        expect_rows(fixture_spec(kinds[i], "none"), true, "");
    }
}

static void patterns(void **state)
{
    (void)state;
    fixture_write_text("patterns", "/^a$/i first, second\n"
                                   "if !/@example\\.org$/\n"
                                   "! !!|^b| it's $$5\n"
                                   "if /^c/\n"
                                   "/^(c+)(.*)$/m $2-${1}x $$ $(2)\n"
                                   "endif\n"
                                   "endif\n"
                                   "/z/ last\n");
    expect_rows(fixture_spec("pcre", "patterns"), false,
                "/^a$/=first, second\n"
                "!|^b|=it's $5 if !/@example\\.org$/ (line 2)\n"
                "/^(c+)(.*)$/=${2}-${1}x $$ ${2} if !/@example\\.org$/ (line 2), /^c/ (line 4)\n"
                "/z/=last\n");
}

/* More than an lmdb: gives at once, and rows that are larger than that. */
static void many_rows(void **state)
{
    (void)state;
    const size_t count = 3000;
    const char *kinds[] = {"texthash", "lmdb", "cdb"};
    char *text = malloc(count * 1000);
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        len += (size_t)sprintf(text + len, "u%zu@example.com login%zu", i, i);
        for (size_t k = i % 500 ? 0 : 90; k; k--)
            len += (size_t)sprintf(text + len, ", another");
        text[len++] = '\n';
    }
    fixture_write("many", text, len);
    free(text);
    for (int i = 0; i < 3; i++) {
        if (i)
            assert_true(fixture_postmap(kinds[i], "many"));
        struct table *table = fixture_open(fixture_spec(kinds[i], "many"));
        struct seen seen = {.table = table};
        struct error error;
        assert_int_equal(table_each(table, see, &seen, &error), TABLE_WALKED);
        assert_int_equal(seen.count, count);
        seen = (struct seen){.stop_after = 1000};
        assert_int_equal(table_each(table, see, &seen, &error), TABLE_STOPPED);
        assert_int_equal(seen.count, 1000);
        table_free(table);
    }
}

static void pattern_walk_stops(void **state)
{
    (void)state;
    fixture_write_text("stop", "/a/ 1\nif /b/\n/c/ 2\nendif\n/d/ 3\n");
    struct table *table = fixture_open(fixture_spec("pcre", "stop"));
    struct seen seen = {.stop_after = 2};
    struct error error;
    assert_int_equal(table_each(table, see, &seen, &error), TABLE_STOPPED);
    assert_string_equal(seen.text, "/a/=1\n/c/=2 if /b/ (line 2)\n");
    table_free(table);
}

static void a_table_that_fails_says_so(void **state)
{
    (void)state;
    char text[60000] = "";
    size_t len = 0;
    for (size_t i = 0; i < 2000; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "u%zu@x y\n", i);
    fixture_write_text("cut", text);
    assert_true(fixture_postmap("lmdb", "cut"));
    struct table *table = fixture_open(fixture_spec("lmdb", "cut"));
    char path[256];
    snprintf(path, sizeof path, "%s", fixture_path("cut.lmdb"));
    struct seen seen = {.cut = path};
    struct error error = {""};
    assert_int_equal(table_each(table, see, &seen, &error), TABLE_UNREADABLE);
    assert_true(seen.count > 0 && seen.count < 2000);
    assert_non_null(strstr(error.text, "cut: the file is cut short"));
    table_free(table);

    /* A cdb whose last record says it is longer than the file. */
    fixture_write_text("damaged", "alice@x a\nbob@x b\n");
    assert_true(fixture_postmap("cdb", "damaged"));
    FILE *file = fopen(fixture_path("damaged.cdb"), "r+");
    assert_non_null(file);
    fseek(file, 2048, SEEK_SET); /* the first record's key length */
    fwrite("\xff\xff\xff\x00", 1, 4, file);
    fclose(file);
    table = fixture_open(fixture_spec("cdb", "damaged"));
    seen = (struct seen){0};
    assert_int_equal(table_each(table, see, &seen, &error), TABLE_UNREADABLE);
    assert_non_null(strstr(error.text, "damaged: the file is damaged"));
    table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_and_inline),    cmocka_unit_test(databases),
        cmocka_unit_test(patterns),           cmocka_unit_test(many_rows),
        cmocka_unit_test(pattern_walk_stops), cmocka_unit_test(a_table_that_fails_says_so),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
