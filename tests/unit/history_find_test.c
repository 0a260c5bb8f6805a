/* Records become rows, and a filter finds the ones that are meant and no others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "history/find.h"
#include "history/private.h"
#include "history_fixture.h"

static const char *const week[] = {
    "{\"id\":\"01A\",\"time\":\"2026-11-20T10:00:00.001Z\",\"queue_id\":\"Q1\",\"login\":\"alice\","
    "\"client\":\"192.0.2.7\",\"mail_from\":\"<Alice@example.com>\",\"from\":\"alice@example.com\","
    "\"rcpt_count\":2,\"rcpts\":[\"<bob@example.net>\",\"carol@example.net\"],"
    "\"action\":\"accept\",\"rule\":null,\"reason\":null,\"verdicts\":["
    "{\"rule\":\"tls\",\"outcome\":\"pass\",\"mode\":\"enforce\",\"reason\":null,\"action\":"
    "\"accept\",\"fact\":\"\"},"
    "{\"rule\":\"display_name\",\"outcome\":\"violation\",\"mode\":\"observe\",\"reason\":"
    "\"misleading\",\"action\":\"reject\",\"fact\":\"x\"}],"
    "\"identities\":[{\"kind\":\"mail_from\",\"address\":\"Alice@example.com\",\"ownership\":"
    "\"granted\",\"source\":\"texthash:/t:1\"}],"
    "\"signatures\":[{\"d\":\"example.com\",\"s\":\"s1\",\"a\":\"rsa-sha256\"}],\"size\":100,"
    "\"usec\":5}",
    "{\"id\":\"01B\",\"time\":\"2026-11-20T11:00:00.000Z\",\"queue_id\":\"NOQUEUE\",\"login\":"
    "\"bob\",\"client\":\"2001:db8:1:2:3::4\",\"mail_from\":\"<>\",\"rcpt\":\"<dave@example.net>\","
    "\"rcpt_count\":0,\"action\":\"reject\",\"rule\":\"from\",\"reason\":\"not-owned\","
    "\"verdicts\":[{\"rule\":\"from\",\"outcome\":\"violation\",\"mode\":\"enforce\",\"reason\":"
    "\"not-owned\",\"action\":\"reject\",\"fact\":\"ceo@example.com\"}],"
    "\"identities\":[{\"kind\":\"from\",\"address\":\"ceo@example.com\",\"ownership\":\"denied\","
    "\"source\":\"\"}],\"signatures\":[],\"usec\":5}",
    "{\"id\":\"01C\",\"time\":\"2026-11-19T09:00:00.000Z\",\"queue_id\":\"Q3\",\"login\":null,"
    "\"client\":\"192.0.2.200\",\"action\":\"fix\",\"rule\":\"message_id\",\"reason\":\"missing\","
    "\"usec\":5}",
    "{\"id\":\"01D\",\"time\":\"2026-11-21T09:00:00.000Z\",\"queue_id\":\"Q4\",\"login\":\"alice\","
    "\"client\":\"::ffff:198.51.100.9\",\"action\":\"tempfail\",\"rule\":\"internal\",\"reason\":"
    "\"fault\",\"usec\":5}",
};
#define WEEK (sizeof week / sizeof *week)
#define NOON 1795176000000 /* 2026-11-20 12:00 UTC */
#define DAY 86400000

/* Each with the ids in the order in which they come. */
static const struct {
    struct history_filter filter;
    const char *ids;
} cases[] = {
    {{0}, "01C 01A 01B 01D "},
    {{.newest_first = true}, "01D 01B 01A 01C "},
    {{.newest_first = true, .limit = 2}, "01D 01B "},
    {{.since = NOON}, "01D "},
    {{.until = NOON}, "01C 01A 01B "},
    {{.since = NOON - DAY, .until = NOON}, "01A 01B "},
    {{.since = NOON - 2 * 3600000 + 1, .until = NOON - 3600000}, "01A "},
    {{.after_seq = 2}, "01C 01D "},
    {{.login = "alice"}, "01A 01D "},
    {{.login = "Alice"}, ""},
    {{.address = "alice@EXAMPLE.com"}, "01A "},
    {{.address = "bob@example.net"}, "01A "},
    {{.address = "dave@example.net"}, "01B "},
    {{.address = "<dave@example.net>"}, ""},
    {{.client = "192.0.2.7"}, "01A "},
    {{.client = "::ffff:192.0.2.7"}, "01A "},
    {{.client = "192.0.2.0/24"}, "01C 01A "},
    {{.client = "192.0.2.1/25"}, "01A "},
    {{.client = "0.0.0.0/0"}, "01C 01A 01D "},
    {{.client = "2001:db8::/32"}, "01B "},
    {{.client = "2001:DB8:1:2:3:0:0:4"}, "01B "},
    {{.rule = "from"}, "01B "},
    {{.rule = "tls"}, ""},
    {{.rule = "internal"}, "01D "},
    {{.rule = "display_name"}, "01A "},
    {{.reason = "misleading"}, "01A "},
    {{.reason = "not-owned"}, "01B "},
    {{.rule = "from", .reason = "misleading"}, ""},
    {{.rule = "from", .reason = "not-owned"}, "01B "},
    {{.would = true}, "01A "},
    {{.would = true, .rule = "display_name"}, "01A "},
    {{.would = true, .rule = "from"}, ""},
    {{.would = true, .reason = "misleading"}, "01A "},
    {{.would = true, .rule = "display_name", .reason = "other"}, ""},
    {{.action = "fix"}, "01C "},
    {{.id = "01b"}, "01B "},
    {{.queue_id = "Q4"}, "01D "},
    {{.login = "alice", .action = "accept"}, "01A "},
    {{.login = "x' OR '1'='1"}, ""},
};

static bool note(const struct history_row *row, void *context)
{
    strncat(context, row->id.data, row->id.len);
    strcat(context, " ");
    return true;
}

static void test_filters(void **state)
{
    (void)state;
    struct history *history = fixture_history(week, WEEK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error error;
        char ids[100] = "";
        if (!history_find(history, &cases[i].filter, note, ids, &error))
            fail_msg("case %zu: %s", i, error.text);
        if (strcmp(ids, cases[i].ids) != 0)
            fail_msg("case %zu: %s instead of %s", i, ids, cases[i].ids);
    }
    history_close(history);
}

static void test_client_that_is_none(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",           "x",         "192.0.2.0/33", "2001:db8::/129",
                                        "192.0.2.0/", "192.0.2/24"};
    struct history *history = fixture_history(week, WEEK);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct error error;
        char ids[100] = "";
        const struct history_filter filter = {.client = wrong[i]};
        assert_false(history_find(history, &filter, note, ids, &error));
        assert_non_null(strstr(error.text, wrong[i]));
    }
    history_close(history);
}

static bool look(const struct history_row *row, void *context)
{
    assert_int_equal(row->seq, 1);
    assert_int_equal(row->time, NOON - 2 * 3600000 + 1);
    assert_true(bytes_equal(row->mail_from, BYTES("Alice@example.com")));
    assert_true(bytes_equal(row->network, BYTES("192.0.2.0/24")));
    assert_true(bytes_equal(row->record, bytes_of(week[0])));
    assert_int_equal(row->rule.len, 0);
    assert_int_equal(row->rcpt_count, 2);
    assert_int_equal(row->size, 100);
    assert_int_equal(row->usec, 5);
    ++*(int *)context;
    return false;
}

static void test_row(void **state)
{
    (void)state;
    struct error error;
    int rows = 0;
    struct history *history = fixture_history(week, WEEK);
    const struct history_filter filter = {.login = "alice"};
    assert_true(history_find(history, &filter, look, &rows, &error));
    assert_int_equal(rows, 1);
    history_close(history);
}

struct records_seen {
    bool without;
    size_t count;
};

static bool look_at_record(const struct history_row *row, void *context)
{
    struct records_seen *seen = context;
    assert_true(
        bytes_equal(row->record, seen->without ? (struct bytes){0} : bytes_of(week[row->seq - 1])));
    seen->count++;
    return true;
}

/* Each row has its own, in whatever order they come. */
static void test_records(void **state)
{
    (void)state;
    struct history *history = fixture_history(week, WEEK);
    for (int i = 0; i < 4; i++) {
        struct error error;
        struct records_seen seen = {.without = i & 1};
        const struct history_filter filter = {.newest_first = i & 2, .without_record = i & 1};
        assert_true(history_find(history, &filter, look_at_record, &seen, &error));
        assert_int_equal(seen.count, WEEK);
    }
    history_close(history);
}

/* Rows of one column, a line each, for a look at the tables. */
static const char *ask(struct history *history, const char *sql)
{
    static char answer[2000];
    struct error error;
    sqlite3_stmt *statement;
    bool more;
    *answer = '\0';
    if (!history_prepare(history, sql, &statement, &error))
        fail_msg("%s", error.text);
    while (history_step(history, statement, &more, &error) && more) {
        struct bytes text = history_column(statement, 0);
        strncat(answer, text.len ? text.data : "-", sizeof answer - strlen(answer) - 2);
        strcat(answer, "\n");
    }
    sqlite3_finalize(statement);
    return answer;
}

static void test_tables(void **state)
{
    (void)state;
    struct history *history = fixture_history(week, WEEK);
    assert_string_equal(ask(history, "SELECT rule || ' ' || reason || ' ' || outcome || ' ' || mode"
                                     " || ' ' || action || ' ' || fact FROM verdicts"),
                        "display_name misleading violation observe reject x\n"
                        "from not-owned violation enforce reject ceo@example.com\n");
    assert_string_equal(ask(history,
                            "SELECT seq || ' ' || kind || ' ' || address || ' ' ||"
                            " ifnull(ownership, '-') || ' ' || ifnull(source, '-') FROM addresses"),
                        "1 mail_from Alice@example.com granted texthash:/t:1\n"
                        "1 rcpt bob@example.net - -\n"
                        "1 rcpt carol@example.net - -\n"
                        "2 from ceo@example.com denied \n"
                        "2 rcpt dave@example.net - -\n");
    assert_string_equal(ask(history, "SELECT seq || ' ' || domain || ' ' || selector || ' ' ||"
                                     " algorithm FROM signatures"),
                        "1 example.com s1 rsa-sha256\n");
    assert_string_equal(ask(history, "SELECT network FROM decisions ORDER BY seq"),
                        "192.0.2.0/24\n2001:db8:1:2::/64\n192.0.2.0/24\n198.51.100.0/24\n");
    history_close(history);
}

static const struct {
    const char *line;
    const char *why;
} unreadable[] = {
    {"", "empty"},
    {"no JSON", "no JSON"},
    {"[1]", "no JSON object"},
    {"{\"time\":\"2026-11-20T10:00:00Z\",\"action\":\"accept\"}", "\"id\""},
    {"{\"id\":\"x\",\"time\":\"2026-11-20T10:00:00Z\"}", "\"action\""},
    {"{\"id\":\"x\",\"time\":\"yesterday\",\"action\":\"accept\"}", "\"time\""},
    {"{\"id\":\"x\",\"time\":\"2026-11-20T10:00:00Z\",\"action\":\"accept\",\"verdicts\":[\"a\"]}",
     "\"verdicts\""},
    {"{\"id\":\"x\",\"time\":\"2026-11-20T10:00:00Z\",\"action\":\"accept\",\"identities\":[\"a\"]"
     "}",
     "\"identities\""},
    {"{\"id\":\"x\",\"time\":\"2026-11-20T10:00:00Z\",\"action\":\"accept\"", "no JSON"},
};

/* Counted, named, and nothing of them stays; what stands around them is loaded. */
static void test_unreadable(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof unreadable / sizeof *unreadable; i++) {
        struct error error;
        struct history *history;
        size_t count;
        const char *path = fixture_path("odd.jsonl");
        const char *const lines[] = {week[0], unreadable[i].line, week[1], unreadable[i].line};
        fixture_write(path, lines, 4);
        if (!history_open_lines(&path, 1, &history, &count, &error))
            fail_msg("case %zu: %s", i, error.text);
        assert_int_equal(count, 2);
        const char *first = history_first_unreadable(history);
        assert_non_null(first);
        if (!strstr(first, "odd.jsonl:2: ") || !strstr(first, unreadable[i].why))
            fail_msg("case %zu: %s", i, first);
        assert_string_equal(ask(history, "SELECT id FROM decisions"), "01A\n01B\n");
        assert_string_equal(ask(history, "SELECT count(*) FROM records"), "2\n");
        history_close(history);
    }
}

static void test_twice_is_once(void **state)
{
    (void)state;
    struct error error;
    struct history *history;
    size_t count;
    const char *const paths[] = {fixture_path("a.jsonl"), fixture_path("b.jsonl")};
    fixture_write(paths[0], week, WEEK);
    fixture_write(paths[1], week, WEEK);
    assert_true(history_open_lines(paths, 2, &history, &count, &error));
    assert_int_equal(count, 0);
    assert_null(history_first_unreadable(history));
    assert_string_equal(ask(history, "SELECT count(*) FROM decisions"), "4\n");
    assert_string_equal(ask(history, "SELECT count(*) FROM addresses"), "5\n");
    history_close(history);
}

static void test_absent_file(void **state)
{
    (void)state;
    struct error error;
    struct history *history;
    size_t count;
    const char *path = fixture_path("absent");
    assert_false(history_open_lines(&path, 1, &history, &count, &error));
    assert_non_null(strstr(error.text, "absent: No such file"));
    assert_false(history_open(path, &history, &error));
    assert_non_null(strstr(error.text, "absent: No such file"));
}

static bool interrupt(const struct history_row *row, void *context)
{
    (void)row;
    history_interrupt(context);
    return true;
}

static void test_interrupt(void **state)
{
    (void)state;
    struct error error;
    struct history *history = fixture_history(week, WEEK);
    assert_false(history_is_interrupted(history));
    assert_false(history_find(history, &(struct history_filter){0}, interrupt, history, &error));
    assert_non_null(strstr(error.text, "interrupted"));
    assert_true(history_is_interrupted(history));
    history_close(history);
}

static void count_call(void *context)
{
    ++*(int *)context;
}

static void test_progress(void **state)
{
    (void)state;
    int calls = 0;
    struct history *history = fixture_history(week, WEEK);
    history_progress(history, count_call, &calls);
    ask(history, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000)"
                 " SELECT sum(i) FROM n");
    assert_true(calls > 2);
    history_close(history);
}

static int done(void **state)
{
    (void)state;
    fixture_done();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filters),       cmocka_unit_test(test_client_that_is_none),
        cmocka_unit_test(test_row),           cmocka_unit_test(test_records),
        cmocka_unit_test(test_tables),        cmocka_unit_test(test_unreadable),
        cmocka_unit_test(test_twice_is_once), cmocka_unit_test(test_absent_file),
        cmocka_unit_test(test_interrupt),     cmocka_unit_test(test_progress),
    };
    return cmocka_run_group_tests(tests, NULL, done);
}
