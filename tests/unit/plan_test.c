/* Plans carried out, and taken back when a step fails, in a folder of the test's own. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/setup/diff.h"
#include "ctl/setup/hold.h"
#include "tests/unit/scene.h"

static const struct plan_access plain = {.mode = 0644};

/* An edit while something between the look and the write was at work (a daemon's start). */
static void test_does_not_write_over_an_edit(void **state)
{
    (void)state;
    struct error error;
    scene_put("main", "one\n", 0644);
    const char *edits[] = {"sh", "-c",
                           arena_printf(scene_arena, "echo edit >>%s", scene_at("main")), NULL};
    struct plan *plan = plan_new(scene_arena, "test");
    plan_file(plan, scene_at("own"), BYTES("mine\n"), plain);
    plan_command(plan, "somebody edits", edits);
    plan_file(plan, scene_at("main"), BYTES("two\n"), plain);
    assert_false(scene_apply(plan, &error));
    assert_non_null(strstr(error.text, "by somebody else"));
    scene_expect("main", "one\nedit\n", 0644);
    scene_expect("own", NULL, 0);
}

/* And one after it, when all is taken back. */
static void test_keeps_an_edit_when_it_rolls_back(void **state)
{
    (void)state;
    struct error error;
    scene_put("main", "one\n", 0644);
    const char *edits[] = {
        "sh", "-c", arena_printf(scene_arena, "echo edit >>%s; exit 1", scene_at("main")), NULL};
    struct plan *plan = plan_new(scene_arena, "test");
    plan_file(plan, scene_at("main"), BYTES("two\n"), plain);
    plan_command(plan, "somebody edits", edits);
    assert_false(scene_apply(plan, &error));
    scene_expect("main", "one\n", 0644);
    scene_expect("state/test/main.kept-1", "two\nedit\n", 0600);
    assert_true(scene_says(plan, "main.kept-1"));
}

static bool count(void *context, struct plan *plan, struct error *error)
{
    (void)plan;
    (void)error;
    ++*(int *)context;
    return true;
}

static void test_takes_back_what_commands_did_and_says_what_stays(void **state)
{
    (void)state;
    static const char *const fails[] = {"false", NULL};
    int counted = 0;
    struct error error;
    const char *starts[] = {"touch", scene_at("started"), NULL};
    const char *stops[] = {"rm", scene_at("started"), NULL};
    const char *fills[] = {"touch", scene_at("a/b/theirs"), NULL};
    struct plan *plan = scene_two_files("two\n", "mine\n");
    struct plan_row *row = plan_command(plan, "starts", starts);
    row->reverse = plan_words(plan, stops);
    row->take_back = count;
    row->context = &counted;
    row->stays = "the user";
    plan_command(plan, "fills a folder", fills);
    plan_command(plan, "fails", fails);
    assert_false(scene_apply(plan, &error));
    scene_expect("started", NULL, 0);
    assert_int_equal(counted, 1);
    assert_non_null(strstr(error.text, "what stays: "));
    assert_non_null(strstr(error.text, "the user"));
    assert_non_null(strstr(error.text, scene_at("a/b")));
}

static void test_leaves_out_what_does_not_apply(void **state)
{
    (void)state;
    static const char *const no[] = {"false", NULL};
    static const char *const fails[] = {"sh", "-c", "echo why it failed; exit 3", NULL};
    struct error error;
    const char *touches[] = {"touch", scene_at("ran"), NULL};
    struct plan *plan = scene_two_files("two\n", "mine\n");
    plan_command(plan, "is left out", touches)->only_if = plan_words(plan, no);
    plan_command(plan, "may fail", fails)->may_fail = true;
    assert_true(scene_apply(plan, &error));
    scene_expect("ran", NULL, 0);
    scene_expect("main", "two\n", 0644);
    assert_non_null(strstr(plan->trouble, "why it failed"));
}

static void test_holds_signals_back(void **state)
{
    (void)state;
    struct error error;
    scene_put("main", "one\n", 0644);
    struct sigaction ends = {.sa_handler = SIG_DFL};
    struct sigaction before;
    sigaction(SIGTERM, &ends, &before);
    const char *kills[] = {"sh", "-c", "kill -TERM $PPID", NULL};
    struct plan *plan = plan_new(scene_arena, "test");
    plan_command(plan, "a signal comes", kills);
    plan_file(plan, scene_at("main"), BYTES("two\n"), plain);
    hold_signals();
    assert_false(scene_apply(plan, &error));
    assert_non_null(strstr(error.text, "ended by a signal"));
    scene_expect("main", "one\n", 0644);
    ends.sa_handler = SIG_IGN; /* the test goes on */
    sigaction(SIGTERM, &ends, NULL);
    hold_release();
    sigaction(SIGTERM, &before, NULL);
}

static void test_rolls_back(void **state)
{
    (void)state;
    static const char *const fails[] = {"false", NULL};
    struct error error;
    const char *again[] = {"sh", "-c", arena_printf(scene_arena, "echo x >>%s", scene_at("log")),
                           NULL};
    scene_put("main", "one\n", 0604);
    struct plan *plan = scene_two_files("two\n", "mine\n");
    plan_command(plan, "says that it ran", again)->again = true;
    plan_command(plan, "fails", fails);
    assert_false(scene_apply(plan, &error));
    assert_non_null(strstr(error.text, "false failed with 1"));
    assert_non_null(strstr(error.text, "Everything was put back"));
    scene_expect("main", "one\n", 0604);
    assert_int_equal(access(scene_at("a"), F_OK), -1);
    assert_int_equal(access(scene_at("state/test/manifest"), F_OK), -1);
    scene_expect("log", "x\nx\n", 0644);
}

static void test_sees_a_change_in_between(void **state)
{
    (void)state;
    struct error error;
    scene_put("main", "one\n", 0644);
    struct plan *plan = scene_two_files("two\n", "mine\n");
    scene_put("main", "one and a half\n", 0644);
    assert_false(scene_apply(plan, &error));
    assert_non_null(strstr(error.text, "was changed while"));
    scene_expect("main", "one and a half\n", 0644);
    assert_int_equal(access(scene_at("a"), F_OK), -1);
}

static void test_follows_links(void **state)
{
    (void)state;
    struct error error;
    struct stat status;
    scene_put("real", "one\n", 0644);
    assert_int_equal(symlink(scene_at("real"), scene_at("main")), 0);
    assert_true(scene_apply(scene_two_files("two\n", "mine\n"), &error));
    scene_expect("real", "two\n", 0644);
    assert_int_equal(lstat(scene_at("main"), &status), 0);
    assert_true(S_ISLNK(status.st_mode));
}

static void test_shows_a_diff_and_no_secret(void **state)
{
    (void)state;
    struct error error;
    struct bytes text;
    scene_put("main", "one\ntwo\n", 0644);
    struct plan *plan = plan_new(scene_arena, "test");
    struct plan_row *row = plan_file(plan, scene_at("main"), BYTES("one\nthree\n"), plain);
    assert_true(diff_of_row(scene_arena, row, &text, &error));
    const char *shown = arena_text(scene_arena, text);
    assert_non_null(strstr(shown, "\n-two\n+three\n"));
    assert_non_null(strstr(shown, scene_at("main")));
    row->secret = true;
    assert_true(diff_of_row(scene_arena, row, &text, &error));
    assert_int_equal(text.len, 0);
}

#define A_TEST(name) cmocka_unit_test_setup_teardown(name, scene_begin, scene_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        A_TEST(test_does_not_write_over_an_edit),
        A_TEST(test_keeps_an_edit_when_it_rolls_back),
        A_TEST(test_takes_back_what_commands_did_and_says_what_stays),
        A_TEST(test_leaves_out_what_does_not_apply),
        A_TEST(test_holds_signals_back),
        A_TEST(test_rolls_back),
        A_TEST(test_sees_a_change_in_between),
        A_TEST(test_follows_links),
        A_TEST(test_shows_a_diff_and_no_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
