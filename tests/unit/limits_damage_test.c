/* A damaged counters' file never crashes its reader for long: it is found, set aside and begun
 * anew. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/limits_fixture.h"

#define LARGE ((off_t)65 << 20) /* more than is looked through in any case */

static char data_path[200];

static void read_data_path(void)
{
    snprintf(data_path, sizeof data_path, "%s/data.mdb", limits_folder);
}

static int64_t day_count(struct limits *limits, const char *login)
{
    return limits_fixture_count(limits, login, NOON, QUANTITY_MESSAGES, WINDOW_DAY);
}

static void fill(void)
{
    struct limits *limits = limits_fixture_open(limits_folder);
    char login[40];
    for (int i = 0; i < 3000; i++) {
        struct limits_request charge = limits_fixture_request(LIMITS_CHARGE, NOON);
        snprintf(login, sizeof login, "user%d", i);
        charge.who.names[SUBJECT_LOGIN] = bytes_of(login);
        limits_fixture_do(limits, &charge);
    }
    limits_close(limits);
}

static void expect_set_aside(const char *what)
{
    struct limits *limits = limits_fixture_open(limits_folder);
    if (!strstr(limits_said, "was damaged: it is set aside as "))
        fail_msg("%s: nothing was set aside: %s", what, limits_said);
    assert_int_equal(day_count(limits, "user7"), 0);
    limits_fixture_charge(limits, "user7", NOON, 1, NULL);
    limits_close(limits);
    limits_said[0] = '\0';
    limits = limits_fixture_open(limits_folder);
    assert_int_equal(day_count(limits, "user7"), 1);
    limits_close(limits);
    assert_string_equal(limits_said, "");
}

static void test_cut_short(void **state)
{
    struct stat found;
    read_data_path();
    fill();
    assert_int_equal(stat(data_path, &found), 0);
    assert_int_equal(truncate(data_path, found.st_size / 3), 0);
    expect_set_aside("cut to a third");
    limits_fixture_clear(state);
    fill();
    assert_int_equal(truncate(data_path, 5000), 0);
    expect_set_aside("cut to 5000 bytes");
}

static void overwrite_with(int step, off_t at, size_t len)
{
    int fd = open(data_path, O_WRONLY);
    unsigned char garbage[4096];
    assert_true(fd >= 0);
    while (len) {
        size_t piece = len < sizeof garbage ? len : sizeof garbage;
        for (size_t i = 0; i < piece; i++)
            garbage[i] = (unsigned char)(step ? i * (unsigned)step + 7 : 0);
        assert_int_equal(pwrite(fd, garbage, piece, at), piece);
        at += (off_t)piece;
        len -= piece;
    }
    close(fd);
}

static void overwrite(off_t at, size_t len)
{
    overwrite_with(131, at, len);
}

static void test_garbage(void **state)
{
    struct stat found;
    read_data_path();
    fill();
    assert_int_equal(stat(data_path, &found), 0);
    overwrite(0, (size_t)found.st_size);
    expect_set_aside("garbage");
    limits_fixture_clear(state);
    fill();
    overwrite(2 * 4096, (size_t)found.st_size - 2 * 4096);
    expect_set_aside("garbage behind the first pages");
}

/* Single pages torn: it never crashes, whether they matter or not. */
static void test_torn_pages(void **state)
{
    struct stat found;
    int set_aside = 0, kept = 0;
    read_data_path();
    fill();
    assert_int_equal(stat(data_path, &found), 0);
    for (off_t page = 0; page < found.st_size / 4096; page += 5) {
        limits_fixture_clear(state);
        fill();
        overwrite(page * 4096 + (page % 2 ? 0 : 2048), 2048);
        struct limits *limits = limits_fixture_open(limits_folder);
        for (int i = 0; i < 3000; i += 10) {
            char login[40];
            snprintf(login, sizeof login, "user%d", i);
            limits_fixture_charge(limits, login, NOON, 1, NULL);
        }
        limits_close(limits);
        if (strstr(limits_said, "set aside"))
            set_aside++;
        else
            kept++;
    }
    assert_true(set_aside > 0);
    print_message("# %d torn pages: %d files set aside, %d kept\n", set_aside + kept, set_aside,
                  kept);
}

/* In a child, a group of its own: opens it, and says whether it was set aside. Whoever stops it
 * while it looks through the file says nothing about the file. */
static void open_until(int fd)
{
    sigset_t term;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);
    setpgid(0, 0);
    if (write(fd, ".", 1) != 1)
        _exit(2);
    limits_close(limits_fixture_open(limits_folder));
    _exit(limits_fixture_said("set aside") ? 1 : 0);
}

static void test_stopped_while_it_looks(void **state)
{
    (void)state;
    int ends[2], status;
    char ready;
    fill();
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0)
        open_until(ends[1]);
    assert_int_equal(read(ends[0], &ready, 1), 1);
    while (waitpid(pid, &status, WNOHANG) == 0)
        kill(-pid, SIGTERM);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    close(ends[0]);
    close(ends[1]);
    struct limits *limits = limits_fixture_open(limits_folder);
    assert_int_equal(day_count(limits, "user7"), 1);
    limits_close(limits);
}

/* Where the kernel keeps no status of children: not one that died of the damage is taken for one
 * that found none. */
static void test_an_end_that_nobody_kept(void **state)
{
    (void)state;
    struct limits_options options = limits_fixture_options(limits_folder);
    struct limits *limits;
    struct error error;
    read_data_path();
    fill();
    assert_int_equal(truncate(data_path, 8192), 0);
    void (*before)(int) = signal(SIGCHLD, SIG_IGN);
    bool opened = limits_open(&options, &limits, &error);
    signal(SIGCHLD, before);
    assert_false(opened);
    assert_non_null(strstr(error.text, "cannot be looked through"));
    assert_non_null(strstr(error.text, "No child processes"));
    expect_set_aside("cut to 8192 bytes");
}

/* Somebody else's LMDB file is no damage. */
static void test_not_ours(void **state)
{
    (void)state;
    struct limits_options options = limits_fixture_options("/tmp");
    struct limits *limits;
    struct error error;
    char path[200];
    snprintf(path, sizeof path, "%s/data.mdb", limits_folder);
    fill();
    FILE *file = fopen(path, "r+b");
    static char all[1 << 22];
    size_t len = fread(all, 1, sizeof all, file);
    char *mark = memmem(all, len, "submilterlimits 1", 17);
    while (mark) {
        memcpy(mark, "something", 9);
        mark = memmem(all, len, "submilterlimits 1", 17);
    }
    rewind(file);
    assert_int_equal(fwrite(all, 1, len, file), len);
    fclose(file);
    options.file = limits_folder;
    assert_false(limits_open(&options, &limits, &error));
    assert_non_null(strstr(error.text, "somebody else's"));
    assert_int_equal(access(path, F_OK), 0);
}

/* Whoever has it open is killed. */
static void open_and_die(void)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        limits_fixture_open(limits_folder);
        _exit(limits_fixture_said("set aside") ? 1 : raise(SIGKILL));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
}

/* Large: it is looked through wholly only where there is a reason. */
static void fill_large(void)
{
    fill();
    assert_int_equal(truncate(data_path, LARGE), 0);
    limits_close(limits_fixture_open(limits_folder));
    assert_string_equal(limits_said, "");
}

/* The pages that user1500 stands in. Unseen, as a disk does it: the file's time tells nothing. */
static void tear_with(int step, bool is_unseen)
{
    struct stat found;
    static char all[1 << 22];
    assert_int_equal(stat(data_path, &found), 0);
    FILE *file = fopen(data_path, "rb");
    size_t len = fread(all, 1, sizeof all, file);
    int count = 0;
    fclose(file);
    for (char *at = all; (at = memmem(at, len - (size_t)(at - all), "user1500", 8)); at++, count++)
        overwrite_with(step, (at - all) / 4096 * 4096, 4096);
    assert_true(count > 0);
    const struct timespec times[] = {found.st_atim, found.st_mtim};
    if (is_unseen)
        assert_int_equal(utimensat(AT_FDCWD, data_path, times, 0), 0);
}

static void tear_unseen(bool is_unseen)
{
    tear_with(131, is_unseen);
}

/* An admin is not told that somebody is unknown where the file cannot be read. */
static void test_shows_that_it_cannot_be_read(void **state)
{
    (void)state;
    struct limits_options options = limits_fixture_options(limits_folder);
    struct limits_request look = {.op = LIMITS_LOOK, .who.now = NOON};
    struct limits *limits;
    struct error error;
    bool found;
    read_data_path();
    fill_large();
    tear_with(0, true);
    assert_true(limits_open_admin(&options, &limits, &error));
    look.who.names[SUBJECT_LOGIN] = BYTES("user1500");
    assert_false(limits_show(limits, &look, &found, &error));
    assert_non_null(strstr(error.text, limits_folder));
    look.who.names[SUBJECT_LOGIN] = BYTES("user7");
    assert_true(limits_show(limits, &look, &found, &error));
    assert_true(found);
    limits_close(limits);
}

static void test_closed_is_trusted_until_a_crash(void **state)
{
    (void)state;
    read_data_path();
    fill_large();
    tear_unseen(true);
    open_and_die();
    expect_set_aside("torn, after somebody died of it");
}

static void test_changed_since_closed(void **state)
{
    (void)state;
    read_data_path();
    fill_large();
    tear_unseen(false);
    expect_set_aside("torn since it was closed");
}

static void test_torn_at_the_roots(void **state)
{
    struct stat found;
    (void)state;
    read_data_path();
    fill_large();
    assert_int_equal(stat(data_path, &found), 0);
    overwrite(2 * 4096, 1 << 22);
    const struct timespec times[] = {found.st_atim, found.st_mtim};
    assert_int_equal(utimensat(AT_FDCWD, data_path, times, 0), 0);
    expect_set_aside("torn where all tables begin, as a disk does it");
}

/* A process that opens it, and closes it when it is told to. */
struct opener {
    pid_t pid;
    int hear, tell;
};

static struct opener start_opener(void)
{
    int ready[2], end[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(end), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(end[1]);
        struct limits *limits = limits_fixture_open(limits_folder);
        bool heard = write(ready[1], ".", 1) == 1 && read(end[0], &byte, 1) == 1;
        limits_close(limits);
        _exit(heard && !limits_fixture_said("set aside") ? 0 : 1);
    }
    close(ready[1]);
    close(end[0]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    return (struct opener){pid, ready[0], end[1]};
}

/* signal: 0, it may close it. */
static int end_opener(const struct opener *opener, int signal)
{
    int status;
    assert_int_equal(signal ? kill(opener->pid, signal) : write(opener->tell, ".", 1) - 1, 0);
    close(opener->tell);
    close(opener->hear);
    assert_int_equal(waitpid(opener->pid, &status, 0), opener->pid);
    return status;
}

/* A predecessor that ends says nothing of what its successor has open. */
static void test_closed_by_the_last_one(void **state)
{
    (void)state;
    read_data_path();
    fill_large();
    struct opener before = start_opener();
    struct opener after = start_opener();
    assert_int_equal(end_opener(&before, 0), 0);
    assert_true(WIFSIGNALED(end_opener(&after, SIGKILL)));
    tear_unseen(true);
    expect_set_aside("torn, after the last one was killed");
}

static void test_closed_by_a_successor(void **state)
{
    (void)state;
    read_data_path();
    fill_large();
    struct opener before = start_opener();
    struct opener after = start_opener();
    assert_int_equal(end_opener(&before, 0), 0);
    assert_int_equal(end_opener(&after, 0), 0);
    tear_unseen(true);
    open_and_die();
}

int main(void)
{
#define CLEARED(name) cmocka_unit_test_teardown(name, limits_fixture_clear)
    const struct CMUnitTest tests[] = {
        CLEARED(test_cut_short),
        CLEARED(test_garbage),
        CLEARED(test_torn_pages),
        CLEARED(test_an_end_that_nobody_kept),
        CLEARED(test_not_ours),
        CLEARED(test_stopped_while_it_looks),
        CLEARED(test_closed_is_trusted_until_a_crash),
        CLEARED(test_changed_since_closed),
        CLEARED(test_torn_at_the_roots),
        CLEARED(test_shows_that_it_cannot_be_read),
        CLEARED(test_closed_by_the_last_one),
        CLEARED(test_closed_by_a_successor),
    };
    return cmocka_run_group_tests(tests, limits_fixture_init, limits_fixture_done);
}
