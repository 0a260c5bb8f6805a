/* Which processes count as a daemon of a configuration, however it was given to them. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/daemons.h"
#include "tests/unit/scene.h"

#define WAITS "DAEMONS_TEST_WAITS" /* what is started is this program, and only waits */
#define READY 3
#define DEFAULT SYSCONFDIR "/submilter.conf"
#define OURS "/etc/ours.conf"
#define OTHER "/etc/other.conf"

static const char *copy_as(const char *name)
{
    const char *to = scene_at(name);
    assert_int_equal(system(arena_printf(scene_arena, "cp /proc/%d/exe '%s'", (int)getpid(), to)),
                     0);
    return to;
}

/* Once it runs. words: its arguments, the last NULL. */
static pid_t start(const char *program, const char *const *words, const char *folder)
{
    int ends[2];
    char *argv[8] = {arena_printf(scene_arena, "%s", program)};
    char ready = 0;
    for (size_t i = 0; words[i]; i++)
        argv[i + 1] = arena_printf(scene_arena, "%s", words[i]);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t child = fork();
    if (child == 0) {
        setenv(WAITS, "1", 1);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (ends[1] == READY)
            fcntl(READY, F_SETFD, 0);
        else
            dup2(ends[1], READY);
        if (chdir(folder) == 0)
            execv(program, argv);
        _exit(127);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &ready, 1), 1);
    close(ends[0]);
    return child;
}

static void end(pid_t child)
{
    int status;
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
}

/* What submilter's own getopt_long makes of them. */
static void test_reads_arguments_as_the_daemon_does(void **state)
{
    (void)state;
    static const struct {
        const char *words[6];
        const char *config; /* NULL: none of these */
    } rows[] = {
        {{"-c", OURS}, OURS},
        {{"-f", "-c", OURS}, OURS},
        {{"-c" OURS}, OURS},
        {{"-f", "-v", "-c" OURS, "-t"}, OURS},
        {{"-fc", OURS}, OURS},
        {{"-fc" OURS, "-v"}, OURS},
        {{"-vfc", OURS, "-t"}, OURS},
        {{"-vfc" OURS}, OURS},
        {{"-f", "-v", "-c", OURS, "--successor"}, OURS},
        {{"--successor", "-c", OURS}, OURS},
        {{"-c", OTHER, "-c" OURS}, OURS},
        {{"-c" OURS, "-fc", OTHER}, OTHER},
        {{NULL}, DEFAULT},
        {{"-f", "-v"}, DEFAULT},
        {{"-fvt"}, DEFAULT},
        {{"--successor"}, DEFAULT},
        {{"-c", "-f"}, NULL},
        {{"-f", "-c", ""}, NULL},
        {{"-n", "-c", OURS}, NULL}, /* it only checks */
        {{"-vnc" OURS}, NULL},
    };
    static const char *const configs[] = {OURS, OTHER, DEFAULT};
    const char *program = copy_as("program");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pid_t pid = start(program, rows[i].words, "/");
        for (size_t j = 0; j < sizeof configs / sizeof *configs; j++) {
            bool is = rows[i].config && strcmp(rows[i].config, configs[j]) == 0;
            if (daemons_is(pid, program, configs[j]) != is)
                fail_msg("row %zu: %s %s", i, configs[j], is ? "is not seen" : "is seen");
        }
        end(pid);
    }
}

static void test_paths_of_the_same_file(void **state)
{
    (void)state;
    static const char *const words[] = {"-f", "-c", "own.conf", NULL};
    const char *program = copy_as("program");
    const char *one = scene_at("one/own.conf");
    const char *two = scene_at("two/own.conf");
    assert_int_equal(mkdir(scene_at("one"), 0755), 0);
    assert_int_equal(mkdir(scene_at("two"), 0755), 0);
    scene_put("one/own.conf", "", 0644);
    scene_put("two/own.conf", "", 0644);
    assert_int_equal(symlink(one, scene_at("link.conf")), 0);
    assert_int_equal(chdir(scene_at("two")), 0);
    pid_t near = start(program, words, scene_at("one"));
    assert_true(daemons_is(near, program, one));
    assert_true(daemons_is(near, program, scene_at("link.conf")));
    assert_true(daemons_is(near, program, "../one/own.conf"));
    assert_false(daemons_is(near, program, two));
    assert_false(daemons_is(near, program, "own.conf"));
    end(near);
    /* Gone to the background: who asks is mostly where it was started. */
    pid_t away = start(program, words, "/");
    assert_true(daemons_is(away, program, two));
    assert_false(daemons_is(away, program, one));
    end(away);
    const char *const from_there[] = {"-fc", one + 1, NULL};
    pid_t there = start(program, from_there, "/");
    assert_true(daemons_is(there, program, one));
    assert_false(daemons_is(there, program, two));
    assert_int_equal(chdir("/"), 0);
    end(there);
}

static void test_which_program(void **state)
{
    (void)state;
    scene_put("own.conf", "", 0644);
    const char *config = scene_at("own.conf");
    const char *const words[] = {"-c", config, NULL};
    const char *program = copy_as("submilter");
    const char *other = copy_as("sub-milter");
    pid_t pids[DAEMONS_MOST];
    pid_t strange = start(other, words, "/");
    assert_int_equal(daemons_find_one(NULL, config), 0);
    assert_int_equal(daemons_find_one(program, config), 0);
    assert_int_equal(daemons_find_one(other, config), strange);
    pid_t ours = start(program, words, "/");
    assert_int_equal(daemons_find_one(NULL, config), ours);
    assert_int_equal(daemons_find_one(program, config), ours);
    pid_t successor = start(program, words, "/");
    assert_int_equal(daemons_find(NULL, config, pids, DAEMONS_MOST), 2);
    assert_int_equal(daemons_find(program, config, pids, DAEMONS_MOST), 2);
    assert_int_equal(daemons_find(program, config, pids, 1), 1);
    assert_int_equal(daemons_find(program, scene_at("no.conf"), pids, DAEMONS_MOST), 0);
    end(strange);
    end(ours);
    end(successor);
}

#define A_TEST(name) cmocka_unit_test_setup_teardown(name, scene_begin, scene_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        A_TEST(test_reads_arguments_as_the_daemon_does),
        A_TEST(test_paths_of_the_same_file),
        A_TEST(test_which_program),
    };
    if (getenv(WAITS))
        return write(READY, ".", 1) == 1 && pause();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
