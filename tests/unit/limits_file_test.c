/* The counters' file: what is counted comes back, whoever is killed. */
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
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/limits_fixture.h"

#define SECOND 1000
#define PATIENCE 60 /* seconds: who still waits then waits for good */

static char data_path[200];

static void read_data_path(void)
{
    snprintf(data_path, sizeof data_path, "%s/data.mdb", limits_folder);
}

static int64_t day_count(struct limits *limits, const char *login, enum quantity quantity)
{
    return limits_fixture_count(limits, login, NOON, quantity, WINDOW_DAY);
}

static void test_comes_back(void **state)
{
    (void)state;
    struct limits *limits = limits_fixture_open(limits_folder);
    struct bytes rcpt = BYTES("bob@example.org");
    struct limits_request charge = limits_fixture_request(LIMITS_CHARGE, NOON);
    charge.rcpts = &rcpt;
    charge.rcpt_count = 1;
    limits_fixture_do(limits, &charge);
    const struct login_standing slowed = {LOGIN_SLOWED, NOON / 1000, NOON / 1000 + 3600,
                                          BYTES("many_networks.hour")};
    limits_raise(limits, BYTES("Alice"), &slowed);
    limits_close(limits);

    limits = limits_fixture_open(limits_folder);
    struct limits_request look = limits_fixture_request(LIMITS_LOOK, NOON + 3 * SECOND);
    limits_fixture_do(limits, &look);
    for (int kind = 0; kind < SUBJECT_COUNT; kind++)
        for (int window = 0; window < WINDOW_COUNT; window++) {
            const struct counted_subject *subject = &look.answer.subjects[kind];
            assert_int_equal(subject->counted.counts[QUANTITY_MESSAGES][window], 1);
            assert_int_equal(subject->counted.counts[QUANTITY_BYTES][window], 1000);
        }
    assert_int_equal(look.answer.standing.state, LOGIN_SLOWED);
    assert_int_equal(look.answer.standing.until, NOON / 1000 + 3600);
    assert_string_equal(look.answer.cause, "many_networks.hour");
    assert_int_equal(look.answer.habit.messages, 1);
    assert_int_equal(look.answer.habit.network_since, NOON / 1000);
    assert_int_equal(look.answer.habit.client_since, NOON / 1000);
    assert_int_equal(
        limits_fixture_since(limits, "alice", "bob@example.org", NOON + 86400 * SECOND),
        NOON / 1000 + 3600);
    assert_int_equal(limits_fixture_since(limits, "alice", "carol@example.org", NOON), 0);
    assert_int_equal(limits_fixture_since(limits, "dave", "bob@example.org", NOON), 0);
    limits_close(limits);
    assert_string_equal(limits_said, "");
}

/* No address stands in the file. */
static void test_no_addresses(void **state)
{
    (void)state;
    struct limits *limits = limits_fixture_open(limits_folder);
    struct bytes rcpt = BYTES("bob@example.org");
    struct limits_request charge = limits_fixture_request(LIMITS_CHARGE, NOON);
    charge.rcpts = &rcpt;
    charge.rcpt_count = 1;
    limits_fixture_do(limits, &charge);
    limits_close(limits);
    read_data_path();
    FILE *file = fopen(data_path, "rb");
    static char all[1 << 20];
    size_t len = fread(all, 1, sizeof all, file);
    fclose(file);
    assert_non_null(memmem(all, len, "alice", 5));
    assert_null(memmem(all, len, "bob", 3));
    assert_null(memmem(all, len, "Thunderbird", 11));
}

/* In a child: counts once a millisecond or so, and says how often, until it is killed. */
static void count_on(int fd)
{
    struct limits *limits = limits_fixture_open(limits_folder);
    struct timespec pause = {0, 1000000};
    for (uint32_t count = 1;; count++) {
        if (!limits_fixture_charge(limits, "alice", NOON, 1, NULL))
            _exit(1);
        if (write(fd, &count, sizeof count) != sizeof count)
            _exit(1);
        nanosleep(&pause, NULL);
    }
}

/* The child's next word. */
static uint32_t hear_count(int fd)
{
    uint32_t count;
    assert_int_equal(read(fd, &count, sizeof count), sizeof count);
    return count;
}

static int64_t count_in_file(struct limits *admin)
{
    struct limits_request look = limits_fixture_request(LIMITS_LOOK, NOON);
    struct error error;
    bool found;
    if (!limits_show(admin, &look, &found, &error))
        fail_msg("%s", error.text);
    return look.answer.subjects[SUBJECT_LOGIN].counted.counts[QUANTITY_MESSAGES][WINDOW_DAY];
}

/* Listens until the file knows more than that much; nobody asks for it to be written. */
static int64_t wait_for_file(struct limits *admin, int fd, int64_t known)
{
    int64_t in_file;
    while ((in_file = count_in_file(admin)) <= known)
        hear_count(fd);
    return in_file;
}

/* What has reached the file by itself is there whenever somebody is killed, and nothing else. */
static void test_killed(void **state)
{
    (void)state;
    struct limits_options options = limits_fixture_options(limits_folder);
    int64_t before = 0;
    for (int round = 0; round < 3; round++) {
        int ends[2], status;
        struct limits *admin;
        struct error error;
        uint32_t said, heard;
        assert_int_equal(pipe(ends), 0);
        pid_t pid = fork();
        if (pid == 0)
            count_on(ends[1]);
        close(ends[1]);
        hear_count(ends[0]);
        if (!limits_open_admin(&options, &admin, &error))
            fail_msg("%s", error.text);
        int64_t written = wait_for_file(admin, ends[0], before);
        written = wait_for_file(admin, ends[0], written);
        limits_close(admin);
        /* Not at the same point of the next one each time. */
        for (int i = 0; i <= 250 * round; i++)
            said = hear_count(ends[0]);
        kill(pid, SIGKILL);
        while (read(ends[0], &heard, sizeof heard) == sizeof heard)
            said = heard;
        close(ends[0]);
        waitpid(pid, &status, 0);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        struct limits *limits = limits_fixture_open(limits_folder);
        int64_t kept = day_count(limits, "alice", QUANTITY_MESSAGES);
        limits_close(limits);
        assert_in_range(kept, written, before + said + 1);
        before = kept;
    }
    assert_string_equal(limits_said, "");
}

static bool die(struct bytes login, const struct login_standing *standing, void *context)
{
    (void)login, (void)standing, (void)context;
    _exit(raise(SIGKILL));
}

/* An admin's process that is killed while it reads must not keep pages from being used again. */
static void test_killed_reader(void **state)
{
    (void)state;
    struct limits *limits = limits_fixture_open(limits_folder), *admin;
    const struct login_standing frozen = {LOGIN_FROZEN, NOON / 1000, 0, BYTES("test")};
    struct limits_options options = limits_fixture_options(limits_folder);
    struct error error;
    struct stat before, after;
    int status;
    limits_raise(limits, BYTES("alice"), &frozen);
    limits_fixture_charge(limits, "alice", NOON, 1, NULL);
    assert_true(limits_settle(limits, &error));
    pid_t pid = fork();
    if (pid == 0) {
        bool read = limits_open_admin(&options, &admin, &error) &&
                    limits_contained(admin, NOON, die, NULL, &error);
        _exit(read ? 2 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    read_data_path();
    assert_int_equal(stat(data_path, &before), 0);
    for (int i = 0; i < 100; i++) {
        limits_fixture_charge(limits, "alice", NOON, 1, NULL);
        assert_true(limits_settle(limits, &error));
    }
    assert_int_equal(stat(data_path, &after), 0);
    assert_in_range(after.st_size - before.st_size, 0, 40 * 4096);
    limits_close(limits);
}

/* The file goes while it is open: what is in memory is in the new one. */
static void test_removed_while_open(void **state)
{
    (void)state;
    struct limits *limits = limits_fixture_open(limits_folder);
    char lock[200];
    read_data_path();
    snprintf(lock, sizeof lock, "%s/lock.mdb", limits_folder);
    limits_fixture_charge(limits, "alice", NOON, 4, NULL);
    assert_int_equal(unlink(data_path), 0);
    assert_int_equal(unlink(lock), 0);
    while (access(data_path, F_OK))
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    limits_close(limits);
    assert_non_null(strstr(limits_said, "begins anew with what is in memory"));
    limits = limits_fixture_open(limits_folder);
    assert_int_equal(day_count(limits, "alice", QUANTITY_RECIPIENTS), 4);
    limits_close(limits);
}

/* Whether nobody has the file open: who does holds this one. */
static bool is_let_go(void)
{
    char path[200];
    snprintf(path, sizeof path, "%s/closed", limits_folder);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool is = flock(fd, LOCK_EX | LOCK_NB) == 0;
    close(fd);
    return is;
}

/* Opening it anew takes long: whoever sends mail is not kept waiting by that. */
static void test_counts_while_it_is_opened_anew(void **state)
{
    (void)state;
    struct limits *limits = limits_fixture_open(limits_folder);
    int folder = open(limits_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    read_data_path();
    limits_fixture_charge(limits, "alice", NOON, 4, NULL);
    assert_int_equal(flock(folder, LOCK_EX), 0);
    assert_int_equal(unlink(data_path), 0);
    while (!is_let_go())
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    alarm(PATIENCE);
    limits_fixture_charge(limits, "bob", NOON, 3, NULL);
    assert_int_equal(day_count(limits, "alice", QUANTITY_RECIPIENTS), 4);
    assert_int_equal(limits_fixture_since(limits, "bob", "carol@example.org", NOON), 0);
    alarm(0);
    close(folder);
    while (!limits_fixture_said("begins anew with what is in memory"))
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    limits_close(limits);
    limits = limits_fixture_open(limits_folder);
    assert_int_equal(day_count(limits, "alice", QUANTITY_RECIPIENTS), 4);
    assert_int_equal(day_count(limits, "bob", QUANTITY_RECIPIENTS), 3);
    limits_close(limits);
}

static void test_full(void **state)
{
    (void)state;
    struct limits_options options = limits_fixture_options(limits_folder);
    struct limits *limits;
    struct error error;
    char login[240];
    options.max_size = 1 << 20;
    assert_true(limits_open(&options, &limits, &error));
    for (int i = 0; i < 8000; i++) {
        snprintf(login, sizeof login, "user%0200d", i);
        limits_fixture_charge(limits, login, NOON, 1, NULL);
    }
    while (!limits_fixture_said("it is full: raise counters.max_size"))
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    /* It counts on, and a word about a login is kept all the same. */
    snprintf(login, sizeof login, "user%0200d", 5);
    assert_int_equal(day_count(limits, login, QUANTITY_MESSAGES), 1);
    limits_fixture_charge(limits, login, NOON, 1, NULL);
    assert_int_equal(day_count(limits, login, QUANTITY_MESSAGES), 2);
    const struct login_standing frozen = {LOGIN_FROZEN, NOON / 1000, 0, BYTES("test")};
    limits_raise(limits, BYTES("alice"), &frozen);
    limits_close(limits);
    options.max_size = 1 << 28;
    assert_true(limits_open(&options, &limits, &error));
    assert_int_equal(limits_fixture_state(limits, "alice", NOON), LOGIN_FROZEN);
    limits_close(limits);
}

static void test_hostile_names(void **state)
{
    (void)state;
    struct limits *limits = limits_fixture_open(limits_folder);
    char longest[1000];
    memset(longest, 'x', sizeof longest);
    const struct bytes names[] = {
        {"a\0b", 3}, {"a\nb", 3}, {"\xff\xfe", 2}, {longest, 1000}, {longest, 255}};
    struct limits_request charge = {.op = LIMITS_CHARGE, .who.now = NOON};
    charge.amounts[QUANTITY_MESSAGES] = 1;
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            charge.who.names[SUBJECT_LOGIN] = names[i];
            limits_fixture_do(limits, &charge);
            assert_int_equal(
                charge.answer.subjects[SUBJECT_LOGIN].counted.counts[QUANTITY_MESSAGES][WINDOW_DAY],
                round);
        }
        limits_close(limits);
        limits = limits_fixture_open(limits_folder);
    }
    limits_close(limits);
}

int main(void)
{
#define CLEARED(name) cmocka_unit_test_teardown(name, limits_fixture_clear)
    const struct CMUnitTest tests[] = {
        CLEARED(test_comes_back),    CLEARED(test_no_addresses),
        CLEARED(test_killed),        CLEARED(test_removed_while_open),
        CLEARED(test_full),          CLEARED(test_hostile_names),
        CLEARED(test_killed_reader), CLEARED(test_counts_while_it_is_opened_anew),
    };
    return cmocka_run_group_tests(tests, limits_fixture_init, limits_fixture_done);
}
