/* Following a file: appended, moved away, cut off, with half a line at its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/tail.h"

static char folder[] = "/tmp/submilter-tail.XXXXXX";
static char path[100], moved[100];

static void append(const char *name, const char *text)
{
    FILE *file = fopen(name, "a");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void expect(struct tail *tail, const char *text)
{
    struct bytes lines;
    struct error error;
    if (!tail_read(tail, &lines, &error))
        fail_msg("%s", error.text);
    assert_int_equal(lines.len, strlen(text));
    assert_memory_equal(lines.data ? lines.data : "", text, lines.len);
}

static void begin(struct tail *tail)
{
    struct error error;
    if (!tail_open(tail, path, &error))
        fail_msg("%s", error.text);
}

static int remove_files(void **state)
{
    (void)state;
    unlink(path);
    unlink(moved);
    return 0;
}

static void test_appended(void **state)
{
    (void)state;
    struct tail tail;
    append(path, "old\nha");
    begin(&tail);
    expect(&tail, "");
    append(path, "lf\nmore\nbeg");
    expect(&tail, "half\nmore\n");
    expect(&tail, "");
    append(path, "un\n");
    expect(&tail, "begun\n");
    tail_close(&tail);
}

static void test_long_end(void **state)
{
    (void)state;
    char text[10001];
    struct tail tail;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    append(path, "a line\n");
    append(path, text);
    begin(&tail);
    append(path, "\n");
    text[10000] = '\n';
    struct bytes lines;
    struct error error;
    assert_true(tail_read(&tail, &lines, &error));
    assert_int_equal(lines.len, 10001);
    assert_memory_equal(lines.data, text, 10001);
    tail_close(&tail);
}

static void test_moved(void **state)
{
    (void)state;
    struct tail tail;
    append(path, "old\n");
    begin(&tail);
    assert_int_equal(rename(path, moved), 0);
    append(moved, "late\n");
    expect(&tail, "late\n");
    append(moved, "ha");
    append(path, "new\n");
    expect(&tail, "new\n");
    append(moved, "lf\n"); /* who writes has not looked yet */
    append(path, "newer\n");
    expect(&tail, "half\nnewer\n");
    tail_close(&tail);
}

static void test_not_there_yet(void **state)
{
    (void)state;
    struct tail tail;
    begin(&tail);
    expect(&tail, "");
    append(path, "first\n");
    expect(&tail, "first\n");
    tail_close(&tail);
}

static void test_cut_off(void **state)
{
    (void)state;
    struct tail tail;
    append(path, "a line that is long\nhalf");
    begin(&tail);
    append(path, " of it");
    expect(&tail, "");
    assert_int_equal(truncate(path, 0), 0);
    append(path, "new\n");
    expect(&tail, "new\n");
    tail_close(&tail);
}

static void test_cannot_be_read(void **state)
{
    (void)state;
    struct tail tail;
    struct error error;
    assert_false(tail_open(&tail, "/dev/null/x", &error));
    assert_string_equal(error.text, "/dev/null/x: Not a directory");
}

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/log", folder);
    snprintf(moved, sizeof moved, "%s/log.1", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_appended, remove_files),
        cmocka_unit_test_teardown(test_long_end, remove_files),
        cmocka_unit_test_teardown(test_moved, remove_files),
        cmocka_unit_test_teardown(test_not_there_yet, remove_files),
        cmocka_unit_test_teardown(test_cut_off, remove_files),
        cmocka_unit_test(test_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
