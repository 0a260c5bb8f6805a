/* Where look-back commands find their records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/source.h"
#include "ctl/when.h"
#include "history/find.h"
#include "history/history.h"

static char folder[] = "/tmp/submilter-source.XXXXXX";
static char path[200];

static const char *written(const char *name, const char *text)
{
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
    return path;
}

static void test_options(void **state)
{
    (void)state;
    struct source_options options = {0};
    struct error error;
    int64_t before = when_now();
    assert_int_equal(source_option(SOURCE_SINCE, "2h", &options, &error), 1);
    assert_int_equal(source_option(SOURCE_UNTIL, "2026-11-20T14:00:00Z", &options, &error), 1);
    assert_true(options.since >= before - 7200000 && options.since <= when_now() - 7200000);
    assert_int_equal(options.until, INT64_C(1795183200000));
    assert_int_equal(source_option('x', NULL, &options, &error), 0);
    assert_int_equal(source_option(SOURCE_SINCE, "soon", &options, &error), -1);
    assert_memory_equal(error.text, "--since: \"soon\" is no time", 26);
    for (int i = 0; i < SOURCE_FILES_MAX; i++)
        assert_int_equal(source_option(SOURCE_FILE, "a", &options, &error), 1);
    assert_int_equal(source_option(SOURCE_FILE, "a", &options, &error), -1);
    assert_string_equal(error.text, "--file: at most 16 of them");
    source_default_since(&options, 7);
    assert_true(options.since > before - 8000000);
    options.since = options.until = 0;
    source_default_since(&options, 7);
    assert_true(options.since >= before - 604800000 && options.since < before);
    options = (struct source_options){.until = 1000000000000};
    source_default_since(&options, 7);
    assert_int_equal(options.since, 1000000000000 - 604800000);
}

static void test_place(void **state)
{
    (void)state;
    struct source_options options = {0};
    struct source_place place;
    struct error error;
    assert_true(source_find(written("json.conf", "log: { json = \"/tmp/x.jsonl\"; };"), &options,
                            &place, &error));
    assert_true(place.lines);
    assert_int_equal(place.count, 1);
    assert_string_equal(place.paths[0], "/tmp/x.jsonl");
    assert_true(source_find(written("history.conf", "log: { json = \"/tmp/x.jsonl\"; };\n"
                                                    "history: { file = \"/tmp/h.db\"; };"),
                            &options, &place, &error));
    assert_false(place.lines);
    assert_string_equal(place.paths[0], "/tmp/h.db");
    assert_false(
        source_find(written("neither.conf", "log: { json = \"\"; };"), &options, &place, &error));
    assert_non_null(strstr(error.text, "neither history.file nor log.json is set"));
    /* Files that are named need no configuration. */
    options.files[0] = "a";
    options.files[1] = "b";
    options.file_count = 2;
    assert_true(source_find("/nonexistent/submilter.conf", &options, &place, &error));
    assert_true(place.lines);
    assert_int_equal(place.count, 2);
    assert_string_equal(place.paths[1], "b");
}

static bool count_row(const struct history_row *row, void *context)
{
    (void)row;
    ++*(int *)context;
    return true;
}

static void test_opened(void **state)
{
    (void)state;
    struct source_options options = {.file_count = 1};
    struct history *history;
    struct history_filter filter = {0};
    struct error error;
    int rows = 0;
    options.files[0] = written("a.jsonl", "{\"id\":\"01JD3WXXXXXXXXXXXXXXXXXXXX\","
                                          "\"time\":\"2026-11-20T14:00:00.000Z\","
                                          "\"action\":\"accept\"}\nno record\n");
    assert_true(source_open("/nonexistent/submilter.conf", &options, &history, &error));
    assert_true(history_find(history, &filter, count_row, &rows, &error));
    assert_int_equal(rows, 1);
    source_close(history);
    source_close(NULL);
    options.files[0] = "/nonexistent/a.jsonl";
    assert_false(source_open("/nonexistent/submilter.conf", &options, &history, &error));
    assert_non_null(strstr(error.text, "/nonexistent/a.jsonl"));
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"json.conf", "history.conf", "neither.conf", "a.jsonl"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_place),
        cmocka_unit_test(test_opened),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
