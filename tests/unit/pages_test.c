/* Many rows, page by page: all of them once, in their order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/pages.h"
#include "history/history.h"

#define ROWS 5003
#define LOGINS 3

static struct history *history;

struct seen {
    int64_t time, seq;
    int count, limit;
    bool ordered;
};

static bool see(const struct history_row *row, void *context)
{
    struct seen *seen = context;
    char id[30];
    snprintf(id, sizeof id, "%026d", (int)row->seq);
    assert_true(bytes_equal(row->id, bytes_of(id)));
    assert_true(row->record.len > 50 && row->record.data[0] == '{');
    seen->ordered = seen->ordered &&
                    (row->time > seen->time || (row->time == seen->time && row->seq > seen->seq));
    seen->time = row->time;
    seen->seq = row->seq;
    return ++seen->count != seen->limit;
}

static struct seen ask(const struct history_filter *filter, int limit)
{
    struct seen seen = {.limit = limit, .ordered = true};
    struct error error;
    if (!pages_each(history, filter, see, &seen, &error))
        fail_msg("%s", error.text);
    assert_true(seen.ordered);
    return seen;
}

static void test_all(void **state)
{
    (void)state;
    struct history_filter filter = {0};
    assert_int_equal(ask(&filter, 0).count, ROWS);
    filter.login = "1";
    assert_int_equal(ask(&filter, 0).count, (ROWS + 1) / LOGINS);
    filter.login = "nobody";
    assert_int_equal(ask(&filter, 0).count, 0);
}

static void test_newest(void **state)
{
    (void)state;
    static const struct history_filter filters[] = {{.limit = 1},
                                                    {.limit = 2500},
                                                    {.limit = ROWS},
                                                    {.limit = 2 * ROWS},
                                                    {.limit = 10, .login = "0"}};
    static const int counts[] = {1, 2500, ROWS, ROWS, 10};
    for (size_t i = 0; i < 5; i++) {
        struct seen seen = ask(&filters[i], 0);
        assert_int_equal(seen.count, counts[i]);
        assert_true(seen.seq > ROWS - LOGINS);
    }
}

static void test_ended(void **state)
{
    (void)state;
    struct history_filter filter = {0};
    assert_int_equal(ask(&filter, 2001).count, 2001);
}

/* Some 4,000 of them in one and the same millisecond, which is more than a page. */
static int make_history(void **state)
{
    (void)state;
    char path[] = "/tmp/submilter-pages.XXXXXX";
    const char *paths[] = {path};
    size_t unreadable;
    struct error error;
    int fd = mkstemp(path);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!file)
        return -1;
    for (int i = 1; i <= ROWS; i++)
        fprintf(file,
                "{\"id\":\"%026d\",\"time\":\"2026-11-20T14:00:0%d.000Z\",\"login\":\"%d\","
                "\"action\":\"accept\"}\n",
                i,
                i < 500    ? 1
                : i < 4500 ? 2
                           : 3,
                i % LOGINS);
    fclose(file);
    bool opened = history_open_lines(paths, 1, &history, &unreadable, &error);
    unlink(path);
    return opened && !unreadable ? 0 : -1;
}

static int close_history(void **state)
{
    (void)state;
    history_close(history);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_newest),
        cmocka_unit_test(test_ended),
    };
    return cmocka_run_group_tests(tests, make_history, close_history);
}
