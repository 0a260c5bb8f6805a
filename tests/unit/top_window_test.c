/* The last hour, as `submilterctl top` keeps it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/top/frame.h"
#include "ctl/top/window.h"
#include "history_fixture.h"

#define NOW INT64_C(1795176000000)
#define MINUTE INT64_C(60000)

static void add(struct window *window, int64_t ago, const char *login, const char *action,
                const char *reason)
{
    const struct latest_row row = {.time = NOW - ago,
                                   .usec = ago / 1000,
                                   .id = BYTES("01M7W9RMVDHZWMRVH50BXBB8KZ"),
                                   .login = bytes_of(login),
                                   .action = bytes_of(action),
                                   .rule = bytes_of(reason ? "from" : NULL),
                                   .reason = bytes_of(reason)};
    window_add(&row, window);
}

static void test_figures(void **state)
{
    (void)state;
    struct window *window = window_new(100);
    struct window_figures figures;
    add(window, 61 * MINUTE, "old", "reject", "r");
    add(window, 59 * MINUTE, "a", "accept", NULL);
    add(window, MINUTE / 2, "a", "reject", "r");
    add(window, 0, "b", "fix", NULL);
    add(window, -MINUTE, "b", "accept", NULL); /* the clock was put back */
    window_move(window, NOW);
    window_figures(window, NOW, &figures);
    assert_int_equal(figures.all_hour, 4);
    assert_int_equal(figures.all_minute, 3);
    assert_int_equal(figures.hour[SUMMARY_ACCEPTED], 2);
    assert_int_equal(figures.minute[SUMMARY_REFUSED], 1);
    assert_int_equal(figures.by_minute[SUMMARY_ACCEPTED][0], 1);
    assert_int_equal(figures.by_minute[SUMMARY_FIXED][WINDOW_MINUTES - 1], 1);
    assert_int_equal(figures.most, 59 * 60);
    window_free(window);
}

static void test_names(void **state)
{
    (void)state;
    struct window *window = window_new(1000);
    struct window_count counts[3];
    for (int i = 0; i < 30; i++)
        add(window, 0,
            i % 2   ? "a"
            : i % 3 ? "b"
                    : "c",
            i % 5 ? "accept" : "reject", i % 5 ? NULL : "r");
    add(window, 0, "d", "tempfail", "s");
    add(window, 0, NULL, "reject", "none");
    assert_int_equal(window_logins(window, counts, 3), 3);
    assert_string_equal(counts[0].name, "a");
    assert_int_equal(counts[0].count, 15);
    assert_int_equal(counts[0].stopped, 3);
    assert_string_equal(counts[1].name, "b");
    assert_int_equal(counts[1].count, 10);
    assert_string_equal(counts[2].name, "c");
    assert_int_equal(window_logins(window, counts, 1), 1);
    assert_string_equal(counts[0].name, "a");
    assert_int_equal(window_reasons(window, counts, 3), 3);
    assert_string_equal(counts[0].name, "from.r");
    assert_int_equal(counts[0].count, 6);
    window_free(window);
}

/* Imported records come late, and are as old as they are. */
static void test_late(void **state)
{
    (void)state;
    struct window *window = window_new(10);
    struct window_count counts[3];
    struct window_figures figures;
    for (int i = 0; i < 4; i++)
        add(window, 0, "gone", "accept", NULL); /* so that the ring has turned */
    window_move(window, NOW + 2 * WINDOW_LENGTH);
    add(window, 0, "new", "accept", NULL);
    for (int i = 0; i < 3; i++) {
        add(window, (3 - i) * WINDOW_LENGTH, "old", "reject", "r");
        add(window, 59 * MINUTE, "early", "accept", NULL);
    }
    window_move(window, NOW);
    assert_int_equal(window_logins(window, counts, 3), 2);
    assert_string_equal(counts[0].name, "early");
    assert_int_equal(counts[0].count, 3);
    assert_string_equal(counts[1].name, "new");
    assert_int_equal(window_reasons(window, counts, 3), 0);
    window_figures(window, NOW, &figures);
    assert_int_equal(figures.all_hour, 4);
    assert_int_equal(figures.most, 59 * 60);
    for (int i = 0; i < 20; i++)
        add(window, 0, "later", "accept", NULL);
    window_figures(window, NOW, &figures);
    assert_int_equal(figures.all_hour, 10);
    window_free(window);
}

static void test_room(void **state)
{
    (void)state;
    struct window *window = window_new(10);
    struct window_figures figures;
    for (int i = 0; i < 1000; i++)
        add(window, 1000 - i, i < 995 ? "a" : "b", "reject", "r");
    window_figures(window, NOW, &figures);
    assert_int_equal(figures.all_hour, 10);
    assert_int_equal(window_refusal(window, 0)->time, NOW - 1);
    assert_int_equal(window_refusal(window, WINDOW_REFUSALS - 1)->time, NOW - WINDOW_REFUSALS);
    assert_null(window_refusal(window, WINDOW_REFUSALS));
    window_move(window, NOW + 2 * WINDOW_LENGTH);
    window_figures(window, NOW + 2 * WINDOW_LENGTH, &figures);
    assert_int_equal(figures.all_hour, 0);
    assert_string_equal(window_refusal(window, 0)->login, "b");
    window_free(window);
}

/* Whatever stands in the rows: lines as wide as the screen, as many as it has, nothing that steers.
 */
static void test_frames(void **state)
{
    (void)state;
    struct window *window = window_new(100);
    static const char *const logins[] = {"a",
                                         "\x1b[2J\x1b]0;x\x07",
                                         "\xe2\x80\xaemoc.elpmaxe",
                                         "日本語@例え.テスト",
                                         "\xff\xfe",
                                         "a\nb\tc\r"};
    for (int i = 0; i < 90; i++)
        add(window, i * 1000, logins[i % 6], "reject", logins[(i + 1) % 6]);
    for (unsigned width = 1; width < 200; width += 7) {
        const struct report_look look = {.utf8 = true, .width = width};
        for (unsigned height = 1; height < 60; height += 5) {
            const struct frame frame = {
                .window = window, .look = &look, .now = NOW, .height = height};
            char *text = NULL;
            size_t len, lines = 0;
            FILE *out = open_memstream(&text, &len);
            frame_write(&frame, "\n", out);
            assert_int_equal(fclose(out), 0);
            for (size_t i = 0; i < len; i++) {
                lines += text[i] == '\n';
                assert_true((unsigned char)text[i] >= ' ' || text[i] == '\n');
            }
            assert_null(strstr(text, "\xe2\x80\xae"));
            if (height > 16)
                assert_true(lines <= height);
            free(text);
        }
    }
    window_free(window);
}

struct seen {
    size_t count;
    char last[30];
};

static void see(const struct latest_row *row, void *context)
{
    struct seen *seen = context;
    seen->count++;
    snprintf(seen->last, sizeof seen->last, "%.*s", (int)row->id.len, row->id.data);
}

static void test_latest(void **state)
{
    (void)state;
    char *lines[] = {fixture_record("1", "2026-11-20T10:00:00.000Z", "accept", ""),
                     fixture_record("2", "2026-11-20T11:30:00.000Z", "accept", ""),
                     fixture_record("3", "2026-11-20T11:45:00.000Z", "reject", "")};
    struct history *history = fixture_history((const char *const *)lines, 3);
    struct error error = {0};
    struct seen seen = {0};
    int64_t after = 0, time;
    assert_true(latest_time(history, &time, &error));
    assert_int_equal(time, NOW - 15 * MINUTE);
    assert_true(latest_begin(history, NOW - WINDOW_LENGTH, &after, &error));
    assert_true(latest_rows(history, &after, see, &seen, &error));
    assert_int_equal(seen.count, 2);
    assert_string_equal(seen.last, "3");
    assert_true(latest_begin(history, NOW - WINDOW_LENGTH, &after, &error));
    assert_true(latest_rows(history, &after, see, &seen, &error));
    assert_int_equal(seen.count, 2);
    after = 1000; /* as if the history had been begun anew */
    assert_true(latest_begin(history, NOW - WINDOW_LENGTH, &after, &error));
    assert_true(latest_rows(history, &after, see, &seen, &error));
    assert_int_equal(seen.count, 4);
    history_close(history);
    fixture_done();
    for (size_t i = 0; i < 3; i++)
        free(lines[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_figures), cmocka_unit_test(test_names),  cmocka_unit_test(test_room),
        cmocka_unit_test(test_frames),  cmocka_unit_test(test_latest), cmocka_unit_test(test_late),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
