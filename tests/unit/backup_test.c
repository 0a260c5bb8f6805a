/* The folder of backups: whose it has to be, what is believed, what is cleared up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/scene.h"

/* Whoever can write there would have root write any file by a forged manifest. */
static void test_wants_a_folder_of_its_own(void **state)
{
    (void)state;
    struct error error;
    struct stat status;
    assert_int_equal(mkdir(scene_at("open"), 0777), 0);
    assert_int_equal(chmod(scene_at("open"), 0777), 0);
    assert_int_equal(mkdir(scene_at("mine"), 0755), 0);
    assert_int_equal(symlink(scene_at("mine"), scene_at("link")), 0);
    static const char *const bad[] = {"open", "mine", "link"};
    for (size_t i = 0; i < 3; i++) {
        struct backup backup;
        assert_false(backup_open(scene_arena, scene_at(bad[i]), "test", &backup, &error));
        assert_non_null(strstr(error.text, "--state"));
    }
    struct backup backup;
    assert_false(backup_open(scene_arena, scene_at("open/below"), "test", &backup, &error));
    assert_int_equal(chmod(scene_at("open"), 01777), 0); /* as /tmp */
    mode_t mask = umask(0);
    assert_true(backup_open(scene_arena, scene_at("open/below"), "test", &backup, &error));
    umask(mask);
    backup_close(&backup);
    assert_int_equal(stat(scene_at("open/below/test"), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0700);
    assert_int_equal(chmod(scene_at("mine"), 0700), 0);
    assert_true(backup_open(scene_arena, scene_at("link"), "test", &backup, &error));
    assert_string_equal(backup.folder, scene_at("mine/test"));
    backup_close(&backup);
}

static void write_manifest(const char *line)
{
    assert_int_equal(mkdir(scene_at("state"), 0700), 0);
    assert_int_equal(mkdir(scene_at("state/test"), 0700), 0);
    scene_put("state/test/manifest", arena_printf(scene_arena, "submilter setup 1\n%s\n", line),
              0600);
}

static void test_believes_no_odd_path(void **state)
{
    (void)state;
    struct error error;
    struct backup backup;
    write_manifest("file 1 0644 0 0 - - /etc/../root/x");
    assert_false(backup_open(scene_arena, scene_at("state"), "test", &backup, &error));
    assert_non_null(strstr(error.text, "manifest:2"));
}

/* The sentence is pasted by root: no command in it may open or close a folder of the host's. */
static void test_offers_no_command_for_a_foreign_folder(void **state)
{
    (void)state;
    struct error error;
    struct backup backup;
    struct stat before;
    struct stat after;
    assert_int_equal(mkdir(scene_at("foreign"), 0700), 0);
    if (geteuid() == 0)
        assert_int_equal(chown(scene_at("foreign"), 12345, 12345), 0);
    else
        assert_int_equal(chmod(scene_at("foreign"), 0777), 0);
    const char *const bad[] = {"/", "/tmp", "/etc", scene_at("foreign"), scene_at("foreign/below")};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(stat(i < 3 ? bad[i] : scene_at("foreign"), &before), 0);
        assert_false(backup_open(scene_arena, bad[i], "test", &backup, &error));
        assert_int_equal(stat(i < 3 ? bad[i] : scene_at("foreign"), &after), 0);
        assert_int_equal(before.st_mode, after.st_mode);
        assert_non_null(strstr(error.text, "--state"));
        assert_null(strstr(error.text, "chown"));
        assert_null(strstr(error.text, "chmod"));
        assert_int_equal(strncmp(error.text, bad[i], i < 3 ? strlen(bad[i]) : 0), 0);
    }
}

static void test_wants_a_name(void **state)
{
    (void)state;
    struct error error;
    struct backup backup;
    assert_false(backup_open(scene_arena, "", "test", &backup, &error));
    assert_non_null(strstr(error.text, "--state"));
}

/* As of a daemon's user that made the folder, which then was given to root. */
static void test_believes_no_file_of_others(void **state)
{
    (void)state;
    static const char *const names[] = {"state/lock", "state/test/manifest", "state/test/2"};
    struct error error;
    struct backup backup;
    scene_put("main", "one\n", 0644);
    assert_true(scene_apply(scene_two_files("two\n", "mine\n"), &error));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(chmod(scene_at(names[i]), 0622), 0);
        assert_false(backup_open(scene_arena, scene_at("state"), "test", &backup, &error));
        assert_non_null(strstr(error.text, scene_at(names[i])));
        assert_int_equal(chmod(scene_at(names[i]), 0600), 0);
        if (geteuid() == 0) {
            assert_int_equal(chown(scene_at(names[i]), 12345, 12345), 0);
            assert_false(backup_open(scene_arena, scene_at("state"), "test", &backup, &error));
            assert_non_null(strstr(error.text, scene_at(names[i])));
            assert_null(strstr(error.text, "chown"));
            assert_int_equal(chown(scene_at(names[i]), 0, 0), 0);
        }
    }
    assert_true(backup_open(scene_arena, scene_at("state"), "test", &backup, &error));
    backup_close(&backup);
    assert_int_equal(rename(scene_at("state/test/manifest"), scene_at("moved")), 0);
    assert_int_equal(symlink(scene_at("moved"), scene_at("state/test/manifest")), 0);
    assert_false(backup_open(scene_arena, scene_at("state"), "test", &backup, &error));
    assert_non_null(strstr(error.text, "state/test/manifest"));
}

static void test_gives_nobody_rights(void **state)
{
    (void)state;
    struct error error;
    struct backup backup;
    write_manifest("file 1 6755 0 0 - - /etc/x");
    assert_true(backup_open(scene_arena, scene_at("state"), "test", &backup, &error));
    assert_int_equal(backup.entries->mode, 0755);
    backup_close(&backup);
}

static void test_clears_up(void **state)
{
    (void)state;
    struct error error;
    struct backup backup;
    scene_put("main", "one\n", 0644);
    assert_true(scene_apply(scene_two_files("two\n", "mine\n"), &error));
    scene_put("main.submilter-new", "half", 0600);
    scene_put("state/test/3.submilter-new", "half", 0600);
    scene_put("state/test/7", "of no entry", 0600);
    scene_put("state/test/7.set-up", "of no entry", 0600);
    scene_put("state/test/main.kept-1", "kept", 0600);
    assert_true(backup_open(scene_arena, scene_at("state"), "test", &backup, &error));
    backup_close(&backup);
    scene_expect("main.submilter-new", NULL, 0);
    scene_expect("state/test/3.submilter-new", NULL, 0);
    scene_expect("state/test/7", NULL, 0);
    scene_expect("state/test/7.set-up", NULL, 0);
    scene_expect("state/test/2.set-up", "two\n", 0600);
    scene_expect("state/test/2", "one\n", 0600);
    scene_expect("state/test/main.kept-1", "kept", 0600);
}

static void test_knows_that_it_was_cut_off(void **state)
{
    (void)state;
    struct error error;
    struct backup backup;
    scene_put("main", "one\n", 0644);
    assert_true(scene_apply(scene_two_files("two\n", "mine\n"), &error));
    assert_true(backup_open(scene_arena, scene_at("state"), "test", &backup, &error));
    assert_false(backup.begun);
    assert_true(backup_add_folder(&backup, scene_at("c"), &error));
    assert_true(backup_begin(&backup, backup.count - 1, &error));
    backup_close(&backup);
    assert_true(backup_open(scene_arena, scene_at("state"), "test", &backup, &error));
    assert_true(backup.begun);
    assert_int_equal(backup.finished, backup.count - 1);
    backup_close(&backup);
}

static void test_locks_out_a_second(void **state)
{
    (void)state;
    struct error error;
    struct backup first;
    struct backup second;
    assert_true(backup_open(scene_arena, scene_at("state"), "test", &first, &error));
    assert_false(backup_open(scene_arena, scene_at("state"), "other", &second, &error));
    assert_non_null(strstr(error.text, "another"));
    backup_close(&first);
}

#define A_TEST(name) cmocka_unit_test_setup_teardown(name, scene_begin, scene_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        A_TEST(test_wants_a_folder_of_its_own),
        A_TEST(test_believes_no_odd_path),
        A_TEST(test_offers_no_command_for_a_foreign_folder),
        A_TEST(test_wants_a_name),
        A_TEST(test_believes_no_file_of_others),
        A_TEST(test_gives_nobody_rights),
        A_TEST(test_clears_up),
        A_TEST(test_knows_that_it_was_cut_off),
        A_TEST(test_locks_out_a_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
