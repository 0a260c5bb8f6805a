/* The line of progress, and what a signal leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/progress.h"

static void test_text(void **state)
{
    (void)state;
    static const struct {
        uint64_t done, total;
        const char *text;
    } lines[] = {{120000, 1000000, "read 120,000 of 1,000,000"},
                 {0, 999, "read 0 of 999"},
                 {1234567, 0, "read 1,234,567"},
                 {1000, 999, "read 1,000"},
                 {0, 0, "read ..."}};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char text[100];
        struct progress progress = {.verb = "read", .total = lines[i].total, .done = lines[i].done};
        progress_text(&progress, text, sizeof text);
        assert_string_equal(text, lines[i].text);
    }
    char text[100];
    struct progress progress = {.verb = "read", .unit = "MB", .total = 2000, .done = 12};
    progress_text(&progress, text, sizeof text);
    assert_string_equal(text, "read 12 of 2,000 MB");
    progress.total = 0;
    progress_text(&progress, text, sizeof text);
    assert_string_equal(text, "read 12 MB");
}

/* Runs in a child of its own: steps until it is killed, or for some rows. */
static void step_on(unsigned rows)
{
    struct progress progress;
    progress_begin(&progress, "read", 0);
    for (uint64_t i = 1; !rows || i < rows; i++)
        progress_step(&progress, i);
    progress_end(&progress);
    _exit(0);
}

static void test_on_a_terminal(void **state)
{
    (void)state;
    int terminal;
    char seen[100];
    pid_t child = forkpty(&terminal, NULL, NULL, NULL);
    assert_true(child >= 0);
    if (!child)
        step_on(0);
    ssize_t len = read(terminal, seen, sizeof seen - 1);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(terminal);
    assert_true(len > 0);
    seen[len] = '\0';
    assert_memory_equal(seen, "\rread ", 6);
    assert_non_null(strstr(seen, "\033[K"));
}

/* Runs act in a child whose standard error is a pipe; returns the child's wait status. */
static int said_by(void (*act)(void), char *ret_said, size_t size)
{
    int ends[2], status;
    size_t len = 0;
    ssize_t got;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        act();
        _exit(99);
    }
    close(ends[1]);
    while ((got = read(ends[0], ret_said + len, size - len - 1)) > 0)
        len += (size_t)got;
    ret_said[len] = '\0';
    close(ends[0]);
    waitpid(child, &status, 0);
    return status;
}

static void step_a_while(void)
{
    struct progress progress;
    progress_begin(&progress, "read", 10);
    progress.next = 0; /* as if half a second had passed */
    for (uint64_t i = 1; i < 1000; i++) {
        progress_step(&progress, i);
        progress_tick(&progress);
    }
    progress_end(&progress);
    _exit(0);
}

static void test_silent_in_a_pipe(void **state)
{
    (void)state;
    char said[100];
    assert_int_equal(said_by(step_a_while, said, sizeof said), 0);
    assert_string_equal(said, "");
}

static void be_interrupted(void)
{
    signal(SIGINT, SIG_DFL);
    progress_catch(NULL);
    if (progress_interrupted())
        _exit(98);
    raise(SIGINT);
    _exit(progress_interrupted() ? progress_status() : 97);
}

static void be_interrupted_twice(void)
{
    signal(SIGINT, SIG_DFL);
    progress_catch(NULL);
    raise(SIGINT);
    raise(SIGINT);
}

static void be_interrupted_at_once(void)
{
    signal(SIGTERM, SIG_DFL);
    progress_catch(NULL);
    progress_catch_at_once(true);
    raise(SIGTERM);
}

static void ignore_interrupts(void)
{
    signal(SIGINT, SIG_IGN);
    progress_catch(NULL);
    raise(SIGINT);
    _exit(progress_interrupted() ? 96 : 0);
}

static void test_interrupted(void **state)
{
    (void)state;
    char said[100];
    int status = said_by(be_interrupted, said, sizeof said);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 130);
    assert_string_equal(said, "submilterctl: interrupted\n");
    status = said_by(be_interrupted_at_once, said, sizeof said);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 143);
    assert_string_equal(said, "submilterctl: interrupted\n");
    status = said_by(be_interrupted_twice, said, sizeof said);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGINT);
    assert_int_equal(said_by(ignore_interrupts, said, sizeof said), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_on_a_terminal),
        cmocka_unit_test(test_silent_in_a_pipe),
        cmocka_unit_test(test_interrupted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
