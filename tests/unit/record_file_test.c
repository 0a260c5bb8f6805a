/* Whole lines, or nothing of one: also where a disk takes only some of what is written together. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "milter/log.h"
#include "milter/record_file.h"

#define COUNT 10
#define LINE 50

static char path[] = "/tmp/record-file-test.XXXXXX";
static char text[COUNT][LINE + 1];
static struct bytes lines[COUNT];

/* In the place of milter/log.c: the machine's syslog hears nothing of it. */
static char said[300];

__attribute__((format(printf, 1, 0))) static void say(const char *format, va_list args)
{
    vsnprintf(said, sizeof said, format, args);
}

void log_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(format, args);
    va_end(args);
}

void log_warning(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(format, args);
    va_end(args);
}

static void assert_said(const char *wanted)
{
    if (!strstr(said, wanted))
        fail_msg("not said: %s, but: %s", wanted, said);
}

static int make_file(void **state)
{
    (void)state;
    said[0] = '\0';
    for (int i = 0; i < COUNT; i++) {
        memset(text[i], '0' + i, LINE - 1);
        text[i][LINE - 1] = '\n';
        lines[i] = (struct bytes){text[i], LINE};
    }
    strcpy(strrchr(path, '.'), ".XXXXXX");
    int fd = mkstemp(path);
    if (fd < 0)
        return -1;
    close(fd);
    record_file_use(strdup(path));
    return 0;
}

static int remove_file(void **state)
{
    (void)state;
    record_file_use(NULL);
    return unlink(path);
}

static void limit_files(rlim_t size)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* The lines that stand in the file, by their digits. */
static const char *written(void)
{
    static char digits[4 * COUNT];
    char line[LINE + 2];
    size_t count = 0;
    FILE *in = fopen(path, "r");
    assert_non_null(in);
    while (fgets(line, sizeof line, in)) {
        assert_int_equal(strlen(line), LINE);
        digits[count++] = line[0];
    }
    fclose(in);
    digits[count] = '\0';
    return digits;
}

static void test_many_at_once(void **state)
{
    (void)state;
    record_file_write(lines, COUNT);
    record_file_write(lines, 1);
    assert_string_equal(written(), "01234567890");
    assert_true(record_file_works());
}

static void test_a_disk_that_runs_full_in_between(void **state)
{
    (void)state;
    limit_files(4 * LINE + LINE / 2);
    record_file_write(lines, COUNT);
    assert_string_equal(written(), "0123");
    assert_false(record_file_works());
    assert_said("cannot write: File too large");
    limit_files(RLIM_INFINITY);
    record_file_write(lines + 8, 2);
    assert_string_equal(written(), "012389");
    assert_true(record_file_works());
    assert_said("records are written again; 6 were lost");
}

/* Whoever mends a disk, or ends the daemon, hears what is missing. */
static void test_what_was_lost_is_said_when_the_file_is_another_one(void **state)
{
    (void)state;
    char *same = strdup(path);
    limit_files(0);
    record_file_write(lines, 3);
    limit_files(RLIM_INFINITY);
    record_file_use(same);
    assert_said("3 records were lost");
    assert_true(record_file_works());
    said[0] = '\0';
    record_file_write(lines, 1);
    limit_files(0);
    record_file_write(lines, 2);
    limit_files(RLIM_INFINITY);
    record_file_write(lines, 1);
    assert_said("records are written again; 2 were lost");
    said[0] = '\0';
    record_file_use(NULL);
    assert_string_equal(said, "");
}

static void test_more_than_goes_together(void **state)
{
    (void)state;
    enum { LONG = 40000 };
    static char long_text[LONG];
    struct stat status;
    memset(long_text, 'x', LONG - 1);
    long_text[LONG - 1] = '\n';
    const struct bytes long_lines[] = {
        {long_text, LONG}, {long_text, LONG}, {text[1], LINE}, {long_text, LONG}};
    record_file_write(long_lines, 4);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_size, 3 * LONG + LINE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_many_at_once, make_file, remove_file),
        cmocka_unit_test_setup_teardown(test_a_disk_that_runs_full_in_between, make_file,
                                        remove_file),
        cmocka_unit_test_setup_teardown(test_what_was_lost_is_said_when_the_file_is_another_one,
                                        make_file, remove_file),
        cmocka_unit_test_setup_teardown(test_more_than_goes_together, make_file, remove_file),
    };
    signal(SIGXFSZ, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
