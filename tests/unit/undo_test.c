/* Undoing what a plan did: byte for byte, and nothing of somebody else's is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/scene.h"

static void test_does_and_undoes(void **state)
{
    (void)state;
    struct error error;
    struct plan *plan;
    scene_put("main", "one\n", 0604);
    assert_true(scene_apply(scene_two_files("two\n", "mine\n"), &error));
    scene_expect("main", "two\n", 0604);
    scene_expect("a/b/own", "mine\n", 0640);
    assert_false(plan_pending(scene_two_files("two\n", "mine\n")));
    assert_true(scene_undo(false, &plan, &error));
    scene_expect("main", "one\n", 0604);
    scene_expect("a/b/own", NULL, 0);
    assert_int_equal(access(scene_at("a"), F_OK), -1);
    assert_int_equal(access(scene_at("state/test/manifest"), F_OK), -1);
    assert_int_equal(access(scene_at("state/test/1"), F_OK), -1);
    assert_true(scene_undo(false, &plan, &error));
    assert_false(plan_pending(plan));
}

static void test_undoes_all_that_was_set_up_in_turn(void **state)
{
    (void)state;
    struct error error;
    struct plan *plan;
    scene_put("main", "one\n", 0644);
    assert_true(scene_apply(scene_two_files("two\n", "mine\n"), &error));
    assert_true(scene_apply(scene_two_files("three\n", "mine\n"), &error));
    assert_true(scene_undo(false, &plan, &error));
    scene_expect("main", "one\n", 0644);
    scene_expect("a/b/own", NULL, 0);
}

static void test_leaves_a_mode_that_was_changed_since(void **state)
{
    (void)state;
    struct error error;
    struct plan *plan;
    scene_put("main", "one\n", 0644);
    assert_true(scene_apply(scene_two_files("two\n", "mine\n"), &error));
    assert_int_equal(chmod(scene_at("main"), 0600), 0);
    assert_true(scene_undo(false, &plan, &error));
    scene_expect("main", "one\n", 0600);
    assert_true(scene_says(plan, "mode or owner"));
}

static void test_keeps_each_version(void **state)
{
    (void)state;
    struct error error;
    struct plan *plan;
    static const char *const edits[] = {"two\nfirst edit\n", "two\nsecond edit\n"};
    scene_put("main", "one\n", 0644);
    for (size_t i = 0; i < 2; i++) {
        assert_true(scene_apply(scene_two_files("two\n", "mine\n"), &error));
        scene_put("main", edits[i], 0644);
        assert_true(scene_undo(true, &plan, &error));
        scene_expect("main", "one\n", 0644);
    }
    scene_expect("state/test/main.kept-1", "two\nfirst edit\n", 0600);
    scene_expect("state/test/main.kept-2", "two\nsecond edit\n", 0600);
}

static void test_sees_that_a_link_was_replaced(void **state)
{
    (void)state;
    struct error error;
    struct plan *plan;
    scene_put("real", "one\n", 0644);
    assert_int_equal(symlink(scene_at("real"), scene_at("main")), 0);
    assert_true(scene_apply(scene_two_files("two\n", "mine\n"), &error));
    assert_int_equal(unlink(scene_at("main")), 0);
    scene_put("main", "two\n", 0644);
    assert_false(scene_undo(false, &plan, &error));
    assert_non_null(strstr(error.text, scene_at("main")));
    scene_expect("main", "two\n", 0644);
    assert_true(scene_undo(true, &plan, &error));
    scene_expect("main", "one\n", 0644);
    scene_expect("real", "one\n", 0644);
    scene_expect("state/test/main.kept-1", "two\n", 0600);
}

static void test_keeps_what_was_changed_since(void **state)
{
    (void)state;
    struct error error;
    struct plan *plan;
    scene_put("main", "one\n", 0644);
    assert_true(scene_apply(scene_two_files("two\n", "mine\n"), &error));
    scene_put("main", "two\nand a half\n", 0644);
    scene_put("a/b/own", "theirs\n", 0640);
    assert_false(scene_undo(false, &plan, &error));
    assert_non_null(strstr(error.text, scene_at("main")));
    scene_expect("main", "two\nand a half\n", 0644);
    scene_put("main", "two\n", 0644);
    assert_true(scene_undo(false, &plan, &error));
    scene_expect("main", "one\n", 0644);
    scene_expect("a/b/own", "theirs\n", 0640); /* ours, but somebody's now */
}

static void test_is_forced(void **state)
{
    (void)state;
    struct error error;
    struct plan *plan;
    scene_put("main", "one\n", 0644);
    assert_true(scene_apply(scene_two_files("two\n", "mine\n"), &error));
    scene_put("main", "two\nand a half\n", 0644);
    assert_true(scene_undo(true, &plan, &error));
    scene_expect("main", "one\n", 0644);
    scene_expect("state/test/main.kept-1", "two\nand a half\n", 0600);
}

/* As the refusal asks for. */
static void test_leaves_what_was_taken_out_by_hand(void **state)
{
    (void)state;
    struct error error;
    struct plan *plan;
    scene_put("main", "one\n", 0644);
    assert_true(scene_apply(scene_two_files("one\nmilter = x\n", "mine\n"), &error));
    scene_put("main", "one\nmilter = x\nsize = 5\n", 0644);
    assert_false(scene_undo(false, &plan, &error));
    scene_put("main", "one\n# submilter = x\nsize = 5\n", 0644);
    assert_true(scene_undo(false, &plan, &error));
    assert_true(scene_says(plan, "nothing of setup's"));
    scene_expect("main", "one\n# submilter = x\nsize = 5\n", 0644);
    scene_expect("a/b/own", NULL, 0);
    assert_true(scene_undo(true, &plan, &error));
    assert_false(plan_pending(plan));
}

static void test_begins_anew_after_lines_were_taken_out(void **state)
{
    (void)state;
    struct error error;
    struct plan *plan;
    static const bool forced[] = {false, true};
    for (size_t i = 0; i < 2; i++) {
        scene_put("main", "one\n", 0644);
        assert_true(scene_apply(scene_two_files("one\nmilter = x\n", "mine\n"), &error));
        scene_put("main", "one\nsize = 5\n", 0644);
        assert_true(scene_apply(scene_two_files("one\nsize = 5\nmilter = x\n", "mine\n"), &error));
        assert_true(scene_undo(forced[i], &plan, &error));
        scene_expect("main", "one\nsize = 5\n", 0644);
    }
}

/* Setup's line, changed by somebody: not to be left by an undo that says it is done. */
static void test_knows_its_lines_by_their_name(void **state)
{
    (void)state;
    struct error error;
    struct plan *plan;
    scene_put("main", "old = submilter\n", 0644);
    assert_true(scene_apply(scene_two_files("old = submilter\nm = submilter\n", "mine\n"), &error));
    scene_put("main", "old = submilter\nm = x, submilter\n", 0644);
    assert_false(scene_undo(false, &plan, &error));
    scene_put("main", "old = submilter\nm = x\n", 0644);
    assert_true(scene_undo(false, &plan, &error));
}

static void test_undoes_half_of_it(void **state)
{
    (void)state;
    struct error error;
    struct plan *plan;
    scene_put("main", "one\n", 0604);
    assert_true(scene_apply(scene_two_files("two\n", "mine\n"), &error));
    scene_put("main", "one\n", 0604); /* as if the power had failed before it was written */
    assert_true(scene_undo(false, &plan, &error));
    scene_expect("main", "one\n", 0604);
    scene_expect("a/b/own", NULL, 0);
}

static void test_refuses_a_damaged_backup(void **state)
{
    (void)state;
    struct error error;
    struct plan *plan;
    scene_put("main", "one\n", 0644);
    assert_true(scene_apply(scene_two_files("two\n", "mine\n"), &error));
    scene_put("state/test/2", "odd\n", 0600);
    assert_false(scene_undo(false, &plan, &error));
    assert_non_null(strstr(error.text, "not what was saved"));
    scene_expect("main", "two\n", 0644);
}

#define A_TEST(name) cmocka_unit_test_setup_teardown(name, scene_begin, scene_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        A_TEST(test_does_and_undoes),
        A_TEST(test_undoes_all_that_was_set_up_in_turn),
        A_TEST(test_leaves_a_mode_that_was_changed_since),
        A_TEST(test_keeps_each_version),
        A_TEST(test_sees_that_a_link_was_replaced),
        A_TEST(test_keeps_what_was_changed_since),
        A_TEST(test_is_forced),
        A_TEST(test_leaves_what_was_taken_out_by_hand),
        A_TEST(test_begins_anew_after_lines_were_taken_out),
        A_TEST(test_knows_its_lines_by_their_name),
        A_TEST(test_undoes_half_of_it),
        A_TEST(test_refuses_a_damaged_backup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
