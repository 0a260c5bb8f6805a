/* Which process a pid file may name, and which daemons are ours to end. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/daemons.h"
#include "ctl/setup/process.h"
#include "tests/unit/scene.h"

static bool names_a_process(const char *text, const char *program, pid_t *ret_pid)
{
    scene_put("pid", text, 0644);
    int handle = process_of_file(scene_at("pid"), program, ret_pid);
    if (handle >= 0)
        close(handle);
    return handle >= 0;
}

/* -1 would be every process there is, 0 this one's group. */
static void test_takes_no_number_for_many(void **state)
{
    (void)state;
    pid_t pid;
    static const char *const bad[] = {"-1\n", "0\n",  "1\n",           "",
                                      "x\n",  " 5\n", "99999999999\n", "4194304999\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(names_a_process(bad[i], "process_test", &pid));
        assert_int_equal(pid, 0);
    }
}

static void test_looks_at_what_runs(void **state)
{
    (void)state;
    pid_t pid;
    const char *mine = arena_printf(scene_arena, "%d\nwhat it was started with\n", (int)getpid());
    assert_true(names_a_process(mine, "process_test", &pid));
    assert_false(names_a_process(mine, "process_tes", &pid));
    assert_false(names_a_process(mine, "sendmail", &pid));
}

/* "PROGRAM -c CONFIG", as a copy of sleep(1) that has such words as a shell's arguments. */
static pid_t start(const char *program, const char *config)
{
    pid_t child = fork();
    if (child == 0) {
        execl(program, "sh", "-c", "read line", "sh", "-c", config, NULL);
        _exit(127);
    }
    return child;
}

static void test_ends_only_those_with_that_configuration(void **state)
{
    (void)state;
    struct error error;
    int input[2];
    int status;
    const char *program = scene_at("daemon");
    const char *copies = arena_printf(scene_arena, "cp /bin/sh %s", program);
    assert_int_equal(system(copies), 0);
    assert_int_equal(pipe(input), 0); /* they wait for a line */
    dup2(input[0], 0);
    pid_t ours = start(program, "/etc/ours.conf");
    pid_t other = start(program, "/etc/other.conf");
    pid_t foreign = start("/bin/sh", "/etc/ours.conf");
    /* Until the copies run what they are told. */
    while (!daemons_is(ours, program, "/etc/ours.conf") ||
           !daemons_is(other, program, "/etc/other.conf") ||
           !daemons_is(foreign, "/bin/sh", "/etc/ours.conf"))
        usleep(1000);
    assert_int_equal(daemons_find_one(program, "/etc/ours.conf"), ours);
    assert_int_equal(daemons_find_one(program, "/etc/no.conf"), 0);
    assert_true(process_end_daemons(program, "/etc/ours.conf", &error));
    assert_int_equal(waitpid(ours, &status, 0), ours);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    assert_int_equal(waitpid(other, &status, WNOHANG), 0);
    assert_int_equal(waitpid(foreign, &status, WNOHANG), 0);
    assert_int_equal(daemons_find_one(program, "/etc/ours.conf"), 0);
    /* An upgrade's new file in its place. */
    const char *replaced = arena_printf(scene_arena, "rm %s && cp /bin/sh %s", program, program);
    assert_int_equal(system(replaced), 0);
    assert_int_equal(daemons_find_one(program, "/etc/other.conf"), other);
    kill(other, SIGKILL);
    kill(foreign, SIGKILL);
    waitpid(other, &status, 0);
    waitpid(foreign, &status, 0);
    close(input[0]);
    close(input[1]);
}

#define A_TEST(name) cmocka_unit_test_setup_teardown(name, scene_begin, scene_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        A_TEST(test_takes_no_number_for_many),
        A_TEST(test_looks_at_what_runs),
        A_TEST(test_ends_only_those_with_that_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
