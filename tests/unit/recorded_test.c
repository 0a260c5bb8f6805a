/* Records read back: all that was written, nothing of what somebody broke. */
#include "gate/recorded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gate/record.h"
#include "gate/replay.h"
#include "tests/unit/case_judge.h"

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

static char *text_of(const struct message *message)
{
    const struct record_context context = {.now = message->began + 3, .queue_id = BYTES("4XyZ")};
    struct json json;
    json_init(&json);
    record_write_json(message, &context, &json);
    assert_false(json.failed);
    return json.data;
}

static struct recorded *read_back(const char *text)
{
    struct recorded *recorded;
    struct error error = {""};
    if (!recorded_new(bytes_of(text), &recorded, &error))
        fail_msg("%s", error.text);
    return recorded;
}

static char long_name[1500];

/* Bytes of all kinds in every place. */
static struct message *odd_message(void)
{
    memset(long_name, 'x', sizeof long_name);
    const struct message_session session = {
        .connection = {.mta = MTA_SENDMAIL,
                       .mta_host = BYTES("mail\xff.example.com"),
                       .smtp = true,
                       .client_address = BYTES("192.0.2.\xfe"),
                       .client_name = {long_name, sizeof long_name},
                       .daemon_name = BYTES("M\0TA\xc3"),
                       .daemon_port = 587,
                       .helo = BYTES("h\x80")},
        .tls = {.state = FACT_KNOWN,
                .version = BYTES("TLSv1.3\xff"),
                .cipher = BYTES("\xff"),
                .cipher_bits = 256,
                .cert_subject = BYTES("/CN=\xe4"),
                .cert_issuer = BYTES("/CN=\xf6")},
        .login = {.state = FACT_KNOWN, .name = BYTES("ali\xff"), .mechanism = BYTES("PL\xff")},
    };
    struct message_clock clock = {.milliseconds = 1790000000123};
    for (size_t i = 0; i < sizeof clock.random; i++)
        clock.random[i] = (uint8_t)(i * 37);
    struct message *message = message_new(snapshot, &session, &clock);
    assert_non_null(message);
    struct facts_limits *limits = &message->facts.limits;
    limits->state = FACT_KNOWN;
    limits->subjects[SUBJECT_LOGIN].name = message->facts.login.name;
    limits->subjects[SUBJECT_GROUP].name = BYTES("sa\xffles");
    limits->subjects[SUBJECT_GROUP].counted.counts[QUANTITY_BYTES][WINDOW_DAY] = 123456789;
    limits->standing = (struct login_standing){LOGIN_SLOWED, 1, 0, BYTES("by root\xff")};
    limits->habit.messages = 77;
    limits->rcpt_is_known = true;
    message_mail(message, BYTES("<a\xff@example.com>"), true);
    message->refused_command = NULL;
    message_rcpt(message, BYTES("<bob@example.net>"));
    message_rcpt(message, BYTES("<b\xff@example.net>"));
    message->rcpts = arena_alloc(message->arena, 3 * sizeof *message->rcpts);
    message->rcpts[0] = BYTES("<bob@example.net>");
    message->rcpts[1] = (struct bytes){long_name, sizeof long_name};
    message->rcpts[2] = BYTES("<b\xff@example.net>");
    message->rcpt_kept = 3;
    message->facts.envelope.rcpt_count = 1234;
    message->refused_command = NULL;
    message_field(message, BYTES("From"), BYTES(" \xff <alice@example.com>"));
    message_field(message, BYTES("S\xffubject"), BYTES(" lunch"));
    message_field(message, BYTES("To"), BYTES(" bob\0@example.net\r\n\t,"));
    message_field(message, BYTES("X-\xfe"), BYTES(" \xfd"));
    message_field(message, BYTES(""), BYTES(""));
    message->facts.header.too_large = true;
    message_body(message, BYTES("a\rb\nc\0\r\n.\n"));
    message_end(message);
    message->facts.dkim.own_signature = FACT_UNAVAILABLE;
    message->facts.dkim.own_signature_domain = BYTES("example.com");
    message->facts.body.cut_short = BYTES("Subject");
    return message;
}

static void same(struct bytes a, struct bytes b)
{
    assert_int_equal(a.len, b.len);
    if (a.len)
        assert_memory_equal(a.data, b.data, a.len);
}

static void check_session(const struct message *message, const struct recorded *recorded)
{
    const struct facts_connection *connection = &message->facts.connection;
    const struct facts_connection *back = &recorded->session.connection;
    assert_int_equal(connection->mta, back->mta);
    same(connection->mta_host, back->mta_host);
    assert_int_equal(connection->smtp, back->smtp);
    same(connection->client_address, back->client_address);
    same(connection->client_name, back->client_name);
    same(connection->daemon_name, back->daemon_name);
    assert_int_equal(connection->daemon_port, back->daemon_port);
    same(connection->helo, back->helo);
    const struct facts_tls *tls = &message->facts.tls;
    assert_int_equal(tls->state, recorded->session.tls.state);
    same(tls->version, recorded->session.tls.version);
    same(tls->cipher, recorded->session.tls.cipher);
    assert_int_equal(tls->cipher_bits, recorded->session.tls.cipher_bits);
    same(tls->cert_subject, recorded->session.tls.cert_subject);
    same(tls->cert_issuer, recorded->session.tls.cert_issuer);
    assert_int_equal(message->facts.login.state, recorded->session.login.state);
    same(message->facts.login.name, recorded->session.login.name);
    same(message->facts.login.mechanism, recorded->session.login.mechanism);
}

static void check_content(const struct message *message, const struct recorded *recorded)
{
    const struct facts *facts = &message->facts;
    same(facts->envelope.mail_from, recorded->mail_from);
    assert_int_equal(facts->envelope.smtputf8, recorded->smtputf8);
    assert_int_equal(facts->envelope.rcpt_count, recorded->rcpt_count);
    assert_int_equal(message->rcpt_kept, recorded->rcpts_len);
    for (size_t i = 0; i < message->rcpt_kept; i++)
        same(message->rcpts[i], recorded->rcpts[i]);
    assert_int_equal(facts->header.count, recorded->field_count);
    for (size_t i = 0; i < facts->header.count; i++) {
        same(facts->header.fields[i].name, recorded->fields[i].name);
        assert_true(recorded->fields[i].has_value);
        same(facts->header.fields[i].value, recorded->fields[i].value);
    }
    assert_int_equal(facts->header.too_large, recorded->header_too_large);
    assert_int_equal(facts->header.size, recorded->header_size);
    assert_int_equal(facts->body.size, recorded->body.size);
    assert_int_equal(facts->body.has_nul, recorded->body.has_nul);
    assert_int_equal(facts->body.has_bare_cr, recorded->body.has_bare_cr);
    assert_int_equal(facts->body.has_bare_lf, recorded->body.has_bare_lf);
    assert_int_equal(facts->body.has_early_end, recorded->body.has_early_end);
    assert_int_equal(facts->body.longest_line, recorded->body.longest_line);
    same(facts->body.cut_short, recorded->body.cut_short);
    assert_int_equal(facts->dkim.own_signature, recorded->own_signature);
    same(facts->dkim.own_signature_domain, recorded->own_signature_domain);
}

static void test_all_comes_back(void **state)
{
    (void)state;
    snapshot->settings->log.capture = 1;
    struct message *message = odd_message();
    char *text = text_of(message);
    struct recorded *recorded = read_back(text);
    assert_true(recorded->complete);
    same(recorded->id, bytes_of(message->id));
    assert_int_equal(recorded->began, message->began);
    assert_memory_equal(recorded->random, message->id_random, sizeof recorded->random);
    check_session(message, recorded);
    check_content(message, recorded);
    recorded_free(recorded);
    free(text);
    message_free(message);
}

static void test_what_is_unavailable(void **state)
{
    (void)state;
    const struct message_session session = {.tls = {.state = FACT_UNAVAILABLE},
                                            .login = {.state = FACT_UNAVAILABLE}};
    const struct message_clock clock = {.milliseconds = 1};
    struct message *message = message_new(snapshot, &session, &clock);
    message_mail(message, BYTES(""), false);
    char *text = text_of(message);
    struct recorded *recorded = read_back(text);
    assert_int_equal(recorded->session.tls.state, FACT_UNAVAILABLE);
    assert_int_equal(recorded->session.login.state, FACT_UNAVAILABLE);
    assert_false(recorded->session.connection.smtp);
    recorded_free(recorded);
    free(text);
    message_free(message);
}

#define ID "\"id\":\"01M7YSJFJMHBZR0VXV1RVZ4QPG\",\"action\":\"accept\""

static void test_broken(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"", "no JSON"},
        {"[]", "expected a JSON object"},
        {"{}", "id: expected"},
        {"{" ID, "no JSON"},
        {"{" ID "} {", "no JSON"},
        {"{\"id\":\"01M7YSJFJMHBZR0VXV1RVZ4QPU\",\"action\":\"accept\"}", "id: expected"},
        {"{\"id\":\"Z1M7YSJFJMHBZR0VXV1RVZ4QPG\",\"action\":\"accept\"}", "id: expected"},
        {"{\"id\":\"01M7YSJFJM\\u0000BZR0VXV1RVZ4QPG\",\"action\":\"accept\"}", "id: expected"},
        {"{\"id\":\"01M7YSJFJMHBZR0VXV1RVZ4QPG\"}", "action: expected"},
        {"{\"id\":\"01M7YSJFJMHBZR0VXV1RVZ4QPG\",\"action\":\"perhaps\"}", "action: expected one"},
        {"{" ID ",\"command\":\"VRFY\"}", "command: expected"},
        {"{" ID ",\"login\":7}", "login: expected text"},
        {"{" ID ",\"port\":\"587\"}", "port: expected a number"},
        {"{" ID ",\"port\":-1}", "port: expected a number"},
        {"{" ID ",\"smtp\":1}", "smtp: expected true or false"},
        {"{" ID ",\"mta\":\"exim\"}", "mta: expected one of"},
        {"{" ID ",\"rcpts\":{}}", "rcpts: expected a list"},
        {"{" ID ",\"rcpts\":[1]}", "rcpts: expected"},
        {"{" ID ",\"rcpts\":[\"\"],\"exact\":{\"rcpts\":{\"0\":\"a\"}}}", "exact.rcpts: expected"},
        {"{" ID ",\"exact\":{\"login\":\"ab=c\"}}", "login: expected bytes in base64"},
        {"{" ID ",\"exact\":{\"login\":\" YQ==\"}}", "login: expected bytes in base64"},
        {"{" ID ",\"exact\":{\"login\":\"====\"}}", "login: expected bytes in base64"},
        {"{" ID ",\"exact\":{\"login\":{}}}", "login: expected bytes in base64"},
        {"{" ID ",\"header\":[[]]}", "header: expected a list"},
        {"{" ID ",\"header\":[\"From\"]}", "header: expected a list"},
        {"{" ID ",\"header\":[[\"From\",null,7]]}", "header: expected bytes"},
        {"{" ID ",\"body\":true}", "body: expected an object"},
        {"{" ID ",\"header_size\":9,\"size\":8}", "size: expected"},
        {"{" ID ",\"verdicts\":[7]}", "verdicts: expected"},
        {"{" ID ",\"verdicts\":[{\"rule\":\"tls\",\"outcome\":\"violation\"}]}",
         "reason: expected"},
        {"{" ID ",\"edits\":[{}]}", "edits: expected"},
        {"{" ID ",\"edits\":[{\"kind\":\"delete\",\"name\":\"X\",\"instance\":0}]}",
         "instance: exp"},
        {"{" ID ",\"unsigned\":[null]}", "unsigned: expected"},
        {"{" ID ",\"signatures\":[{\"d\":\"example.com\"}]}", "signatures: expected"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct recorded *recorded = NULL;
        struct error error = {""};
        if (recorded_new(bytes_of(cases[i].text), &recorded, &error))
            fail_msg("taken: %s", cases[i].text);
        if (!strstr(error.text, cases[i].expected))
            fail_msg("%s: %s", cases[i].text, error.text);
    }
}

static void test_deep_and_large(void **state)
{
    (void)state;
    struct recorded *recorded;
    struct error error;
    const size_t size = RECORDED_SIZE_MAX + 1;
    char *text = malloc(size);
    memset(text, '[', size);
    assert_false(recorded_new((struct bytes){text, size}, &recorded, &error));
    assert_non_null(strstr(error.text, "at most"));
    assert_false(recorded_new((struct bytes){text, size - 1}, &recorded, &error));
    assert_non_null(strstr(error.text, "no JSON"));
    free(text);
}

/* A header that no message could have: its edits would name fields that are not taken in. */
static void test_header_beyond_the_ceilings(void **state)
{
    (void)state;
    static const struct {
        size_t fields, value;
        bool taken;
    } cases[] = {
        {MESSAGE_FIELDS_CEILING, 0, true},
        {MESSAGE_FIELDS_CEILING + 1, 0, false},
        {2, MESSAGE_HEADER_CEILING / 2 - 1, true},
        {2, MESSAGE_HEADER_CEILING / 2, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct recorded *recorded = NULL;
        struct error error = {""};
        struct json json;
        char *value = malloc(cases[i].value + 1);
        memset(value, 'x', cases[i].value);
        json_init(&json);
        json_raw(&json, BYTES("{" ID ",\"header\":["));
        for (size_t field = 0; field < cases[i].fields; field++) {
            json_raw(&json, field ? BYTES(",[\"X\",\"") : BYTES("[\"X\",\""));
            json_raw(&json, (struct bytes){value, cases[i].value});
            json_raw(&json, BYTES("\"]"));
        }
        json_raw(&json, BYTES("]}"));
        bool taken = recorded_new((struct bytes){json.data, json.len}, &recorded, &error);
        assert_int_equal(taken, cases[i].taken);
        assert_true(taken || strstr(error.text, "header: expected at most"));
        if (taken)
            recorded_free(recorded);
        json_done(&json);
        free(value);
    }
}

static void check_replay(const char *text)
{
    struct recorded *recorded = read_back(text);
    struct replayed replayed;
    struct error error = {""};
    assert_true(recorded->header_cut);
    assert_true(replay_judge(snapshot, recorded, &replayed, &error));
    assert_false(replayed.decision_differs);
    replay_done(&replayed);
    recorded_free(recorded);
}

/* Beyond the caps nothing is kept, but for a record that is to hold all: not the reply differs
 * then, not the decision, not what the record counts. Nobody says that From is missing. */
static void test_header_beyond_the_caps(void **state)
{
    (void)state;
    static const struct {
        size_t fields, value, kept;
        const char *reason, *says;
    } cases[] = {
        {500, 1, 500, "too-many-fields", "has 502 fields, at most 500"},
        {4, 20000, 3, "too-large", "at most 65536 bytes"},
        {1, 90000, 0, "too-large", "at most 65536 bytes"},
    };
    const struct message_session session = {
        .tls = {.state = FACT_KNOWN, .version = BYTES("TLSv1.3"), .cipher_bits = 256},
        .login = {.state = FACT_KNOWN, .name = BYTES("alice@example.com")}};
    const struct message_clock clock = {.milliseconds = 1790000000123};
    char *value = calloc(1, 90000);
    memset(value, 'x', 90000);
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        size_t row = i / 2;
        bool capture = i % 2;
        snapshot->settings->log.capture = capture;
        struct message *message = message_new(snapshot, &session, &clock);
        message_mail(message, BYTES("<alice@example.com>"), false);
        assert_true(message_rcpt(message, BYTES("<bob@example.net>")));
        for (size_t field = 0; field < cases[row].fields; field++)
            message_field(message, BYTES("X"), (struct bytes){value, cases[row].value});
        message_field(message, BYTES("Bcc"), BYTES(" bob@example.net"));
        message_field(message, BYTES("From"), BYTES(" ceo@example.com"));
        message_body(message, BYTES("x\r\n"));
        message_end(message);
        const struct facts_header *header = &message->facts.header;
        size_t all = cases[row].fields + 2;
        assert_int_equal(header->count, capture ? all : cases[row].kept);
        assert_int_equal(header->count + header->dropped, all);
        assert_int_equal(message->outcome.action, ACTION_REJECT);
        assert_int_equal(message->decision.decider, RULE_header_syntax);
        assert_string_equal(message->decision.judged[RULE_header_syntax].verdict.reason,
                            cases[row].reason);
        if (!strstr(message->outcome.reply.text, cases[row].says))
            fail_msg("%s", message->outcome.reply.text);
        assert_int_equal(message->decision.judged[RULE_from].verdict.outcome,
                         capture ? OUTCOME_VIOLATION : OUTCOME_NOT_ASKED);
        char *text = text_of(message);
        char fields[40];
        snprintf(fields, sizeof fields, "\"fields\":%zu,", all);
        assert_int_equal(!strstr(text, "{\"rule\":\"from\""), !capture);
        assert_non_null(strstr(text, fields));
        if (!capture)
            check_replay(text);
        free(text);
        message_free(message);
    }
    snapshot->settings->log.capture = 1;
    free(value);
}

/* Whatever a byte is changed to, and wherever it ends: an error, or what can be judged again. */
static void test_every_byte_broken(void **state)
{
    (void)state;
    snapshot->settings->log.capture = 1;
    struct message *message = odd_message();
    char *text = text_of(message);
    size_t len = strlen(text);
    uint32_t random = 1;
    for (size_t i = 0; i < len * 2; i++) {
        char *copy = malloc(len);
        size_t kept = i < len ? len : i - len;
        struct recorded *recorded;
        struct replayed replayed;
        struct error error = {""};
        memcpy(copy, text, kept);
        random = random * 1664525 + 1013904223;
        if (i < len)
            copy[i] = random >> 30 ? "\"0,]}:[{"[random >> 27 & 7] : (char)(random >> 20);
        if (!recorded_new((struct bytes){copy, kept}, &recorded, &error)) {
            assert_true(error.text[0]);
        } else {
            assert_true(replay_judge(snapshot, recorded, &replayed, &error));
            replay_done(&replayed);
            recorded_free(recorded);
        }
        free(copy);
    }
    free(text);
    message_free(message);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_comes_back),
        cmocka_unit_test(test_what_is_unavailable),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_deep_and_large),
        cmocka_unit_test(test_header_beyond_the_ceilings),
        cmocka_unit_test(test_header_beyond_the_caps),
        cmocka_unit_test(test_every_byte_broken),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
