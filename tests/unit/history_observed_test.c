/* What observed rules would have done, counted: of what went through, and of what was refused
 * anyway. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "history/observed.h"
#include "history_fixture.h"

#define VERDICT(rule, outcome, mode, reason, action)                                               \
    "{\"rule\":\"" rule "\",\"outcome\":\"" outcome "\",\"mode\":\"" mode                          \
    "\",\"reason\":\"" reason "\",\"action\":\"" action "\",\"fact\":\"\"}"
#define RECORD(id, day, action, who, verdicts)                                                     \
    "{\"id\":\"" id "\",\"time\":\"2026-11-" day "T10:00:00.000Z\",\"policy\":\"submission\"," who \
    ",\"action\":\"" action "\",\"rule\":null,\"reason\":null,\"usec\":1,\"verdicts\":[" verdicts  \
    "]}"
#define ALICE "\"login\":\"alice\",\"client\":\"192.0.2.1\""
#define BOB "\"login\":\"bob\",\"client\":\"192.0.2.1\""
#define PRINTER "\"login\":null,\"client\":\"192.0.2.9\""
#define FOREIGN VERDICT("from", "violation", "observe", "not-owned", "reject")
#define OWN VERDICT("from", "pass", "observe", "owned", "accept")

static const char *const week[] = {
    RECORD("01A", "16", "accept", ALICE, FOREIGN),
    RECORD("01B", "18", "fix", ALICE,
           FOREIGN "," VERDICT("message_id", "violation", "enforce", "missing", "fix")),
    RECORD("01C", "19", "reject", ALICE,
           FOREIGN "," VERDICT("tls", "violation", "enforce", "none", "reject")),
    RECORD("01D", "17", "accept", ALICE, OWN),
    RECORD("01E", "17", "accept", BOB,
           FOREIGN "," VERDICT("date", "pass", "enforce", "", "accept")),
    RECORD("01F", "17", "accept", PRINTER, FOREIGN),
    RECORD("01G", "17", "accept", PRINTER,
           VERDICT("from", "unavailable", "observe", "table", "tempfail")),
    RECORD("01H", "20", "tempfail", BOB,
           VERDICT("sender", "violation", "observe", "not-owned", "reject")),
    RECORD("01I", "17", "accept", BOB, VERDICT("date", "violation", "observe", "missing", "fix")),
    RECORD("01J", "17", "accept", BOB, VERDICT("tls", "violation", "enforce", "none", "accept")),
    RECORD("01K", "01", "accept", BOB, FOREIGN),
};
#define WEEK (sizeof week / sizeof *week)
#define SINCE 1794787200000 /* 2026-11-16 00:00 UTC */

static char found[4000];

static bool on_breach(const struct observed_breach *row, void *context)
{
    size_t *rows = context;
    snprintf(found + strlen(found), sizeof found - strlen(found),
             "%.*s.%.*s %.*s %.*s %.*s%.*s %d/%d %d %.*s\n", (int)row->rule.len, row->rule.data,
             (int)row->reason.len, row->reason.data, (int)row->policy.len, row->policy.data,
             (int)row->action.len, row->action.data, (int)row->login.len, row->login.data,
             (int)row->client.len, row->client.data, (int)row->passed, (int)row->refused,
             (int)((row->last - SINCE) / 86400000), (int)row->id.len, row->id.data);
    return !*rows || --*rows > 0;
}

static bool on_judged(const struct observed_judged *row, void *context)
{
    (void)context;
    snprintf(found + strlen(found), sizeof found - strlen(found), "%.*s %.*s %d\n",
             (int)row->rule.len, row->rule.data, (int)row->policy.len, row->policy.data,
             (int)row->decisions);
    return true;
}

static const struct {
    struct history_filter filter;
    size_t rows; /* to stop after; 0: all */
    const char *breaches;
} cases[] = {
    {{.since = SINCE},
     0,
     "date.missing submission fix bob 1/0 1 01I\n"
     "from.not-owned submission reject alice 2/1 2 01B\n"
     "from.not-owned submission reject 192.0.2.9 1/0 1 01F\n"
     "from.not-owned submission reject bob 1/0 1 01E\n"
     "from.table submission tempfail 192.0.2.9 1/0 1 01G\n"
     "sender.not-owned submission reject bob 0/1 4 01H\n"},
    {{.since = SINCE, .login = "bob", .rule = "from"},
     0,
     "from.not-owned submission reject bob 1/0 1 01E\n"},
    {{.until = SINCE}, 0, "from.not-owned submission reject bob 1/0 -14 01K\n"},
    {{.since = SINCE, .rule = "tls"}, 0, ""},
    {{.since = SINCE}, 1, "date.missing submission fix bob 1/0 1 01I\n"},
    {{.since = SINCE, .login = "' OR 1 --"}, 0, ""},
};

static void test_breaches(void **state)
{
    (void)state;
    struct error error = {""};
    struct history *history = fixture_history(week, WEEK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t rows = cases[i].rows;
        *found = '\0';
        if (!observed_breaches(history, &cases[i].filter, on_breach, &rows, &error))
            fail_msg("%s", error.text);
        assert_string_equal(found, cases[i].breaches);
    }
    history_close(history);
}

static void test_judged(void **state)
{
    (void)state;
    struct error error = {""};
    int64_t count = 0;
    struct history *history = fixture_history(week, WEEK);
    const struct history_filter all = {.since = SINCE};
    const struct history_filter of_bob = {.since = SINCE, .login = "bob", .rule = "from"};
    *found = '\0';
    assert_true(observed_judged(history, &all, on_judged, NULL, &error));
    assert_string_equal(found, "date submission 1\nfrom submission 7\nsender submission 1\n");
    *found = '\0';
    assert_true(observed_judged(history, &of_bob, on_judged, NULL, &error));
    assert_string_equal(found, "from submission 1\n");
    assert_true(observed_decisions(history, &all, &count, &error));
    assert_int_equal(count, WEEK - 1);
    assert_true(observed_decisions(history, &of_bob, &count, &error));
    assert_int_equal(count, 4);
    history_close(history);
}

/* Blanks between, the rule behind the mode, and the words in a client's text. */
static const char *const laid_out[] = {
    ("{\"id\": \"01A\", \"time\": \"2026-11-16T10:00:00.000Z\", \"policy\": \"local\", \"action\": "
     "\"accept\", \"verdicts\": [{\"rule\": \"from\", \"outcome\": \"pass\", \"mode\": "
     "\"observe\"}, {\"rule\": \"tls\", \"outcome\": \"pass\", \"mode\": \"enforce\"}]}"),
    ("{\"id\":\"01B\",\"time\":\"2026-11-16T10:00:00.000Z\",\"policy\":null,\"action\":\"accept\","
     "\"verdicts\":[{\"mode\":\"observe\",\"rule\":\"date\",\"outcome\":\"pass\"},"
     "{\"mode\":\"observe\",\"outcome\":\"pass\",\"rule\":\"from\"}]}"),
    ("{\"id\":\"01C\",\"time\":\"2026-11-16T10:00:00.000Z\",\"policy\":\"local\",\"helo\":"
     "\"{\\\"rule\\\":\\\"tls\\\",\\\"mode\\\":\\\"observe\\\"}\",\"action\":\"accept\","
     "\"verdicts\":[{\"rule\":\"tls\",\"outcome\":\"pass\",\"mode\":\"enforce\"}]}"),
    ("{\"id\":\"01D\",\"time\":\"2026-11-16T10:00:00.000Z\",\"policy\":\"local\",\"helo\":"
     "\"observe\",\"action\":\"accept\"}"),
};

static void test_judged_however_it_is_laid_out(void **state)
{
    (void)state;
    struct error error = {""};
    struct history *history = fixture_history(laid_out, sizeof laid_out / sizeof *laid_out);
    const struct history_filter all = {0};
    *found = '\0';
    if (!observed_judged(history, &all, on_judged, NULL, &error))
        fail_msg("%s", error.text);
    assert_string_equal(found, "date  1\nfrom  1\nfrom local 1\n");
    history_close(history);
}

static void test_an_interrupted_question(void **state)
{
    (void)state;
    struct error error = {""};
    int64_t count;
    size_t rows = 0;
    struct history *history = fixture_history(week, WEEK);
    const struct history_filter all = {0};
    history_interrupt(history);
    assert_false(observed_breaches(history, &all, on_breach, &rows, &error));
    assert_false(observed_judged(history, &all, on_judged, NULL, &error));
    assert_false(observed_decisions(history, &all, &count, &error));
    history_close(history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_breaches),
        cmocka_unit_test(test_judged),
        cmocka_unit_test(test_judged_however_it_is_laid_out),
        cmocka_unit_test(test_an_interrupted_question),
    };
    int failed = cmocka_run_group_tests_name("history_observed", tests, NULL, NULL);
    fixture_done();
    return failed;
}
