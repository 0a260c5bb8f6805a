/* Plans carried out, taken back, undone, in a folder of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/setup/apply.h"
#include "ctl/setup/diff.h"
#include "ctl/setup/undo.h"
#include "mta/program.h"

static struct arena *arena;
static char folder[64];
static const struct plan_access plain = {.mode = 0644};

static const char *at(const char *name)
{
    return arena_printf(arena, "%s/%s", folder, name);
}

static void put(const char *name, const char *text, mode_t mode)
{
    FILE *file = fopen(at(name), "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(at(name), mode), 0);
}

static void expect(const char *name, const char *text, mode_t mode)
{
    struct place_file file;
    struct error error;
    assert_true(place_read(arena, at(name), &file, &error));
    assert_int_equal(file.exists, text != NULL);
    if (!text)
        return;
    assert_string_equal(arena_text(arena, file.content), text);
    assert_int_equal(file.mode, mode);
}

static bool apply(struct plan *plan, struct error *error)
{
    struct backup backup;
    if (!backup_open(arena, at("state"), &backup, error))
        return false;
    bool done = apply_plan(plan, &backup, error);
    backup_close(&backup);
    return done;
}

static bool undo(bool force, struct plan **ret_plan, struct error *error)
{
    struct backup backup;
    *ret_plan = plan_new(arena, "test");
    assert_true(backup_open(arena, at("state"), &backup, error));
    bool done = undo_plan(*ret_plan, &backup, force, error) &&
                apply_plan(*ret_plan, &backup, error) && backup_cut(&backup, 0, error);
    backup_close(&backup);
    return done;
}

static struct plan *two_files(const char *main, const char *own)
{
    struct plan *plan = plan_new(arena, "test");
    plan_folder(plan, at("a/b"), (struct plan_access){.mode = 0750});
    plan_file(plan, at("a/b/own"), bytes_of(own), (struct plan_access){.mode = 0640});
    plan_file(plan, at("main"), bytes_of(main), plain);
    return plan;
}

static int begin(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/submilter-plan-XXXXXX");
    arena = arena_new((size_t)64 * 1024 * 1024);
    return arena && mkdtemp(folder) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    const char *const argv[] = {"rm", "-r", folder, NULL};
    struct program_output output;
    struct error error;
    bool removed = program_must_run(arena, argv, 60, &output, &error);
    arena_free(arena);
    return removed ? 0 : -1;
}

static void test_does_and_undoes(void **state)
{
    (void)state;
    struct error error;
    struct plan *plan;
    put("main", "one\n", 0604);
    assert_true(apply(two_files("two\n", "mine\n"), &error));
    expect("main", "two\n", 0604);
    expect("a/b/own", "mine\n", 0640);
    assert_false(plan_pending(two_files("two\n", "mine\n")));
    assert_true(undo(false, &plan, &error));
    expect("main", "one\n", 0604);
    expect("a/b/own", NULL, 0);
    assert_int_equal(access(at("a"), F_OK), -1);
    assert_int_equal(access(at("state/manifest"), F_OK), -1);
    assert_int_equal(access(at("state/1"), F_OK), -1);
    assert_true(undo(false, &plan, &error));
    assert_false(plan_pending(plan));
}

static void test_undoes_all_that_was_set_up_in_turn(void **state)
{
    (void)state;
    struct error error;
    struct plan *plan;
    put("main", "one\n", 0644);
    assert_true(apply(two_files("two\n", "mine\n"), &error));
    assert_true(apply(two_files("three\n", "mine\n"), &error));
    assert_int_equal(chmod(at("main"), 0600), 0);
    assert_true(undo(false, &plan, &error));
    expect("main", "one\n", 0644);
    expect("a/b/own", NULL, 0);
}

static void test_rolls_back(void **state)
{
    (void)state;
    static const char *const fails[] = {"false", NULL};
    struct error error;
    const char *again[] = {"sh", "-c", arena_printf(arena, "echo x >>%s", at("log")), NULL};
    put("main", "one\n", 0604);
    struct plan *plan = two_files("two\n", "mine\n");
    plan_command(plan, "says that it ran", again)->again = true;
    plan_command(plan, "fails", fails);
    assert_false(apply(plan, &error));
    assert_non_null(strstr(error.text, "false failed with 1"));
    assert_non_null(strstr(error.text, "Everything was put back"));
    expect("main", "one\n", 0604);
    assert_int_equal(access(at("a"), F_OK), -1);
    assert_int_equal(access(at("state/manifest"), F_OK), -1);
    expect("log", "x\nx\n", 0644);
}

static void test_keeps_what_was_changed_since(void **state)
{
    (void)state;
    struct error error;
    struct plan *plan;
    put("main", "one\n", 0644);
    assert_true(apply(two_files("two\n", "mine\n"), &error));
    put("main", "two and a half\n", 0644);
    put("a/b/own", "theirs\n", 0640);
    assert_false(undo(false, &plan, &error));
    assert_non_null(strstr(error.text, at("main")));
    expect("main", "two and a half\n", 0644);
    put("main", "two\n", 0644);
    assert_true(undo(false, &plan, &error));
    expect("main", "one\n", 0644);
    expect("a/b/own", "theirs\n", 0640); /* ours, but somebody's now */
}

static void test_is_forced(void **state)
{
    (void)state;
    struct error error;
    struct plan *plan;
    put("main", "one\n", 0644);
    assert_true(apply(two_files("two\n", "mine\n"), &error));
    put("main", "two and a half\n", 0644);
    assert_true(undo(true, &plan, &error));
    expect("main", "one\n", 0644);
    expect("state/main.before-undo", "two and a half\n", 0600);
}

static void test_undoes_half_of_it(void **state)
{
    (void)state;
    struct error error;
    struct plan *plan;
    put("main", "one\n", 0604);
    assert_true(apply(two_files("two\n", "mine\n"), &error));
    put("main", "one\n", 0604); /* as if the power had failed before it was written */
    assert_true(undo(false, &plan, &error));
    expect("main", "one\n", 0604);
    expect("a/b/own", NULL, 0);
}

static void test_sees_a_change_in_between(void **state)
{
    (void)state;
    struct error error;
    put("main", "one\n", 0644);
    struct plan *plan = two_files("two\n", "mine\n");
    put("main", "one and a half\n", 0644);
    assert_false(apply(plan, &error));
    assert_non_null(strstr(error.text, "was changed while"));
    expect("main", "one and a half\n", 0644);
    assert_int_equal(access(at("a"), F_OK), -1);
}

static void test_locks_out_a_second(void **state)
{
    (void)state;
    struct error error;
    struct backup first;
    struct backup second;
    assert_true(backup_open(arena, at("state"), &first, &error));
    assert_false(backup_open(arena, at("state"), &second, &error));
    assert_non_null(strstr(error.text, "another"));
    backup_close(&first);
}

static void test_refuses_a_damaged_backup(void **state)
{
    (void)state;
    struct error error;
    struct plan *plan;
    put("main", "one\n", 0644);
    assert_true(apply(two_files("two\n", "mine\n"), &error));
    put("state/2", "odd\n", 0600);
    assert_false(undo(false, &plan, &error));
    assert_non_null(strstr(error.text, "not what was saved"));
    expect("main", "two\n", 0644);
}

static void test_follows_links(void **state)
{
    (void)state;
    struct error error;
    struct stat status;
    put("real", "one\n", 0644);
    assert_int_equal(symlink(at("real"), at("main")), 0);
    assert_true(apply(two_files("two\n", "mine\n"), &error));
    expect("real", "two\n", 0644);
    assert_int_equal(lstat(at("main"), &status), 0);
    assert_true(S_ISLNK(status.st_mode));
}

static void test_shows_a_diff_and_no_secret(void **state)
{
    (void)state;
    struct error error;
    struct bytes text;
    put("main", "one\ntwo\n", 0644);
    struct plan *plan = plan_new(arena, "test");
    struct plan_row *row = plan_file(plan, at("main"), BYTES("one\nthree\n"), plain);
    assert_true(diff_of_row(arena, row, &text, &error));
    const char *shown = arena_text(arena, text);
    assert_non_null(strstr(shown, "\n-two\n+three\n"));
    assert_non_null(strstr(shown, at("main")));
    row->secret = true;
    assert_true(diff_of_row(arena, row, &text, &error));
    assert_int_equal(text.len, 0);
}

#define A_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        A_TEST(test_does_and_undoes),
        A_TEST(test_undoes_all_that_was_set_up_in_turn),
        A_TEST(test_rolls_back),
        A_TEST(test_keeps_what_was_changed_since),
        A_TEST(test_is_forced),
        A_TEST(test_undoes_half_of_it),
        A_TEST(test_sees_a_change_in_between),
        A_TEST(test_locks_out_a_second),
        A_TEST(test_refuses_a_damaged_backup),
        A_TEST(test_follows_links),
        A_TEST(test_shows_a_diff_and_no_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
