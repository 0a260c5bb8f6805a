/* What was counted, in a record and back: all of it, nothing of what somebody broke, and what the
 * line for syslog says of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gate/record.h"
#include "gate/record_limits.h"
#include "gate/recorded.h"
#include "gate/replay.h"
#include "tests/unit/case_judge.h"
#include "tests/unit/recording.h"

static struct snapshot *snapshot;

static int begin(void **state)
{
    (void)state;
    const struct policy_case plain = {0};
    if (!case_begin())
        return -1;
    snapshot = case_snapshot(&plain);
    return snapshot ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    case_end();
    return 0;
}

/* Every number another. */
static void count_all(struct facts_limits *limits)
{
    static const char *const names[] = {"alice@example.com", "sa\xc3les",    "example.com",
                                        "192.0.2.7",         "192.0.2.0/24", "all"};
    int64_t number = 1;
    limits->state = FACT_KNOWN;
    for (size_t i = 0; i < SUBJECT_COUNT; i++) {
        limits->subjects[i].name = bytes_of(names[i]);
        for (size_t j = 0; j < QUANTITY_COUNT; j++)
            for (size_t k = 0; k < WINDOW_COUNT; k++)
                limits->subjects[i].counted.counts[j][k] = number++;
    }
    limits->subjects[SUBJECT_LOGIN].counted.counts[QUANTITY_MESSAGES][WINDOW_MINUTE] = 61;
    limits->subjects[SUBJECT_CLIENT].counted = (struct counters){0};
    limits->subjects[SUBJECT_HOST].counted.counts[QUANTITY_NEW][WINDOW_HOUR] = RECORD_COUNT_MAX;
    for (const struct record_habit *row = record_habit_keys; row->name; row++, number++)
        memcpy((char *)&limits->habit + row->offset, &number, sizeof number);
    limits->standing = (struct login_standing){LOGIN_SLOWED, 1789999000, 1790007200,
                                               BYTES("by root: \"phished\"")};
    limits->degraded = true;
    limits->hosts = 3;
    limits->rcpt_is_known = true;
}

static struct message *counted_message(void)
{
    struct message *message = recording_message(snapshot);
    count_all(&message->facts.limits);
    message_mail(message, BYTES("<alice@example.com>"), false);
    assert_true(message_rcpt(message, BYTES("<bob@example.net>")));
    message->facts.limits.new_rcpts = 2;
    message->facts.limits.unknown_rcpts = 5;
    message_field(message, BYTES("From"), BYTES(" alice@example.com"));
    message_body(message, BYTES("Hello\r\n"));
    return message;
}

static void same_bytes(struct bytes a, struct bytes b)
{
    assert_int_equal(a.len, b.len);
    if (a.len)
        assert_memory_equal(a.data, b.data, a.len);
}

static void same_limits(const struct facts_limits *a, const struct facts_limits *b)
{
    assert_int_equal(a->state, b->state);
    for (size_t i = 0; i < SUBJECT_COUNT; i++) {
        if (i != SUBJECT_GROUP) /* no UTF-8 */
            same_bytes(a->subjects[i].name, b->subjects[i].name);
        assert_memory_equal(&a->subjects[i].counted, &b->subjects[i].counted,
                            sizeof a->subjects[i].counted);
    }
    assert_int_equal(a->standing.state, b->standing.state);
    assert_int_equal(a->standing.since, b->standing.since);
    assert_int_equal(a->standing.until, b->standing.until);
    same_bytes(a->standing.cause, b->standing.cause);
    assert_memory_equal(&a->habit, &b->habit, sizeof a->habit);
    assert_int_equal(a->new_rcpts, b->new_rcpts);
    assert_int_equal(a->unknown_rcpts, b->unknown_rcpts);
    assert_int_equal(a->degraded, b->degraded);
    assert_int_equal(a->hosts, b->hosts);
}

static void test_all_comes_back(void **state)
{
    (void)state;
    struct message *message = counted_message();
    struct facts_limits before = message->facts.limits;
    message_end(message);
    struct recorded *recorded = recording_read_back(message);
    same_limits(&before, &recorded->limits);
    same_limits(&before, &recorded->settled);
    recorded_free(recorded);
    message_free(message);
}

/* Others send at the same time, and a sign may have led to another state. */
static void test_what_settled_comes_back(void **state)
{
    (void)state;
    struct message *message = counted_message();
    struct facts_limits before = message->facts.limits;
    message_end(message);
    struct facts_limits *now = &message->facts.limits;
    now->subjects[SUBJECT_LOGIN].counted.counts[QUANTITY_MESSAGES][WINDOW_DAY]++;
    now->subjects[SUBJECT_HOST].counted = (struct counters){0};
    now->standing =
        (struct login_standing){LOGIN_FROZEN, 1790000000, 0, BYTES("new_client.changed")};
    now->degraded = false;
    now->hosts = 0;
    struct recorded *recorded = recording_read_back(message);
    same_limits(&before, &recorded->limits);
    same_limits(now, &recorded->settled);
    recorded_free(recorded);
    message_free(message);
}

static void test_a_refused_recipient(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct message *message = recording_message(snapshot);
        struct facts_limits *limits = &message->facts.limits;
        limits->state = FACT_KNOWN;
        limits->rcpt_is_new = i & 1;
        limits->rcpt_is_known = i & 2;
        message_mail(message, BYTES("<alice@example.com>"), false);
        message_rcpt(message, BYTES("<bob@example.net>"));
        message->refused_command = "RCPT";
        struct recorded *recorded = recording_read_back(message);
        assert_int_equal(recorded->limits.state, FACT_KNOWN);
        assert_int_equal(recorded->limits.rcpt_is_new, i & 1);
        assert_int_equal(recorded->limits.rcpt_is_known, (i & 2) != 0);
        recorded_free(recorded);
        message_free(message);
    }
}

static void test_nothing_counted(void **state)
{
    (void)state;
    const struct record_context context = {.now = 1};
    struct message *message = recording_message(snapshot);
    struct json json;
    message_mail(message, BYTES("<alice@example.com>"), false);
    json_init(&json);
    record_write_json(message, &context, &json);
    assert_null(strstr(json.data, "\"limits\":"));
    json_done(&json);
    struct recorded *recorded = recording_read_back(message);
    assert_int_equal(recorded->limits.state, FACT_ABSENT);
    recorded_free(recorded);
    message_free(message);
}

#define LIMITS(text)                                                                               \
    "{\"id\":\"01M7YSJFJMHBZR0VXV1RVZ4QPG\",\"action\":\"accept\",\"login\":\"alice\","            \
    "\"client\":\"192.0.2.7\",\"limits\":" text "}"
#define LOGIN(text) LIMITS("{\"login\":{" text "}}")

static void test_broken(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected; /* NULL: it is taken */
    } cases[] = {
        {LIMITS("{}"), NULL},
        {LIMITS("null"), NULL},
        {LIMITS("{\"login\":null,\"client\":{},\"habit\":{},\"settled\":{},\"else\":[[]]}"), NULL},
        {LIMITS("7"), "limits: expected an object"},
        {LIMITS("[]"), "limits: expected an object"},
        {LIMITS("{\"login\":[]}"), "login: expected an object"},
        {LIMITS("{\"group\":{}}"), "group: expected an object with a name"},
        {LIMITS("{\"network\":{\"name\":\"\"}}"), "network: expected an object with a name"},
        {LIMITS("{\"network\":{\"name\":7}}"), "name: expected text"},
        {LOGIN("\"messages\":7"), "messages: expected a list"},
        {LOGIN("\"messages\":{}"), "messages: expected a list"},
        {LOGIN("\"messages\":[]"), NULL},
        {LOGIN("\"messages\":[1,2]"), "messages: expected a list of three"},
        {LOGIN("\"messages\":[1,2,3,4]"), "messages: expected a list of three"},
        {LOGIN("\"messages\":[1,2,\"3\"]"), "messages: expected a list of three"},
        {LOGIN("\"messages\":[1,2,null]"), "messages: expected a list of three"},
        {LOGIN("\"messages\":[1,2,[3]]"), "messages: expected a list of three"},
        {LOGIN("\"messages\":[1,2,3.0]"), "messages: expected a list of three"},
        {LOGIN("\"messages\":[1,2,3e2]"), "messages: expected a list of three"},
        {LOGIN("\"messages\":[-1,2,3]"), "messages: expected a list of three"},
        {LOGIN("\"bytes\":[1,2,1000000000000000]"), NULL},
        {LOGIN("\"bytes\":[1,2,1000000000000001]"), "bytes: expected a list of three"},
        {LOGIN("\"bytes\":[9223372036854775807,2,1]"), "bytes: expected a list of three"},
        {LOGIN("\"bytes\":[1,2,1000000000000000000000000000000]"), "64 bits"},
        {LOGIN("\"messages\":[1,2,3],\"messages\":[9,9,9]"), NULL},
        {LOGIN("\"messages\":[1,2,3],\"messages\":7"), NULL},
        {LOGIN("\"messages\":[1,2,3]},\"login\":{\"messages\":[9,9,9]"), NULL},
        {LIMITS("{\"habit\":7}"), "habit: expected an object"},
        {LIMITS("{\"habit\":{\"clients\":-1}}"), "clients: expected a number from 0"},
        {LIMITS("{\"habit\":{\"clients\":\"1\"}}"), "clients: expected a number"},
        {LIMITS("{\"habit\":{\"since\":1000000000000001}}"), "since: expected a number up to"},
        {LIMITS("{\"habit\":{\"hour_permille\":1001}}"), "hour_permille: expected"},
        {LIMITS("{\"standing\":true}"), "standing: expected an object"},
        {LIMITS("{\"standing\":{}}"), "standing: expected an object with a state"},
        {LIMITS("{\"standing\":{\"state\":\"dead\"}}"), "state: expected one of"},
        {LIMITS("{\"standing\":{\"state\":\"slowed\",\"until\":-7}}"), "until: expected"},
        {LIMITS("{\"standing\":{\"state\":\"slowed\",\"cause\":{}}}"), "cause: expected text"},
        {LIMITS("{\"new_rcpts\":-1}"), "new_rcpts: expected"},
        {LIMITS("{\"unknown_rcpts\":9223372036854775807}"), "unknown_rcpts: expected"},
        {LIMITS("{\"rcpt_is_new\":1}"), "rcpt_is_new: expected true or false"},
        {LIMITS("{\"rcpt_is_known\":\"true\"}"), "rcpt_is_known: expected true or false"},
        {LIMITS("{\"degraded_hosts\":true}"), "degraded_hosts: expected a number"},
        {LIMITS("{\"settled\":[1]}"), "settled: expected an object"},
        {LIMITS("{\"settled\":{\"login\":{\"new\":[1]}}}"), "new: expected a list of three"},
        {LIMITS("{\"settled\":{\"domain\":{}}}"), "domain: expected an object with a name"},
        {LIMITS("{\"settled\":{\"standing\":{\"state\":1}}}"), "state: expected text"},
        {LIMITS("[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]"), "no JSON"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct recorded *recorded = NULL;
        struct replayed replayed;
        struct error error = {""};
        if (!recorded_new(bytes_of(cases[i].text), &recorded, &error)) {
            if (!cases[i].expected || !strstr(error.text, cases[i].expected))
                fail_msg("%s: %s", cases[i].text, error.text);
            continue;
        }
        if (cases[i].expected)
            fail_msg("taken: %s", cases[i].text);
        assert_true(replay_judge(snapshot, recorded, &replayed, &error));
        replay_done(&replayed);
        recorded_free(recorded);
    }
}

/* Of two with one name the first, as everywhere in a record. */
static void test_twice(void **state)
{
    (void)state;
    struct recorded *recorded;
    struct error error;
    assert_true(recorded_new(BYTES(LOGIN("\"new\":[1,2,3],\"new\":[9,9,9]},\"login\":{")),
                             &recorded, &error));
    assert_int_equal(
        recorded->limits.subjects[SUBJECT_LOGIN].counted.counts[QUANTITY_NEW][WINDOW_DAY], 3);
    same_bytes(recorded->limits.subjects[SUBJECT_LOGIN].name, BYTES("alice"));
    recorded_free(recorded);
}

static void test_line(void **state)
{
    (void)state;
    const struct record_context context = {.now = 1};
    struct message *message = counted_message();
    char line[4096];
    message_end(message);
    record_write_line(message, &context, line, sizeof line);
    assert_non_null(strstr(line, " standing=slowed "));
    assert_non_null(strstr(line, " degraded_hosts=3 "));
    assert_null(strstr(line, " contained="));
    assert_non_null(strstr(line, " would=tempfail:limits.login "));
    assert_non_null(strstr(line, " limit=\"login 62 messages/minute of 60\" "));
    struct judged *judged = &message->decision.judged[RULE_tls];
    judged->verdict.contain = LOGIN_FROZEN;
    judged->verdict.reason = "hour";
    judged->mode = MODE_OBSERVE;
    record_write_line(message, &context, line, sizeof line);
    assert_non_null(strstr(line, " would=freeze:tls.hour "));
    judged->mode = MODE_ENFORCE;
    message->decision.contain = LOGIN_FROZEN;
    message->decision.container = RULE_tls;
    record_write_line(message, &context, line, sizeof line);
    assert_null(strstr(line, " contained=")); /* as after a thaw */
    message->contained = true;
    record_write_line(message, &context, line, sizeof line);
    assert_non_null(strstr(line, " contained=frozen:tls.hour "));
    assert_null(strstr(line, " would=freeze"));
    message_free(message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_comes_back),
        cmocka_unit_test(test_what_settled_comes_back),
        cmocka_unit_test(test_a_refused_recipient),
        cmocka_unit_test(test_nothing_counted),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_twice),
        cmocka_unit_test(test_line),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
