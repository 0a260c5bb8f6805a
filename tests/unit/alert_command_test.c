/* An admin's program is run as said, and ended where it does not end. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "milter/alert_command.h"
#include "milter/clock.h"
#include "policy/arena.h"
#include "tests/unit/scene.h"

static _Atomic int64_t never = INT64_MAX;

/* A script in the scene's folder. */
static const char *script(const char *text)
{
    scene_put("tell", arena_printf(scene_arena, "#!/bin/sh\n%s\n", text), 0755);
    return scene_at("tell");
}

/* What a file of the scene holds. */
static const char *contents(const char *name)
{
    char text[8192] = "";
    int fd = open(scene_at(name), O_RDONLY);
    assert_true(fd >= 0);
    ssize_t len = read(fd, text, sizeof text - 1);
    assert_true(len >= 0);
    close(fd);
    return arena_text(scene_arena, (struct bytes){text, (size_t)len});
}

static bool run(const char *command, struct bytes input, struct error *error)
{
    static char first[] = "event=slowed", second[] = "who=$(id) 'x' ;";
    char *const words[] = {first, second, NULL};
    error->text[0] = '\0';
    return alert_command_run(command, words, input, &never, error);
}

/* Nothing is left of it: neither running nor as a zombie. */
static void assert_no_child(void)
{
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void test_words_and_input_come_as_they_are(void **state)
{
    (void)state;
    struct error error;
    const char *command =
        script("cd \"$(dirname \"$0\")\" && cat >input && printf '%s|' \"$@\" >words");
    assert_true(
        run(arena_printf(scene_arena, "%s  one\ttwo ", command), BYTES("{\"a\":1}\n"), &error));
    assert_string_equal(contents("input"), "{\"a\":1}\n");
    assert_string_equal(contents("words"), "one|two|event=slowed|who=$(id) 'x' ;|");
    assert_no_child();
}

/* Neither our descriptors, nor our environment, nor what we do with signals. */
static void test_begins_afresh(void **state)
{
    (void)state;
    struct error error;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    signal(SIGPIPE, SIG_IGN);
    setenv("LD_PRELOAD_NOT", "ours", 1);
    int left_open = open("/dev/null", O_RDONLY);
    assert_true(left_open > 2);
    const char *command = script("cd \"$(dirname \"$0\")\"\n"
                                 "env | sort | grep -v ^PWD= >environment\n"
                                 "ls /proc/self/fd | wc -l >descriptors\n"
                                 "grep -E '^Sig(Blk|Ign)' /proc/self/status >signals");
    bool ran = run(command, BYTES(""), &error);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(left_open);
    assert_true(ran);
    assert_null(strstr(contents("environment"), "ours"));
    assert_non_null(strstr(contents("environment"), "PATH=/"));
    assert_int_equal(atoi(contents("descriptors")), 4); /* ls has the folder open, too */
    static const char *const lines[] = {"SigBlk:", "SigIgn:"};
    for (size_t i = 0; i < 2; i++) { /* 32 and 33 are the C library's own */
        const char *line = strstr(contents("signals"), lines[i]);
        assert_non_null(line);
        assert_int_equal(strtoull(line + 7, NULL, 16) & 0x7fffffff, 0);
    }
}

static void test_failure_says_its_first_line(void **state)
{
    (void)state;
    struct error error;
    assert_false(run(script("echo; printf 'no \\033[2Jroute\\nmore\\n' >&2; exit 75"),
                     BYTES("unread"), &error));
    assert_string_equal(error.text, "it ended with exit code 75: no ?[2Jroute");
    assert_false(run(script("kill -9 $$"), BYTES(""), &error));
    assert_string_equal(error.text, "signal 9 ended it");
    assert_false(run("/nonexistent/program", BYTES(""), &error));
    assert_string_equal(error.text, "cannot be run: No such file or directory");
    assert_false(run("  ", BYTES(""), &error));
    assert_no_child();
}

/* More than a pipe holds, to one that does not read, and from one that never stops talking. */
static void test_no_pipe_is_waited_for(void **state)
{
    (void)state;
    struct error error;
    size_t len = (size_t)1 << 20;
    char *much = malloc(len);
    assert_non_null(much);
    memset(much, 'x', len);
    assert_true(run(script("exec head -c 3000000 /dev/zero"), (struct bytes){much, len}, &error));
    assert_true(run(script("test $(wc -c) = 1048576"), (struct bytes){much, len}, &error));
    free(much);
}

/* What it starts and leaves behind is no reason to wait, though it holds our pipes. */
static void test_descendants_are_not_waited_for(void **state)
{
    (void)state;
    struct error error;
    int64_t began = clock_milliseconds();
    assert_true(
        run(script("sleep 60 &\necho $! >\"$(dirname \"$0\")/sleeper\""), BYTES(""), &error));
    assert_true(clock_milliseconds() - began < (int64_t)ALERT_COMMAND_SECONDS * 1000);
    assert_int_equal(kill(atoi(contents("sleeper")), SIGKILL), 0);
}

/* With all that it started, though it does not mind a TERM. */
static void test_is_ended_at_its_time(void **state)
{
    (void)state;
    struct error error;
    static char word[] = "word";
    char *const words[] = {word, NULL};
    const char *command =
        script("trap '' TERM\nsleep 60 &\necho $! >\"$(dirname \"$0\")/sleeper\"\n"
               "mv \"$(dirname \"$0\")/sleeper\" \"$(dirname \"$0\")/slept\"; wait");
    _Atomic int64_t soon = clock_milliseconds() + 500;
    assert_false(alert_command_run(command, words, BYTES(""), &soon, &error));
    assert_string_equal(error.text, "it was killed: the daemon had to end");
    assert_no_child();
    int64_t until = clock_milliseconds() + 30000;
    while (kill(atoi(contents("slept")), 0) == 0 && clock_milliseconds() < until)
        usleep(10000); /* init has to reap it */
    assert_int_equal(kill(atoi(contents("slept")), SIGKILL), -1);
    assert_false(run(script("while :; do sleep 60; done"), BYTES(""), &error));
    assert_string_equal(error.text, "it ran for 10 s and was killed");
    assert_no_child();
}

/* Where somebody has SIGCHLD ignored, the kernel keeps no status, and gives the number away: what
 * goes on in that group is no more ours to kill. */
static void test_an_end_that_nobody_kept(void **state)
{
    (void)state;
    struct error error;
    void (*before)(int) = signal(SIGCHLD, SIG_IGN);
    int64_t began = clock_milliseconds();
    bool ran = run(script("sleep 60 &\necho $! >\"$(dirname \"$0\")/sleeper\""), BYTES(""), &error);
    int64_t took = clock_milliseconds() - began;
    signal(SIGCHLD, before);
    /* A killed one has none, also while it waits to be reaped. */
    int sleeper = atoi(contents("sleeper"));
    assert_int_equal(access(arena_printf(scene_arena, "/proc/%d/exe", sleeper), F_OK), 0);
    assert_int_equal(kill(sleeper, SIGKILL), 0);
    assert_false(ran);
    assert_string_equal(error.text, "how it ended cannot be told: No child processes");
    assert_true(took < (int64_t)ALERT_COMMAND_SECONDS * 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_words_and_input_come_as_they_are, scene_begin,
                                        scene_end),
        cmocka_unit_test_setup_teardown(test_begins_afresh, scene_begin, scene_end),
        cmocka_unit_test_setup_teardown(test_failure_says_its_first_line, scene_begin, scene_end),
        cmocka_unit_test_setup_teardown(test_no_pipe_is_waited_for, scene_begin, scene_end),
        cmocka_unit_test_setup_teardown(test_descendants_are_not_waited_for, scene_begin,
                                        scene_end),
        cmocka_unit_test_setup_teardown(test_is_ended_at_its_time, scene_begin, scene_end),
        cmocka_unit_test_setup_teardown(test_an_end_that_nobody_kept, scene_begin, scene_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
