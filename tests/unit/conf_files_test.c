/* Every file of tests/conf/bad is refused with the error of its first line; every one of
 * tests/conf/good loads, and so does what is printed of it, as the same settings. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/conf_load.h"

static size_t for_each(const char *folder, void (*check)(const char *path))
{
    char name[4096];
    snprintf(name, sizeof name, "%s", conf_data(folder));
    struct dirent **entries;
    int count = scandir(name, &entries, NULL, alphasort);
    size_t checked = 0;
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        char path[8192];
        snprintf(path, sizeof path, "%s/%s", name, entries[i]->d_name);
        if (bytes_end_with_nocase(bytes_of(path), BYTES(".conf"))) {
            check(path);
            checked++;
        }
        free(entries[i]);
    }
    free(entries);
    return checked;
}

static void check_bad(const char *path)
{
    char *text = conf_slurp(path);
    char expected[4096];
    struct error error = {""};
    struct settings *settings = NULL;
    assert_memory_equal(text, "# FILE", 6);
    snprintf(expected, sizeof expected, "%s%.*s", path, (int)strcspn(text + 6, "\n"), text + 6);
    free(text);
    if (settings_load(path, &settings, &error))
        fail_msg("%s was taken", path);
    assert_null(settings);
    assert_string_equal(error.text, expected);
}

static void check_good(const char *path)
{
    struct error error = {""};
    struct settings *settings = NULL;
    if (!settings_load(path, &settings, &error))
        fail_msg("%s", error.text);
    char *printed = conf_printed(settings);
    struct settings *again = conf_load(printed);
    char *reprinted = conf_printed(again);
    assert_string_equal(printed, reprinted);
    free(printed);
    free(reprinted);
    settings_unref(settings);
    settings_unref(again);
}

static void test_bad_files_are_refused(void **state)
{
    (void)state;
    assert_true(for_each("bad", check_bad) > 70);
}

static void test_good_files_load_and_print(void **state)
{
    (void)state;
    assert_true(for_each("good", check_good) > 3);
}

static void test_missing_file_says_how_to_make_one(void **state)
{
    (void)state;
    struct error error = {""};
    struct settings *settings = NULL;
    assert_false(settings_load("/nonexistent/submilter.conf", &settings, &error));
    assert_string_equal(error.text,
                        "/nonexistent/submilter.conf: there is no such file. Make one with: "
                        "submilterctl conf --defaults > /nonexistent/submilter.conf (an empty file "
                        "holds the defaults too)");
}

static void test_what_is_no_file(void **state)
{
    (void)state;
    struct error error = {""};
    struct settings *settings = NULL;
    assert_false(settings_load("/tmp", &settings, &error));
    assert_string_equal(error.text, "/tmp: is not a regular file");
    assert_false(settings_load("/dev/zero", &settings, &error));
    assert_string_equal(error.text, "/dev/zero: is not a regular file");
    assert_false(settings_load("/dev/null/submilter.conf", &settings, &error));
    assert_string_equal(error.text, "/dev/null/submilter.conf: cannot be opened: Not a directory");
}

static void test_what_anybody_may_change(void **state)
{
    (void)state;
    char path[] = "/tmp/submilter-conf-XXXXXX";
    char expected[200];
    struct error error = {""};
    struct settings *settings = NULL;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, 0646), 0);
    close(fd);
    assert_false(settings_load(path, &settings, &error));
    snprintf(expected, sizeof expected,
             "%s: is mode 0646: anybody on this host may change it; mend it with: chmod o-w %s",
             path, path);
    assert_string_equal(error.text, expected);
    assert_int_equal(chmod(path, 0664), 0);
    assert_true(settings_load(path, &settings, &error));
    settings_unref(settings);
    unlink(path);
}

static void test_paths_in_commands_are_quoted(void **state)
{
    (void)state;
    struct error error = {""};
    struct settings *settings = NULL;
    char path[] = "/tmp/submilter it's; conf-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, 0646), 0);
    close(fd);
    assert_false(settings_load(path, &settings, &error));
    assert_non_null(strstr(error.text, ": chmod o-w '/tmp/submilter it'\\''s; conf-"));
    unlink(path);
    assert_false(settings_load(path, &settings, &error));
    assert_non_null(strstr(error.text, "conf --defaults > '/tmp/submilter it'\\''s; conf-"));
}

static void refuse_bytes(struct bytes text, const char *expected)
{
    struct error error = {""};
    struct settings *settings = NULL;
    assert_false(conf_load_bytes(text, &settings, &error));
    assert_string_equal(error.text, expected);
}

static void test_what_is_no_text(void **state)
{
    (void)state;
    refuse_bytes(BYTES("timeout = 60;\n\0\n"),
                 "FILE:2: holds the byte 0x00: this is not a text file");
    refuse_bytes(BYTES("\x7f"
                       "ELF\x02"),
                 "FILE:1: holds the byte 0x7f: this is not a text file");
    refuse_bytes(BYTES("\xef\xbb\xbftimeout = 60;\n"),
                 "FILE:1: begins with a byte order mark: save it as UTF-8 without one");
    refuse_bytes(BYTES("# comment\rtimeout = 60;\n"),
                 "FILE:1: holds a carriage return that ends no line: end lines with a line feed");
}

static void refuse_long(const char *before, char byte, size_t count, const char *after,
                        const char *expected)
{
    size_t size = strlen(before) + count + strlen(after);
    char *text = malloc(size + 1);
    assert_non_null(text);
    memcpy(text, before, strlen(before));
    memset(text + strlen(before), byte, count);
    memcpy(text + strlen(before) + count, after, strlen(after));
    refuse_bytes((struct bytes){text, size}, expected);
    free(text);
}

static void test_what_is_too_large(void **state)
{
    (void)state;
    refuse_long("", '\n', 1024 * 1024 + 1, "", "FILE: the file has more than 1 MB");
    refuse_long("user = \"", 'x', 65537, "\";\n",
                "FILE:1: a text of 65537 bytes is too long: at most 65536 are allowed");
}

static void repeat(const char *before, const char *unit, size_t count, const char *expected)
{
    size_t start = strlen(before);
    size_t len = strlen(unit);
    char *text = malloc(start + len * count + 1);
    assert_non_null(text);
    memcpy(text, before, start);
    for (size_t i = 0; i < count; i++)
        memcpy(text + start + i * len, unit, len);
    refuse_bytes((struct bytes){text, start + len * count}, expected);
    free(text);
}

static void test_what_is_too_many(void **state)
{
    (void)state;
    repeat("", "a=1\n", 10001, "FILE:10001: more than 10000 names in one file");
    repeat("a=[", "1,\n", 100001, "FILE:100001: more than 100000 values in one file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_files_are_refused),
        cmocka_unit_test(test_good_files_load_and_print),
        cmocka_unit_test(test_missing_file_says_how_to_make_one),
        cmocka_unit_test(test_what_is_no_file),
        cmocka_unit_test(test_what_anybody_may_change),
        cmocka_unit_test(test_paths_in_commands_are_quoted),
        cmocka_unit_test(test_what_is_no_text),
        cmocka_unit_test(test_what_is_too_large),
        cmocka_unit_test(test_what_is_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
