/* What submilterctl asks and says beside a running daemon, two daemons on one file, and many
 * logins. */
#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
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

#include "limits/embedded_private.h"
#include "tests/unit/limits_fixture.h"

#define SECOND 1000
#define DAY (INT64_C(86400) * SECOND)

static void pause_shortly(void)
{
    nanosleep(&(struct timespec){0, 5000000}, NULL);
}

static struct limits *open_admin(void)
{
    struct limits_options options = limits_fixture_options(limits_folder);
    struct limits *limits;
    struct error error;
    options.say = NULL;
    if (!limits_open_admin(&options, &limits, &error)) {
        fprintf(stderr, "%s\n", error.text);
        _exit(2);
    }
    return limits;
}

/* As submilterctl: another process. */
static void in_a_process(bool (*act)(struct limits *limits, struct error *error))
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        struct error error = {""};
        struct limits *limits = open_admin();
        bool ok = act(limits, &error);
        if (!ok)
            fprintf(stderr, "# in a process: %s\n", error.text);
        limits_close(limits);
        _exit(ok ? 0 : 1);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static bool freeze(struct limits *limits, struct error *error)
{
    const struct login_standing frozen = {LOGIN_FROZEN, NOON / 1000, 0, BYTES("by root: phished")};
    return limits_set_standing(limits, BYTES("Alice"), &frozen, error);
}

static bool thaw(struct limits *limits, struct error *error)
{
    const struct login_standing normal = {.state = LOGIN_NORMAL};
    return limits_set_standing(limits, BYTES("alice"), &normal, error);
}

static bool reset_alice(struct limits *limits, struct error *error)
{
    return limits_reset(limits, SUBJECT_LOGIN, BYTES("alice"), false, error);
}

static bool reset_all_of_alice(struct limits *limits, struct error *error)
{
    return limits_reset(limits, SUBJECT_LOGIN, BYTES("alice"), true, error);
}

static void wait_for_state(struct limits *limits, enum login_state state)
{
    while (limits_fixture_state(limits, "alice", NOON) != state)
        pause_shortly();
}

static int64_t messages(struct limits *limits)
{
    return limits_fixture_count(limits, "alice", NOON, QUANTITY_MESSAGES, WINDOW_DAY);
}

static void test_standing_comes_into_force(void **state)
{
    (void)state;
    struct limits *limits = limits_fixture_open(limits_folder);
    struct timespec begin, end;
    limits_fixture_charge(limits, "alice", NOON, 1, NULL);
    in_a_process(freeze);
    clock_gettime(CLOCK_MONOTONIC, &begin);
    wait_for_state(limits, LOGIN_FROZEN);
    clock_gettime(CLOCK_MONOTONIC, &end);
    print_message("# in force after %d ms\n", (int)((end.tv_sec - begin.tv_sec) * 1000 +
                                                    (end.tv_nsec - begin.tv_nsec) / 1000000));
    struct limits_request look = limits_fixture_request(LIMITS_KNOWN, NOON);
    limits_fixture_do(limits, &look);
    assert_string_equal(look.answer.cause, "by root: phished");
    /* A weaker sign eases nothing. */
    const struct login_standing slowed = {LOGIN_SLOWED, NOON / 1000, NOON / 1000 + 60, BYTES("x")};
    limits_raise(limits, BYTES("alice"), &slowed);
    assert_int_equal(limits_fixture_state(limits, "alice", NOON), LOGIN_FROZEN);
    in_a_process(thaw);
    wait_for_state(limits, LOGIN_NORMAL);
    /* A sign after the admin's word holds, in the file too. */
    limits_raise(limits, BYTES("alice"), &slowed);
    assert_int_equal(limits_fixture_state(limits, "alice", NOON), LOGIN_SLOWED);
    limits_close(limits);
    limits = limits_fixture_open(limits_folder);
    assert_int_equal(limits_fixture_state(limits, "alice", NOON), LOGIN_SLOWED);
    assert_int_equal(limits_fixture_state(limits, "alice", NOON + 60 * SECOND), LOGIN_NORMAL);
    limits_close(limits);
}

/* What a sign said before the admin spoke does not come back when it is written after it. */
static void test_admin_after_sign(void **state)
{
    (void)state;
    struct limits *limits = limits_fixture_open(limits_folder);
    const struct login_standing slowed = {LOGIN_SLOWED, NOON / 1000, 0, BYTES("x")};
    const struct login_standing normal = {.state = LOGIN_NORMAL};
    struct error error;
    limits_raise(limits, BYTES("alice"), &slowed);
    assert_true(limits_set_standing(limits, BYTES("alice"), &normal, &error));
    wait_for_state(limits, LOGIN_NORMAL);
    limits_close(limits);
    limits = limits_fixture_open(limits_folder);
    assert_int_equal(limits_fixture_state(limits, "alice", NOON), LOGIN_NORMAL);
    limits_close(limits);
}

/* Never counted, never seen: the word holds all the same. */
static void test_standing_of_a_stranger(void **state)
{
    (void)state;
    struct limits *limits = limits_fixture_open(limits_folder);
    assert_int_equal(limits_fixture_state(limits, "alice", NOON), LOGIN_NORMAL);
    in_a_process(freeze);
    wait_for_state(limits, LOGIN_FROZEN);
    limits_close(limits);
}

static void test_reset(void **state)
{
    (void)state;
    struct limits *limits = limits_fixture_open(limits_folder);
    struct bytes rcpt = BYTES("bob@example.org");
    struct limits_request charge = limits_fixture_request(LIMITS_CHARGE, NOON);
    struct error error;
    charge.rcpts = &rcpt;
    charge.rcpt_count = 1;
    limits_fixture_do(limits, &charge);
    bool found;
    struct limits_request look = limits_fixture_request(LIMITS_LOOK, NOON);
    assert_true(limits_show(limits, &look, &found, &error)); /* it is in the file then */
    assert_true(found);
    in_a_process(reset_alice);
    while (messages(limits))
        pause_shortly();
    limits_fixture_do(limits, &look);
    assert_int_equal(look.answer.habit.messages, 1);
    assert_int_equal(
        look.answer.subjects[SUBJECT_GROUP].counted.counts[QUANTITY_MESSAGES][WINDOW_DAY], 1);
    assert_int_not_equal(limits_fixture_since(limits, "alice", "bob@example.org", NOON), 0);
    in_a_process(reset_all_of_alice);
    do {
        pause_shortly();
        limits_fixture_do(limits, &look);
    } while (look.answer.habit.messages);
    assert_int_equal(limits_fixture_since(limits, "alice", "bob@example.org", NOON), 0);
    limits_close(limits);
}

/* Two daemons, as while one hands over to the other: nothing is lost, nothing counted twice. */
static void test_two_processes(void **state)
{
    (void)state;
    int to_child[2], from_child[2], status;
    char byte = 'x';
    assert_int_equal(pipe(to_child), 0);
    assert_int_equal(pipe(from_child), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct limits *limits = limits_fixture_open(limits_folder);
        for (int i = 0; i < 1500; i++) {
            limits_fixture_charge(limits, "alice", NOON, 2, NULL);
            if (i % 10 == 0)
                nanosleep(&(struct timespec){0, 10000000}, NULL);
        }
        if (write(from_child[1], &byte, 1) != 1 || read(to_child[0], &byte, 1) != 1)
            _exit(1);
        limits_close(limits);
        _exit(0);
    }
    struct limits *limits = limits_fixture_open(limits_folder);
    for (int i = 0; i < 1500; i++) {
        limits_fixture_charge(limits, "alice", NOON, 1, NULL);
        if (i % 10 == 0)
            nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    assert_int_equal(read(from_child[0], &byte, 1), 1);
    /* Both run: this one hears of the other's. */
    while (messages(limits) < 3000)
        pause_shortly();
    assert_int_equal(write(to_child[1], &byte, 1), 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    limits_close(limits);
    limits = limits_fixture_open(limits_folder);
    assert_int_equal(messages(limits), 3000);
    assert_int_equal(limits_fixture_count(limits, "alice", NOON, QUANTITY_RECIPIENTS, WINDOW_HOUR),
                     4500);
    struct limits_request look = limits_fixture_request(LIMITS_LOOK, NOON);
    limits_fixture_do(limits, &look);
    assert_int_equal(look.answer.habit.messages, 3000);
    limits_close(limits);
}

struct seen_names {
    char text[200];
};

static bool note_subject(const struct counted_subject *subject, void *context)
{
    struct seen_names *seen = context;
    size_t len = strlen(seen->text);
    snprintf(seen->text + len, sizeof seen->text - len, "%.*s %d;", (int)subject->name.len,
             subject->name.data, (int)subject->counted.counts[QUANTITY_RECIPIENTS][WINDOW_HOUR]);
    return true;
}

static void test_top(void **state)
{
    (void)state;
    struct limits *limits = limits_fixture_open(limits_folder);
    struct seen_names seen = {""};
    struct error error;
    char login[20];
    for (int i = 0; i < 100; i++) {
        snprintf(login, sizeof login, "user%d", i);
        limits_fixture_charge(limits, login, NOON, i * 37 % 101, NULL);
    }
    assert_true(limits_top(limits, SUBJECT_LOGIN, QUANTITY_RECIPIENTS, WINDOW_HOUR, NOON, 3,
                           note_subject, &seen, &error));
    assert_string_equal(seen.text, "user30 100;user60 99;user90 98;");
    seen.text[0] = '\0';
    assert_true(limits_top(limits, SUBJECT_LOGIN, QUANTITY_RECIPIENTS, WINDOW_HOUR, NOON + DAY, 3,
                           note_subject, &seen, &error));
    assert_true(limits_top(limits, SUBJECT_DOMAIN, QUANTITY_RECIPIENTS, WINDOW_HOUR, NOON, 3,
                           note_subject, &seen, &error));
    assert_string_equal(seen.text, "");
    limits_close(limits);
}

static bool note_login(struct bytes login, const struct login_standing *standing, void *context)
{
    struct seen_names *seen = context;
    size_t len = strlen(seen->text);
    snprintf(seen->text + len, sizeof seen->text - len, "%.*s %s %.*s;", (int)login.len, login.data,
             login_state_word(standing->state), (int)standing->cause.len, standing->cause.data);
    return true;
}

static void test_contained(void **state)
{
    (void)state;
    struct limits *limits = limits_fixture_open(limits_folder);
    struct seen_names seen = {""};
    struct error error;
    const struct login_standing slowed = {LOGIN_SLOWED, NOON / 1000, NOON / 1000 + 60,
                                          BYTES("hostile\n\x1b[1m")};
    const struct login_standing frozen = {LOGIN_FROZEN, NOON / 1000, 0, BYTES("by root")};
    const struct login_standing normal = {.state = LOGIN_NORMAL};
    limits_raise(limits, BYTES("alice"), &slowed);
    assert_true(limits_set_standing(limits, BYTES("Bob"), &frozen, &error));
    assert_true(limits_set_standing(limits, BYTES("carol"), &normal, &error));
    assert_true(limits_contained(limits, NOON, note_login, &seen, &error));
    assert_string_equal(seen.text, "alice slowed hostile??[1m;bob frozen by root;");
    seen.text[0] = '\0';
    assert_true(limits_contained(limits, NOON + 60 * SECOND, note_login, &seen, &error));
    assert_string_equal(seen.text, "bob frozen by root;");
    bool found;
    struct limits_request look = {.op = LIMITS_LOOK, .who.now = NOON};
    look.who.names[SUBJECT_LOGIN] = BYTES("bob");
    assert_true(limits_show(limits, &look, &found, &error));
    assert_true(found);
    assert_int_equal(look.answer.standing.state, LOGIN_FROZEN);
    look.who.names[SUBJECT_LOGIN] = BYTES("nobody");
    assert_true(limits_show(limits, &look, &found, &error));
    assert_false(found);
    limits_close(limits);
}

static bool learn(struct limits *limits, struct error *error)
{
    char rcpt[40];
    bool ok = true;
    for (int i = 0; i < 12000 && ok; i++) {
        snprintf(rcpt, sizeof rcpt, "rcpt%d@example.org", i);
        int64_t first = (NOON - (i % 2 ? 30 * DAY : DAY / 2)) / 1000;
        ok = limits_learn(limits, BYTES("Alice"), bytes_of(rcpt), first, NOON / 1000, error);
    }
    return ok;
}

static void test_learn(void **state)
{
    (void)state;
    struct limits *limits = limits_fixture_open(limits_folder);
    int64_t remembered, known;
    struct error error;
    in_a_process(learn);
    in_a_process(learn);
    assert_int_equal(limits_fixture_since(limits, "alice", "rcpt11999@example.org", NOON),
                     (NOON - 30 * DAY) / 1000 + 3600);
    assert_true(
        limits_count_correspondents(limits, BYTES("alice"), NOON, &remembered, &known, &error));
    assert_int_equal(remembered, 12000);
    assert_int_equal(known, 6000);
    assert_true(limits_count_correspondents(limits, BYTES("alice"), NOON + 401 * DAY, &remembered,
                                            &known, &error));
    assert_int_equal(remembered, 0);
    limits_close(limits);
}

static void test_admin_makes_nothing(void **state)
{
    (void)state;
    struct limits_options options = limits_fixture_options(limits_folder);
    struct limits *limits;
    struct error error;
    assert_false(limits_open_admin(&options, &limits, &error));
    assert_non_null(strstr(error.text, limits_folder));
    assert_int_equal(access(limits_folder, F_OK), -1);
    options.file = NULL;
    assert_false(limits_open_admin(&options, &limits, &error));
    assert_non_null(strstr(error.text, "counters.file"));
}

static void test_claims(void **state)
{
    (void)state;
    struct limits *limits = limits_fixture_open(limits_folder);
    int64_t now = NOON / 1000;
    assert_true(limits_claim(limits, "alice many_networks", 3600, now));
    assert_false(limits_claim(limits, "alice many_networks", 3600, now + 3599));
    assert_true(limits_claim(limits, "bob many_networks", 3600, now));
    limits_close(limits);
    limits = limits_fixture_open(limits_folder);
    assert_false(limits_claim(limits, "alice many_networks", 3600, now + 3599));
    assert_true(limits_claim(limits, "alice many_networks", 3600, now + 3600));
    limits_close(limits);
    limits = limits_fixture_open(NULL);
    assert_true(limits_claim(limits, "alice many_networks", 3600, now));
    assert_false(limits_claim(limits, "alice many_networks", 3600, now + 3599));
    assert_true(limits_claim(limits, "alice many_networks", 3600, now + 3600));
    limits_close(limits);
}

static int64_t entries_in_memory(struct embedded *embedded)
{
    pthread_mutex_lock(&embedded->lock);
    int64_t count = (int64_t)embedded->entries.count;
    pthread_mutex_unlock(&embedded->lock);
    return count;
}

/* They come, are written, leave memory, and are known when they come again. */
static void test_many_logins(void **state)
{
    (void)state;
    enum { LOGINS = 100000 };
    struct limits_options options = limits_fixture_options(limits_folder);
    struct embedded *embedded;
    struct error error;
    struct stat found;
    char login[30], path[200];
    if (!embedded_open(&options, &embedded, &error))
        fail_msg("%s", error.text);
    struct limits_request charge = {.op = LIMITS_CHARGE, .who.now = NOON};
    charge.amounts[QUANTITY_MESSAGES] = 1;
    charge.who.names[SUBJECT_NETWORK] = BYTES("192.0.2.0/24");
    charge.who.client_look = BYTES("a");
    size_t before = mallinfo2().uordblks;
    for (int i = 0; i < LOGINS; i++) {
        snprintf(login, sizeof login, "user%d@example.com", i);
        charge.who.names[SUBJECT_LOGIN] = bytes_of(login);
        embedded_do(embedded, &charge, 0);
        assert_true(charge.answer.admitted);
    }
    size_t after = mallinfo2().uordblks;
    while (entries_in_memory(embedded) > 60000)
        pause_shortly();
    for (int i = 0; i < LOGINS; i += 97) {
        snprintf(login, sizeof login, "user%d@example.com", i);
        charge.who.names[SUBJECT_LOGIN] = bytes_of(login);
        embedded_do(embedded, &charge, 0);
        assert_int_equal(
            charge.answer.subjects[SUBJECT_LOGIN].counted.counts[QUANTITY_MESSAGES][WINDOW_DAY], 1);
        assert_int_equal(charge.answer.habit.messages, 1);
    }
    embedded_close(embedded);
    snprintf(path, sizeof path, "%s/data.mdb", limits_folder);
    assert_int_equal(stat(path, &found), 0);
    print_message("# a login: %d bytes in memory while it waits to be written, %d in the file\n",
                  (int)((after - before) / LOGINS), (int)(found.st_size / LOGINS));
    assert_string_equal(limits_said, "");
}

int main(void)
{
#define CLEARED(name) cmocka_unit_test_teardown(name, limits_fixture_clear)
    const struct CMUnitTest tests[] = {
        CLEARED(test_standing_comes_into_force),
        CLEARED(test_admin_after_sign),
        CLEARED(test_standing_of_a_stranger),
        CLEARED(test_reset),
        CLEARED(test_two_processes),
        CLEARED(test_top),
        CLEARED(test_contained),
        CLEARED(test_learn),
        CLEARED(test_admin_makes_nothing),
        CLEARED(test_claims),
        CLEARED(test_many_logins),
    };
    return cmocka_run_group_tests(tests, limits_fixture_init, limits_fixture_done);
}
