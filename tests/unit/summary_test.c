/* A report's figures, of records that are made for each of them. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "history/buckets.h"
#include "history/percentile.h"
#include "history_fixture.h"
#include "summary_fixture.h"

#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)
#define NOON SUMMARY_NOON
#define COUNT(array) (sizeof(array) / sizeof *(array))

static void test_percentiles(void **state)
{
    (void)state;
    uint32_t numbers[] = {50, 15, 40, 20, 35};
    percentile_sort(numbers, COUNT(numbers));
    assert_int_equal(percentile_of(numbers, 5, 0), 15);
    assert_int_equal(percentile_of(numbers, 5, 30), 20);
    assert_int_equal(percentile_of(numbers, 5, 40), 20);
    assert_int_equal(percentile_of(numbers, 5, 50), 35);
    assert_int_equal(percentile_of(numbers, 5, 95), 50);
    assert_int_equal(percentile_of(numbers, 5, 100), 50);
    assert_int_equal(percentile_of(numbers, 1, 99), 15);
    percentile_sort(NULL, 0);
    assert_int_equal(percentile_of(NULL, 0, 50), 0);
}

static void check_buckets(int64_t begin, int64_t end)
{
    int64_t begins[96], length;
    size_t count = buckets_cut(begin, end, COUNT(begins), begins, &length);
    assert_true(count >= 1 && count <= COUNT(begins));
    assert_true(begins[0] <= begin);
    for (size_t i = 1; i < count; i++)
        assert_true(begins[i] > begins[i - 1] && begins[i] < end);
    assert_true(begins[count - 1] + 4 * length >= end);
}

/* Berlin: the clock goes back on 2026-10-25 and forward on 2027-03-28. */
static void test_buckets(void **state)
{
    (void)state;
    int64_t begins[96], length;
    for (int64_t span = 1; span < 8000 * DAY; span += span / 5 + 1)
        check_buckets(NOON - 40 * DAY, NOON - 40 * DAY + span);
    assert_int_equal(buckets_cut(NOON, NOON, 96, begins, &length), 1);
    assert_int_equal(buckets_cut(NOON, NOON + HOUR, 96, begins, &length), 60);
    assert_int_equal(length, 60000);
    /* 7 days are 3 hours each, from 12:00 in Berlin, an hour before */
    assert_int_equal(buckets_cut(NOON, NOON + 7 * DAY, 96, begins, &length), 57);
    assert_int_equal(length, 3 * HOUR);
    assert_int_equal(begins[0], NOON - HOUR);
    /* Days over the day that had 25 hours. */
    size_t count = buckets_cut(NOON - 30 * DAY, NOON + 30 * DAY, 96, begins, &length);
    int64_t longest = 0;
    assert_int_equal(length, DAY);
    for (size_t i = 0; i + 1 < count; i++) {
        time_t at = (time_t)(begins[i] / 1000);
        struct tm local;
        assert_int_equal(localtime_r(&at, &local)->tm_hour, 0);
        longest = begins[i + 1] - begins[i] > longest ? begins[i + 1] - begins[i] : longest;
    }
    assert_int_equal(longest, 25 * HOUR);
}

static void test_nothing(void **state)
{
    (void)state;
    const struct summary *found = summary_made(NOON, 0);
    assert_int_equal(found->decisions, 0);
    assert_int_equal(found->since, NOON);
    assert_int_equal(found->until, NOON + DAY);
    assert_int_equal(found->newest, 0);
    assert_int_equal(found->latency.count, 0);
    assert_int_equal(found->people.count, 0);
}

static void test_counts(void **state)
{
    (void)state;
    summary_record("1", 0, "accept", "\"login\":\"a\",");
    summary_record("2", 10, "fix", "\"login\":\"a\",\"rule\":\"date\",\"reason\":\"missing\",");
    summary_record("3", 20, "reject",
                   "\"login\":\"b\",\"rule\":\"from\",\"reason\":\"not-owned\",");
    summary_record("4", 3600, "tempfail",
                   "\"login\":\"b\",\"rule\":\"dkim\",\"reason\":\"no-key\",");
    summary_record("5", 3601, "reject",
                   "\"command\":\"MAIL\",\"rule\":\"auth\",\"reason\":\"none\",");
    summary_record("6", 7200, "accept", "\"login\":\"c\",");
    const struct summary *found = summary_made(NOON, NOON + 2 * HOUR);
    assert_int_equal(found->decisions, 5); /* the last one is of the next span */
    assert_int_equal(found->messages, 4);
    assert_int_equal(found->logins, 2);
    assert_int_equal(found->stopped, 1);
    assert_int_equal(found->counts[SUMMARY_ACCEPTED], 1);
    assert_int_equal(found->counts[SUMMARY_FIXED], 1);
    assert_int_equal(found->counts[SUMMARY_QUARANTINED], 0);
    assert_int_equal(found->counts[SUMMARY_DEFERRED], 1);
    assert_int_equal(found->counts[SUMMARY_REFUSED], 2);
    assert_int_equal(found->first, NOON);
    assert_int_equal(found->last, NOON + 3601000);
    int64_t in_buckets = 0;
    for (size_t i = 0; i < found->bucket_count; i++)
        for (size_t k = 0; k < SUMMARY_OUTCOMES; k++) {
            int64_t count = found->buckets[i].counts[k];
            in_buckets += count;
            if (count && k == SUMMARY_DEFERRED)
                assert_int_equal(found->buckets[i].begin, NOON + HOUR);
        }
    assert_int_equal(in_buckets, 5);
}

static void test_people_and_reasons(void **state)
{
    (void)state;
    static const char from[] = "\"login\":\"%s\",\"rule\":\"from\",\"reason\":\"not-owned\",";
    summary_record("1", 0, "reject", from, "a");
    summary_record("2", 1, "reject", from, "b");
    summary_record("3", 2, "reject", from, "b");
    summary_record("4", 3, "tempfail", "\"login\":\"b\",\"rule\":\"dkim\",\"reason\":\"no-key\",");
    summary_record("5", 4, "accept", "\"login\":\"b\",");
    summary_record("6", 5, "reject", "\"rule\":\"auth\",\"reason\":\"none\",");
    const struct summary *found = summary_made(NOON, 0);
    assert_int_equal(found->people.count, 3);
    const struct summary_person *b = &found->people.rows[0];
    assert_string_equal(b->login, "b");
    assert_int_equal(b->refused, 2);
    assert_int_equal(b->deferred, 1);
    assert_int_equal(b->all, 4);
    assert_string_equal(b->rule, "from");
    assert_string_equal(b->reason, "not-owned");
    assert_int_equal(b->count, 2);
    assert_string_equal(b->example, "3");
    assert_null(found->people.rows[1].login);
    assert_int_equal(found->people.rows[1].all, 1);
    assert_int_equal(found->reasons.count, 3);
    assert_string_equal(found->reasons.rows[0].rule, "from");
    assert_int_equal(found->reasons.rows[0].count, 3);
    assert_int_equal(found->reasons.rows[0].logins, 2);
    assert_string_equal(found->reasons.rows[0].example, "3");
}

static void test_lists_are_cut(void **state)
{
    (void)state;
    for (int i = 0; i < 2 * SUMMARY_TOP; i++) {
        char id[10];
        snprintf(id, sizeof id, "%d", i);
        summary_record(id, i, "reject", "\"login\":\"p%d\",\"rule\":\"from\",\"reason\":\"r%d\",",
                       i, i);
    }
    const struct summary *found = summary_made(NOON, 0);
    assert_int_equal(found->people.count, SUMMARY_TOP);
    assert_int_equal(found->people.all, 2 * SUMMARY_TOP);
    assert_int_equal(found->reasons.count, SUMMARY_TOP);
    assert_int_equal(found->reasons.all, 2 * SUMMARY_TOP);
}

static void test_would_have_been(void **state)
{
    (void)state;
    static const char verdict[] = "{\"rule\":\"%s\",\"outcome\":\"violation\",\"mode\":\"%s\","
                                  "\"reason\":\"r\",\"action\":\"reject\",\"fact\":\"\"}";
    char observed[300], enforced[300];
    snprintf(observed, sizeof observed, verdict, "from", "observe");
    snprintf(enforced, sizeof enforced, verdict, "sender", "enforce");
    summary_record("1", -60, "accept", "\"login\":\"a\",\"verdicts\":[%s],",
                   observed); /* before the span */
    summary_record("2", 1, "accept", "\"login\":\"a\",\"verdicts\":[%s],", observed);
    summary_record("3", 2, "fix", "\"login\":\"b\",\"verdicts\":[%s],", observed);
    summary_record("4", 3, "reject", "\"login\":\"b\",\"verdicts\":[%s,%s],", observed, enforced);
    summary_record("5", 4, "quarantine", "\"login\":\"c\",\"verdicts\":[%s,%s],", observed,
                   enforced);
    const struct summary *found = summary_made(NOON, 0);
    assert_int_equal(found->would.count, 1);
    assert_string_equal(found->would.rows[0].rule, "from");
    assert_int_equal(found->would.rows[0].count, 2);
    assert_int_equal(found->would.rows[0].logins, 2);
    assert_int_equal(found->would.rows[0].outcome, SUMMARY_REFUSED);
    assert_string_equal(found->would.rows[0].example, "3");
}

#define MAIL                                                                                       \
    "\"login\":\"%s\",\"from\":\"%s\",\"mail_from\":\"<%s>\",\"rcpt_count\":1,\"rcpts\":[\"<%s>"   \
    "\"],"                                                                                         \
    "\"size\":%d,\"rule\":%s,\"reason\":\"r\","

static void attempt(const char *id, int seconds, const char *action, const char *login,
                    const char *from, const char *rcpt, int size)
{
    summary_record(id, seconds, action, MAIL, login, from, login, rcpt, size,
                   strcmp(action, "accept") == 0 ? "null" : "\"from\"");
}

static void test_friction(void **state)
{
    (void)state;
    attempt("a1", 0, "reject", "a", "x@e", "r@e", 5000); /* twice, then the same passes */
    attempt("a2", 60, "reject", "a", "x@e", "r@e", 5000);
    attempt("a3", 120, "accept", "a", "x@e", "r@e", 5100);
    attempt("b1", 0, "reject", "b", "private@e", "r@e", 5000); /* From was changed */
    attempt("b2", 60, "accept", "b", "b@e", "r@e", 5050);
    attempt("c1", 0, "tempfail", "c", "c@e", "r@e", 5000); /* other recipients, the same size */
    attempt("c2", 60, "accept", "c", "c@e", "s@e", 5000);
    attempt("d1", 0, "reject", "d", "d@e", "r@e", 5000); /* a reply that was rewritten */
    attempt("d2", 60, "accept", "d", "d@e", "r@e", 9000);
    const struct summary *found = summary_made(NOON, 0);
    assert_int_equal(found->friction.count, 4);
    assert_int_equal(found->friction.all, 4);
    const struct summary_friction *newest = &found->friction.rows[0];
    assert_string_equal(newest->login, "a");
    assert_int_equal(newest->tries, 2);
    assert_false(newest->changed);
    assert_string_equal(newest->refused_id, "a1");
    assert_string_equal(newest->passed_id, "a3");
    assert_int_equal(newest->passed - newest->refused, 120000);
    for (size_t i = 1; i < 4; i++) {
        const struct summary_friction *row = &found->friction.rows[i];
        assert_int_equal(row->changed, strcmp(row->login, "b") == 0);
        if (row->changed)
            assert_string_equal(row->refused_from, "private@e");
    }
}

static void test_no_friction(void **state)
{
    (void)state;
    attempt("a1", 0, "reject", "a", "x@e", "r@e", 5000); /* an hour has passed */
    attempt("a2", 3601, "accept", "a", "x@e", "r@e", 5000);
    attempt("b1", 0, "reject", "b", "x@e", "r@e", 5000); /* somebody else's */
    attempt("c2", 60, "accept", "c", "x@e", "r@e", 5000);
    attempt("d1", 0, "reject", "d", "ceo@e", "r@e",
            5000); /* another mail: other From and recipient */
    attempt("d2", 60, "accept", "d", "d@e", "s@e", 5000);
    attempt("e1", 0, "reject", "e", "e@e", "r@e", 5000); /* another size and recipient */
    attempt("e2", 60, "accept", "e", "e@e", "s@e", 9000);
    attempt("f1", 0, "accept", "f", "f@e", "r@e", 5000); /* it passed first */
    attempt("f2", 60, "reject", "f", "f@e", "r@e", 5000);
    assert_int_equal(summary_made(NOON, 0)->friction.all, 0);
}

static void test_friction_at_mail(void **state)
{
    (void)state;
    summary_record(
        "a1", 0, "reject",
        "\"command\":\"MAIL\",\"login\":\"a\",\"mail_from\":\"<a@e>\",\"from\":\"\",\"rule\":"
        "\"tls\",");
    summary_record("a2", 60, "accept", "\"login\":\"a\",\"mail_from\":\"<a@e>\",\"from\":\"a@e\",");
    summary_record(
        "b1", 0, "reject",
        "\"command\":\"RCPT\",\"login\":\"b\",\"mail_from\":\"<b@e>\",\"from\":\"\",\"rule\":"
        "\"x\",");
    summary_record("b2", 60, "accept", "\"login\":\"b\",\"mail_from\":\"<b@e>\",\"from\":\"b@e\",");
    const struct summary *found = summary_made(NOON, 0);
    assert_int_equal(found->friction.all, 1);
    assert_string_equal(found->friction.rows[0].refused_from, "a@e");
}

static void from_client(const char *id, int seconds, const char *login, const char *client)
{
    summary_record(id, seconds, "accept", "\"login\":\"%s\",\"client\":\"%s\",", login, client);
}

static void test_new_networks(void **state)
{
    (void)state;
    from_client("1", -7200, "a", "192.0.2.1");
    from_client("2", -3600, "b", "198.51.100.1");
    from_client("3", 0, "a", "192.0.2.99"); /* the same network */
    from_client("4", 1, "a", "203.0.113.5");
    from_client("5", 2, "a", "203.0.113.6");
    from_client("6", 3, "c", "203.0.113.7"); /* never seen: the history reaches back */
    from_client("7", 4, "b", "2001:db8:1:2::3");
    const struct summary *found = summary_made(NOON, 0);
    assert_int_equal(found->networks.count, 3);
    for (size_t i = 0; i < 3; i++) {
        const struct summary_network *row = &found->networks.rows[i];
        if (strcmp(row->login, "a") == 0) {
            assert_string_equal(row->network, "203.0.113.0/24");
            assert_string_equal(row->client, "203.0.113.5");
            assert_int_equal(row->let_go, 2);
            assert_int_equal(row->known, 1);
            assert_string_equal(row->usual, "192.0.2.0/24");
            assert_int_equal(row->first, NOON + 1000);
        } else if (strcmp(row->login, "b") == 0) {
            assert_string_equal(row->network, "2001:db8:1:2::/64");
        } else {
            assert_int_equal(row->known, 0);
            assert_null(row->usual);
        }
    }
}

/* Where nothing is known from before, a login's first network is not new. */
static void test_networks_without_a_past(void **state)
{
    (void)state;
    from_client("1", 0, "a", "192.0.2.1");
    from_client("2", 60, "a", "203.0.113.5");
    from_client("3", 60, "b", "203.0.113.5");
    const struct summary *found = summary_made(NOON, 0);
    assert_int_equal(found->networks.count, 1);
    assert_string_equal(found->networks.rows[0].network, "203.0.113.0/24");
    assert_string_equal(found->networks.rows[0].usual, "192.0.2.0/24");
    assert_int_equal(found->networks.rows[0].known, 1);
}

static void check_domain(const struct summary_signing *row)
{
    assert_string_equal(row->domain, "e.org");
    assert_int_equal(row->signed_mail, 2);
    assert_int_equal(row->unsigned_mail, 1);
    assert_string_equal(row->example, "3");
}

static void test_signing(void **state)
{
    (void)state;
    static const char keys[] = "\"signatures\":[{\"d\":\"e.org\",\"s\":\"s\",\"a\":\"rsa-sha256\"},"
                               "{\"d\":\"e.org\",\"s\":\"t\",\"a\":\"ed25519-sha256\"}],";
    summary_record("1", 0, "accept", "%s\"login\":\"a\",\"from\":\"a@E.org\",", keys);
    summary_record("2", 1, "accept", "%s\"from\":\"\\\"x..y\\\"@e.org\",", keys); /* a web form's */
    summary_record("3", 2, "fix", "\"login\":\"a\",\"from\":\"a@e.org\",");
    summary_record("4", 3, "reject", "\"login\":\"a\",\"from\":\"a@e.org\",");
    summary_record("5", 4, "accept",
                   "\"from\":\"stranger@else.example\","); /* inbound: not ours to sign */
    summary_record("6", 5, "accept",
                   "\"login\":\"a\",\"from\":\"Bob <bob@e.org>\","); /* as it stood */
    summary_record("7", 6, "accept",
                   "\"login\":\"a\",\"from\":\"a@e.org, \\u0001b@other.example\",");
    summary_record("8", 7, "accept", "\"login\":\"a\",\"from\":\"root\",");
    summary_record("9", 8, "accept", "\"login\":\"a\","); /* without one */
    const struct summary *found = summary_made(NOON, 0);
    assert_int_equal(found->signing.count, 3);
    assert_string_equal(found->signing.rows[0].domain, "");
    assert_int_equal(found->signing.rows[0].unsigned_mail, 3);
    assert_string_equal(found->signing.rows[0].example, "8");
    assert_null(found->signing.rows[2].domain);
    assert_int_equal(found->signing.rows[2].unsigned_mail, 1);
    check_domain(&found->signing.rows[1]);
}

static void test_tls(void **state)
{
    (void)state;
    summary_record("1", 0, "accept",
                   "\"login\":\"a\",\"tls_version\":\"TLSv1.3\",\"auth_mech\":\"PLAIN\",");
    summary_record("2", 1, "accept",
                   "\"login\":\"b\",\"tls_version\":\"TLSv1.3\",\"auth_mech\":\"LOGIN\",");
    summary_record("3", 2, "accept",
                   "\"login\":\"b\",\"tls_version\":null,\"auth_mech\":\"PLAIN\",");
    summary_record("4", 3, "reject", "\"tls_version\":\"TLSv1\","); /* nobody logged in */
    const struct summary *found = summary_made(NOON, 0);
    assert_int_equal(found->tls.count, 2);
    assert_string_equal(found->tls.rows[0].name, "TLSv1.3");
    assert_int_equal(found->tls.rows[0].logins, 2);
    assert_null(found->tls.rows[1].name);
    assert_int_equal(found->mechanisms.count, 2);
    assert_string_equal(found->mechanisms.rows[0].name, "PLAIN");
    assert_int_equal(found->mechanisms.rows[0].count, 2);
}

static void test_spread(void **state)
{
    (void)state;
    for (size_t i = 1; i < SUMMARY_DELAYS; i++)
        assert_true(summary_delay(i) > summary_delay(i - 1));
    summary_record("1", 0, "accept", "\"login\":\"a\",");
    summary_record("2", 1, "reject", "\"command\":\"MAIL\",\"login\":\"a\",");
    const struct summary *found = summary_made(NOON, 0);
    assert_int_equal(found->latency.count, 1); /* refused commands take no time */
    assert_int_equal(found->latency.max, 7);
    assert_int_equal(found->latency.spread[0], 1);
}

int main(void)
{
    setenv("TZ", "Europe/Berlin", 1);
    tzset();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_percentiles),
        cmocka_unit_test(test_buckets),
        cmocka_unit_test_teardown(test_nothing, summary_fixture_done),
        cmocka_unit_test_teardown(test_counts, summary_fixture_done),
        cmocka_unit_test_teardown(test_people_and_reasons, summary_fixture_done),
        cmocka_unit_test_teardown(test_lists_are_cut, summary_fixture_done),
        cmocka_unit_test_teardown(test_would_have_been, summary_fixture_done),
        cmocka_unit_test_teardown(test_friction, summary_fixture_done),
        cmocka_unit_test_teardown(test_no_friction, summary_fixture_done),
        cmocka_unit_test_teardown(test_friction_at_mail, summary_fixture_done),
        cmocka_unit_test_teardown(test_new_networks, summary_fixture_done),
        cmocka_unit_test_teardown(test_networks_without_a_past, summary_fixture_done),
        cmocka_unit_test_teardown(test_signing, summary_fixture_done),
        cmocka_unit_test_teardown(test_tls, summary_fixture_done),
        cmocka_unit_test_teardown(test_spread, summary_fixture_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
