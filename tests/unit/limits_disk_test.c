/* A disk that is full: the counters' file is missed and said, and nobody crashes of it. Needs a
 * disk of its own. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/limits_fixture.h"

static char disk[100];
static bool is_mounted;

/* In a namespace of this process: it goes with it. */
static int mount_disk(void **state)
{
    if (limits_fixture_init(state))
        return -1;
    snprintf(disk, sizeof disk, "%.*s", (int)(strrchr(limits_folder, '/') - limits_folder),
             limits_folder);
    is_mounted = !unshare(CLONE_NEWNS) && !mount("none", "/", "", MS_REC | MS_PRIVATE, NULL) &&
                 !mount("tmpfs", disk, "tmpfs", 0, "size=1m");
    if (!is_mounted)
        print_message("# no mounts here, nothing is tried: %s\n", strerror(errno));
    return 0;
}

static int unmount_disk(void **state)
{
    if (is_mounted)
        umount2(disk, MNT_DETACH);
    return limits_fixture_done(state);
}

static void path_on_disk(const char *name, char path[200])
{
    snprintf(path, 200, "%s/%s", disk, name);
}

static void fill_up(void)
{
    static const char block[4096];
    char path[200];
    path_on_disk("filler", path);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    while (write(fd, block, sizeof block) > 0)
        ;
    assert_int_equal(errno, ENOSPC);
    close(fd);
}

static void make_room(void)
{
    char path[200];
    path_on_disk("filler", path);
    assert_int_equal(unlink(path), 0);
}

/* In a child, which may die of it. */
static int open_and_say(void)
{
    struct limits_options options = limits_fixture_options(limits_folder);
    struct limits *limits;
    struct error error = {""};
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGBUS, SIG_DFL);
        if (limits_open(&options, &limits, &error))
            _exit(0);
        fprintf(stderr, "# %s\n", error.text);
        _exit(strstr(error.text, limits_folder) && strstr(error.text, strerror(ENOSPC)) ? 1 : 2);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_first_start(void **state)
{
    (void)state;
    if (!is_mounted)
        return;
    fill_up();
    assert_int_equal(open_and_say(), 1);
    make_room();
    assert_int_equal(open_and_say(), 0);
}

/* Brought back without its lock file, as from a backup: it is not damaged. */
static void test_without_its_lock(void **state)
{
    (void)state;
    char lock[200];
    if (!is_mounted)
        return;
    struct limits *limits = limits_fixture_open(limits_folder);
    limits_fixture_charge(limits, "alice", NOON, 1, NULL);
    limits_close(limits);
    snprintf(lock, sizeof lock, "%s/lock.mdb", limits_folder);
    assert_int_equal(unlink(lock), 0);
    fill_up();
    assert_int_equal(open_and_say(), 1);
    make_room();
    limits = limits_fixture_open(limits_folder);
    assert_int_equal(limits_fixture_count(limits, "alice", NOON, QUANTITY_MESSAGES, WINDOW_DAY), 1);
    limits_close(limits);
    assert_string_equal(limits_said, "");
}

/* What could not be written is, as soon as there is room. */
static void test_while_it_is_open(void **state)
{
    (void)state;
    char login[240];
    if (!is_mounted)
        return;
    struct limits *limits = limits_fixture_open(limits_folder);
    fill_up();
    for (int i = 0; i < 500; i++) {
        snprintf(login, sizeof login, "user%0200d", i);
        limits_fixture_charge(limits, login, NOON, 1, NULL);
    }
    while (!limits_fixture_said("They are kept in memory meanwhile"))
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    assert_true(limits_fixture_said("the disk is full") || limits_fixture_said(strerror(ENOSPC)));
    make_room();
    while (!limits_fixture_said("are written again"))
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    limits_close(limits);
    limits = limits_fixture_open(limits_folder);
    assert_int_equal(limits_fixture_count(limits, login, NOON, QUANTITY_MESSAGES, WINDOW_DAY), 1);
    limits_close(limits);
}

int main(void)
{
#define CLEARED(name) cmocka_unit_test_teardown(name, limits_fixture_clear)
    const struct CMUnitTest tests[] = {
        CLEARED(test_first_start),
        CLEARED(test_without_its_lock),
        CLEARED(test_while_it_is_open),
    };
    return cmocka_run_group_tests(tests, mount_disk, unmount_disk);
}
