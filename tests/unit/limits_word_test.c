/* An admin's words from another process, beside a daemon that goes on counting and raising: on a
 * disk that is slow, by clocks that are set back. */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/limits_fixture.h"

#define SECOND 1000
#define NOW (NOON / 1000)
#define DAY 86400
#define PATIENCE 60 /* seconds: then what should have happened did not */

static void pause_for(long milliseconds)
{
    nanosleep(&(struct timespec){milliseconds / 1000, milliseconds % 1000 * 1000000}, NULL);
}

/* ---- A clock and a disk of this process ---- */

static _Atomic int64_t clock_ahead; /* seconds */

int clock_gettime(clockid_t id, struct timespec *time)
{
    long status = syscall(SYS_clock_gettime, id, time);
    if (status == 0 && id == CLOCK_REALTIME)
        time->tv_sec += atomic_load(&clock_ahead);
    return (int)status;
}

static bool disk_is_slow;
static int to_parent, from_parent;

static char hear(int fd)
{
    char word;
    return read(fd, &word, 1) == 1 ? word : '\0';
}

static void tell(int fd, char word)
{
    if (write(fd, &word, 1) != 1)
        _exit(3);
}

/* LMDB's: the page that says what was written last is there for all, and has not reached the disk
 * until the parent says so. */
ssize_t disk_write(int fd, const void *data, size_t len, int64_t at) __asm__("pwrite");
ssize_t disk_write(int fd, const void *data, size_t len, int64_t at)
{
    ssize_t written = syscall(SYS_pwrite64, fd, data, len, at);
    if (disk_is_slow && fcntl(fd, F_GETFL) & O_DSYNC) {
        tell(to_parent, 'w');
        hear(from_parent);
    }
    return written;
}

/* ---- The admin ---- */

/* Says what he is told to, one letter after the other, until there is none. */
static void be_admin(void)
{
    const struct limits_options options = limits_fixture_options(limits_folder);
    static const char letters[] = "tsf"; /* as enum login_state; a capital: on a slow disk */
    struct limits *limits = NULL;
    struct error error;
    for (char word; (word = hear(from_parent));) {
        bool is_slow = word < 'a';
        word |= 0x20;
        struct login_standing standing = {
            .state = (enum login_state)(strchr(letters, word) - letters),
            .since = NOW,
            .until = word == 't' ? NOW + DAY : 0,
            .cause = BYTES("by root"),
        };
        bool ok = limits || limits_open_admin(&options, &limits, &error);
        disk_is_slow = is_slow;
        ok = ok && limits_set_standing(limits, BYTES("alice"), &standing, &error);
        disk_is_slow = false;
        if (!ok) {
            fprintf(stderr, "# admin: %s\n", error.text);
            _exit(2);
        }
        tell(to_parent, 'd');
    }
    limits_close(limits);
    _exit(0);
}

struct admin {
    pid_t pid;
    int to, from;
};

static struct admin admin_start(void)
{
    int to[2], from[2];
    assert_int_equal(pipe2(to, O_CLOEXEC), 0);
    assert_int_equal(pipe2(from, O_CLOEXEC), 0);
    struct admin admin = {fork(), to[1], from[0]};
    if (admin.pid == 0) {
        close(to[1]);
        close(from[0]);
        from_parent = to[0];
        to_parent = from[1];
        be_admin();
    }
    assert_true(admin.pid > 0);
    close(to[0]);
    close(from[1]);
    return admin;
}

static void admin_end(const struct admin *admin)
{
    int status;
    close(admin->to);
    assert_int_equal(waitpid(admin->pid, &status, 0), admin->pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    close(admin->from);
}

static void admin_says(const struct admin *admin, char word)
{
    tell(admin->to, word);
    assert_int_equal(hear(admin->from), 'd');
}

static void wait_for_state(struct limits *limits, enum login_state wanted)
{
    time_t until = time(NULL) + PATIENCE;
    while (limits_fixture_state(limits, "alice", NOON) != wanted) {
        if (time(NULL) > until)
            fail_msg("it is %s, and still not %s",
                     login_state_word(limits_fixture_state(limits, "alice", NOON)),
                     login_state_word(wanted));
        pause_for(5);
    }
}

static void raise_alice(struct limits *limits, enum login_state state, int64_t until)
{
    const struct login_standing standing = {state, NOW, until, BYTES("many_networks.hour")};
    limits_raise(limits, BYTES("alice"), &standing);
}

/* ---- The tests ---- */

static void test_a_word_on_a_slow_disk(void **state)
{
    (void)state;
    enum { ROUNDS = 6, TICKS_MS = 450 }; /* the daemon looks every 200 ms */
    struct admin admin = admin_start();
    struct limits *limits = limits_fixture_open(limits_folder);
    limits_fixture_charge(limits, "alice", NOON, 1, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        tell(admin.to, i % 2 ? 'T' : 'F');
        assert_int_equal(hear(admin.from), 'w');
        pause_for(TICKS_MS);
        tell(admin.to, 'g');
        assert_int_equal(hear(admin.from), 'd');
        wait_for_state(limits, i % 2 ? LOGIN_NORMAL : LOGIN_FROZEN);
    }
    limits_close(limits);
    admin_end(&admin);
}

struct sender {
    struct limits *limits;
    atomic_bool ends;
};

static void *send_and_raise(void *context)
{
    struct sender *sender = context;
    for (int64_t i = 0; !atomic_load(&sender->ends); i++) {
        limits_fixture_charge(sender->limits, "alice", NOON - i % 3 * SECOND, 1, NULL);
        raise_alice(sender->limits, LOGIN_SLOWED, NOW + 3600 + i);
        if (i % 20 == 0)
            pause_for(1);
    }
    return NULL;
}

static void test_words_while_signs_go_on(void **state)
{
    (void)state;
    enum { ROUNDS = 8, LOOKS = 200 };
    struct admin admin = admin_start();
    atomic_store(&clock_ahead, DAY);
    struct sender sender = {.limits = limits_fixture_open(limits_folder)};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, send_and_raise, &sender), 0);
    wait_for_state(sender.limits, LOGIN_SLOWED);
    for (int i = 0; i < ROUNDS; i++) {
        admin_says(&admin, 't');
        wait_for_state(sender.limits, LOGIN_NORMAL);
        for (int look = 0; look < LOOKS; look++)
            assert_int_equal(limits_fixture_state(sender.limits, "alice", NOON), LOGIN_NORMAL);
        admin_says(&admin, i % 2 ? 'f' : 's');
        wait_for_state(sender.limits, i % 2 ? LOGIN_FROZEN : LOGIN_SLOWED);
        atomic_store(&clock_ahead, DAY - 3600 * i);
    }
    admin_says(&admin, 't');
    wait_for_state(sender.limits, LOGIN_NORMAL);
    atomic_store(&sender.ends, true);
    pthread_join(thread, NULL);
    atomic_store(&clock_ahead, 0);
    limits_close(sender.limits);
    struct limits *limits = limits_fixture_open(limits_folder);
    assert_int_equal(limits_fixture_state(limits, "alice", NOON), LOGIN_NORMAL);
    limits_close(limits);
    admin_end(&admin);
}

static void test_each_state_has_its_end(void **state)
{
    (void)state;
    struct admin admin = admin_start();
    struct limits *limits = limits_fixture_open(limits_folder);
    raise_alice(limits, LOGIN_SLOWED, NOW + 100);
    raise_alice(limits, LOGIN_FROZEN, NOW + 50);
    raise_alice(limits, LOGIN_SLOWED, NOW + 30); /* shortens nothing */
    assert_int_equal(limits_fixture_state(limits, "alice", NOON + 49 * SECOND), LOGIN_FROZEN);
    limits_close(limits);
    limits = limits_fixture_open(limits_folder);
    assert_int_equal(limits_fixture_state(limits, "alice", NOON + 49 * SECOND), LOGIN_FROZEN);
    assert_int_equal(limits_fixture_state(limits, "alice", NOON + 50 * SECOND), LOGIN_SLOWED);
    assert_int_equal(limits_fixture_state(limits, "alice", NOON + 99 * SECOND), LOGIN_SLOWED);
    assert_int_equal(limits_fixture_state(limits, "alice", NOON + 100 * SECOND), LOGIN_NORMAL);
    /* A sign does not ease what the admin said. */
    raise_alice(limits, LOGIN_FROZEN, 0);
    admin_says(&admin, 's');
    wait_for_state(limits, LOGIN_SLOWED);
    raise_alice(limits, LOGIN_FROZEN, NOW + 50);
    assert_int_equal(limits_fixture_state(limits, "alice", NOON), LOGIN_FROZEN);
    assert_int_equal(limits_fixture_state(limits, "alice", NOON + 50 * SECOND), LOGIN_SLOWED);
    /* He settles both, and keeps signs off. */
    admin_says(&admin, 't');
    wait_for_state(limits, LOGIN_NORMAL);
    raise_alice(limits, LOGIN_FROZEN, NOW + 2 * DAY);
    assert_int_equal(limits_fixture_state(limits, "alice", NOON), LOGIN_NORMAL);
    limits_close(limits);
    limits = limits_fixture_open(limits_folder);
    assert_int_equal(limits_fixture_state(limits, "alice", NOON), LOGIN_NORMAL);
    const struct login_standing later = {LOGIN_FROZEN, NOW + DAY, 0, BYTES("many_networks.hour")};
    limits_raise(limits, BYTES("alice"), &later);
    assert_int_equal(limits_fixture_state(limits, "alice", NOON + DAY * SECOND), LOGIN_FROZEN);
    limits_close(limits);
    admin_end(&admin);
}

#define CLEARED(test) cmocka_unit_test_teardown(test, limits_fixture_clear)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLEARED(test_a_word_on_a_slow_disk),
        CLEARED(test_words_while_signs_go_on),
        CLEARED(test_each_state_has_its_end),
    };
    return cmocka_run_group_tests(tests, limits_fixture_init, limits_fixture_done);
}
