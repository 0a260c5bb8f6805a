/* A report on logins that limits, signs of theft and admins held back. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "history_fixture.h"
#include "policy/rule.h"
#include "summary_fixture.h"

#define DAY INT64_C(86400000)
#define NOON SUMMARY_NOON

/* Deferred, of a login that the id begins with; more: further keys. */
static void held(const char *id, int seconds, const char *rule, const char *reason,
                 const char *fact, const char *more)
{
    summary_record(
        id, seconds, "tempfail",
        "\"login\":\"%c\",\"from\":\"%c@e\",\"mail_from\":\"<%c@e>\",\"rcpt_count\":1,"
        "\"rcpts\":[\"<r@e>\"],\"size\":5000,\"rule\":\"%s\",\"reason\":\"%s\",\"verdicts\":[{"
        "\"rule\":\"%s\",\"reason\":\"%s\",\"outcome\":\"violation\",\"mode\":\"enforce\","
        "\"action\":\"tempfail\",\"fact\":\"%s\"}],%s",
        *id, *id, *id, rule, reason, rule, reason, fact, more);
}

#define SIGN(mode, contain)                                                                        \
    "\"login\":\"%s\",\"verdicts\":[{\"rule\":\"many_networks\",\"reason\":\"hour\",\"outcome\":"  \
    "\"violation\",\"mode\":\"" mode "\",\"action\":\"accept\",\"contain\":\"" contain "\"}],"

static void check_contained(const struct summary_contained *row, const char *login,
                            const char *state, const char *cause, int messages, int rcpts)
{
    assert_string_equal(row->login, login);
    assert_string_equal(row->state, state);
    assert_string_equal(row->cause, cause);
    assert_int_equal(row->messages, messages);
    assert_int_equal(row->rcpts, rcpts);
}

static void test_contained(void **state)
{
    (void)state;
    summary_record("a0", 0, "accept", SIGN("enforce", "slow") "\"contained\":\"slowed\",", "a");
    held("a1", 60, "login_state", "slowed", "many_networks.hour", "\"command\":\"RCPT\",");
    held("a2", 70, "login_state", "slowed", "many_networks.hour", "\"command\":\"RCPT\",");
    held("a3", 80, "login_state", "frozen", "by root: phished", "\"command\":\"MAIL\",");
    held("b1", 90, "limits", "contain", "login 31 messages/minute of 30", "");
    held("b2", 91, "limits", "login", "login 61 messages/minute of 60", ""); /* only a limit */
    summary_record("c1", 92, "accept", SIGN("observe", "freeze"), "c");      /* would */
    summary_record("d1", 93, "accept", SIGN("enforce", "freeze"),
                   "d"); /* thawed by an admin, who knows */
    summary_record("e1", 94, "accept", SIGN("enforce", "freeze") "\"contained\":\"frozen\",", "e");
    const struct summary *found = summary_made(NOON, 0);
    assert_int_equal(found->contained.all, 4);
    const struct summary_contained *rows = found->contained.rows;
    check_contained(&rows[0], "a", "slowed", "many_networks.hour", 0, 2);
    assert_int_equal(rows[0].first, NOON);
    assert_int_equal(rows[0].last, NOON + 70000);
    assert_string_equal(rows[0].example, "a2");
    check_contained(&rows[1], "b", "contained", "limits.contain", 1, 0);
    check_contained(&rows[2], "a", "frozen", "by root: phished", 1, 0);
    check_contained(&rows[3], "e", "frozen", "many_networks.hour", 0, 0);
    assert_int_equal(found->would.all, 1);
    assert_string_equal(found->would.rows[0].word, "frozen");
}

/* A sign whose own message does not go on either has taken the login there all the same. */
static void test_contained_by_what_refuses(void **state)
{
    (void)state;
    size_t signs = 0;
    for (size_t i = 0; i < RULE_COUNT; i++) {
        const char *rule = rules[i]->name;
        char id[3] = {(char)('a' + signs), '1', '\0'};
        if (!rules[i]->counted || strcmp(rule, "limits") == 0 || strcmp(rule, "login_state") == 0)
            continue;
        summary_record(
            id, (int)signs++, "reject",
            "\"login\":\"%c\",\"rule\":\"envelope\",\"reason\":\"not-owned\",\"command\":"
            "\"MAIL\",\"verdicts\":[{\"rule\":\"envelope\",\"reason\":\"not-owned\","
            "\"outcome\":\"violation\",\"mode\":\"enforce\",\"action\":\"reject\"},{\"rule\":"
            "\"%s\",\"reason\":\"hour\",\"outcome\":\"violation\",\"mode\":\"enforce\","
            "\"action\":\"tempfail\",\"contain\":\"freeze\"}],\"contained\":\"frozen\",",
            *id, rule);
    }
    /* then = "nothing" beside another one; and one that only refuses. */
    summary_record(
        "y1", 100, "tempfail",
        "\"login\":\"y\",\"rule\":\"many_refusals\",\"reason\":\"hour\",\"verdicts\":[{"
        "\"rule\":\"many_refusals\",\"reason\":\"hour\",\"outcome\":\"violation\",\"mode\":"
        "\"enforce\",\"action\":\"tempfail\"},{\"rule\":\"many_networks\",\"reason\":\"day\","
        "\"outcome\":\"violation\",\"mode\":\"enforce\",\"action\":\"accept\",\"contain\":"
        "\"slow\"}],\"contained\":\"slowed\",");
    held("z1", 101, "many_refusals", "hour", "", "");
    const struct summary *found = summary_made(NOON, 0);
    assert_int_equal(signs, 5);
    assert_int_equal(found->contained.all, signs + 1);
    check_contained(&found->contained.rows[0], "y", "slowed", "many_networks.day", 0, 0);
    for (size_t i = 0; i < signs; i++) {
        const struct summary_contained *row = &found->contained.rows[signs - i];
        assert_int_equal(row->login[0], 'a' + i);
        assert_string_equal(row->state, "frozen");
        assert_non_null(strstr(row->cause, ".hour"));
    }
}

/* The same message. */
static void passed(const char *id, int seconds)
{
    summary_record(id, seconds, "accept",
                   "\"login\":\"%c\",\"from\":\"%c@e\",\"mail_from\":\"<%c@e>\",\"rcpt_count\":1,"
                   "\"rcpts\":[\"<r@e>\"],\"size\":5000,",
                   *id, *id, *id);
}

static void test_no_friction_of_limits(void **state)
{
    (void)state;
    held("a1", 0, "limits", "login", "", ""); /* as it was asked: later */
    held("b1", 0, "login_state", "slowed", "by root", "");
    passed("a2", 60);
    passed("b2", 60);
    assert_int_equal(summary_made(NOON, 0)->friction.all, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_contained, summary_fixture_done),
        cmocka_unit_test_teardown(test_contained_by_what_refuses, summary_fixture_done),
        cmocka_unit_test_teardown(test_no_friction_of_limits, summary_fixture_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
