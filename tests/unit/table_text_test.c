/* Columns on the screen: widths, cutting, and text that would steer the terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/table_text.h"

static const struct table_text_column columns[] = {
    {.title = "login", .least = 4}, {.title = "count", .right = true}, {.title = "id", .spare = 1}};

/* rows: of three cells, ended by NULL; width as table_text_set_width takes it. */
static void expect(const char *const *rows, unsigned width, const char *expected)
{
    struct table_text *table = table_text_new(columns, 3);
    struct error error;
    char *printed;
    size_t len;
    assert_non_null(table);
    table_text_set_width(table, width);
    FILE *out = open_memstream(&printed, &len);
    for (; *rows; rows++)
        table_text_add(table, bytes_of(*rows));
    assert_true(table_text_print(table, out, &error));
    fclose(out);
    assert_string_equal(printed, expected);
    free(printed);
    table_text_free(table);
}

static void test_padded(void **state)
{
    (void)state;
    static const char *const rows[] = {"alice", "7", "a", "b", "1200", "bcd", NULL};
    static const char *const none[] = {NULL};
    expect(rows, 0, "login  count  id\nalice      7  a\nb       1200  bcd\n");
    expect(none, 0, "login  count  id\n");
}

static void test_width_on_the_screen(void **state)
{
    (void)state;
    /* Two columns a character; a combining accent; none is a byte wide. */
    static const char *const rows[] = {
        "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", "1", "x", "Zoe\xcc\x88", "2", "y", NULL};
    expect(rows, 0,
           "login   count  id\n"
           "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e      1  x\n"
           "Zoe\xcc\x88         2  y\n");
}

static void test_nothing_steers(void **state)
{
    (void)state;
    static const char *const rows[] = {"a\x1b[2Jb",
                                       "1",
                                       "x",
                                       "a\nb\tc\r",
                                       "1",
                                       "x",
                                       "a\xe2\x80\xae"
                                       "b",
                                       "1",
                                       "x",
                                       "a\xe2\x80\x8b"
                                       "b",
                                       "1",
                                       "x",
                                       "a\xff"
                                       "b",
                                       "1",
                                       "x",
                                       NULL};
    expect(rows, 0,
           "login            count  id\n"
           "a\\x1b[2Jb            1  x\n"
           "a\\x0ab\\x09c\\x0d      1  x\n"
           "a\\xe2\\x80\\xaeb       1  x\n"
           "a\\xe2\\x80\\x8bb       1  x\n"
           "a\\xffb               1  x\n");
}

static void test_cut_to_the_terminal(void **state)
{
    (void)state;
    static const char *const rows[] = {"alice.longname", "7", "abc", "b", "1200", "bcd", NULL};
    static const char *const wide[] = {"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", "1", "x", NULL};
    expect(rows, 26,
           "login           count  id\nalice.longname      7  abc\nb                1200  bcd\n");
    expect(rows, 20,
           "login     count  id\nalice.l\xe2\x80\xa6      7  abc\nb          1200  bcd\n");
    expect(wide, 16, "login  count  id\n\xe6\x97\xa5\xe6\x9c\xac\xe2\x80\xa6      1  x\n");
    /* Half of a wide character is none of it. */
    expect(wide, 15, "log\xe2\x80\xa6  count  id\n\xe6\x97\xa5\xe2\x80\xa6       1  x\n");
}

static void test_spared_column(void **state)
{
    (void)state;
    static const char *const rows[] = {"alice.longname", "7", "abcdefgh", NULL};
    /* 4 + 2 + 5 + 2 + 8 don't fit. */
    expect(rows, 20, "login          count\nalice.longna\xe2\x80\xa6      7\n");
    expect(rows, 21, "log\xe2\x80\xa6  count  id\nali\xe2\x80\xa6      7  abcdefgh\n");
}

static void test_ascii_where_there_is_no_utf8(void **state)
{
    (void)state;
    static const char *const rows[] = {"alice.longname", "7", "abc", NULL};
    assert_int_equal(setenv("LC_ALL", "C", 1), 0);
    expect(rows, 20, "login     count  id\nalice...      7  abc\n");
    assert_int_equal(setenv("LC_ALL", "C.UTF-8", 1), 0);
}

/* Left out first; then the others give way; then it is cut too. */
static void test_what_matters_most(void **state)
{
    (void)state;
    static const struct table_text_column three[] = {{.title = "a", .least = 4},
                                                     {.title = "b", .least = 3, .enough = 8},
                                                     {.title = "c", .spare = 1}};
    for (unsigned width = 4 + 2 + 3; width < 40; width++) {
        struct table_text *table = table_text_new(three, 3);
        struct error error;
        char *printed;
        size_t len;
        FILE *out = open_memstream(&printed, &len);
        table_text_set_width(table, width);
        table_text_hide_titles(table);
        table_text_add(table, BYTES("1234567"));
        table_text_add(table, BYTES("1234567890"));
        table_text_add(table, BYTES("12345"));
        assert_true(table_text_print(table, out, &error));
        fclose(out);
        assert_int_equal(strstr(printed, "  12345\n") != NULL, width >= 4 + 2 + 8 + 2 + 5);
        assert_int_equal(strstr(printed, "  1234567") != NULL, width >= 4 + 2 + 8);
        free(printed);
        table_text_free(table);
    }
}

static void test_some_at_a_time(void **state)
{
    (void)state;
    struct table_text *table = table_text_new(columns, 3);
    struct error error;
    char *printed;
    size_t len;
    FILE *out = open_memstream(&printed, &len);
    static const char *const rows[] = {"alice", "1", "x", "b", "2", "y"};
    for (size_t i = 0; i < 6; i++) {
        table_text_add(table, bytes_of(rows[i]));
        if (i % 3 == 2)
            assert_true(table_text_print(table, out, &error));
    }
    table_text_add_number(table, -12);
    assert_int_equal(table_text_rows(table), 1);
    fclose(out);
    assert_string_equal(printed, "login  count  id\nalice      1  x\nb          2  y\n");
    free(printed);
    table_text_free(table);
    table_text_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_padded),
        cmocka_unit_test(test_width_on_the_screen),
        cmocka_unit_test(test_nothing_steers),
        cmocka_unit_test(test_cut_to_the_terminal),
        cmocka_unit_test(test_spared_column),
        cmocka_unit_test(test_some_at_a_time),
        cmocka_unit_test(test_ascii_where_there_is_no_utf8),
        cmocka_unit_test(test_what_matters_most),
    };
    setenv("LC_ALL", "C.UTF-8", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
