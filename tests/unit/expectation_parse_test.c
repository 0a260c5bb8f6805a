/* One line of a file of expectations: what it says, and what is said of one that makes no sense. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gate/expectation.h"

static struct arena *arena;

static int begin(void **state)
{
    (void)state;
    arena = arena_new((size_t)1 << 20);
    return arena ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* From a copy of exactly its length, so that a sanitizer sees who reads on; it lives to the end. */
static bool parse(const char *line, bool *ret_any, struct expectation *ret_expectation,
                  struct error *error)
{
    static char *copy;
    size_t len = strlen(line);
    free(copy);
    copy = malloc(len ? len : 1);
    memcpy(copy, line, len);
    bool good = expectation_parse("FILE", 7, (struct bytes){copy, len}, arena, ret_any,
                                  ret_expectation, error);
    if (len == 0) {
        free(copy);
        copy = NULL;
    }
    return good;
}

static struct expectation parsed(const char *line)
{
    struct expectation expectation;
    struct error error = {""};
    bool any = false;
    if (!parse(line, &any, &expectation, &error))
        fail_msg("%s: %s", line, error.text);
    assert_true(any);
    return expectation;
}

static const struct {
    const char *line;
    const char *error;
} bad[] = {
    /* who, and the colon */
    {": accepted", "expected a login, or \"nobody\", found \":\""},
    {", accepted", "expected a login, or \"nobody\", found \",\""},
    {"\"\": accepted", "expected a login, or \"nobody\", found \"\""},
    {"alice", "expected a circumstance like \"from\" or \"over\", or a colon and what is expected, "
              "found the end of the line"},
    {"alice # : accepted", "expected a circumstance like \"from\" or \"over\", or a colon and what "
                           "is expected, found the end of the line"},
    {"alice:accepted", "expected a circumstance like \"from\" or \"over\", or a colon and what is "
                       "expected, found the end of the line"},
    {"alice, bob: accepted", "expected a circumstance like \"from\" or \"over\", or a colon and "
                             "what is expected, found \",\""},
    {"nobody: refused", "nobody has an address of their own: say \"from ADDRESS\", or \"without "
                        "From\" and a mail-from"},
    {"nobody mail-from a@example.com: refused",
     "nobody has an address of their own: say \"from ADDRESS\", or \"without From\" and a "
     "mail-from"},
    /* circumstances */
    {"alice form bob@example.com: accepted",
     "there is no circumstance \"form\"; did you mean \"from\"?"},
    {"alice mailfrom bob@example.com: accepted",
     "there is no circumstance \"mailfrom\"; did you mean \"mail-from\"?"},
    {"alice \"from\" bob@example.com: accepted",
     "expected a circumstance like \"from\" or \"over\", or a colon and what is expected, found "
     "\"from\""},
    {"alice zzzzzz: accepted",
     "there is no circumstance \"zzzzzz\"; there are: from, sender, field, mail-from, to, without, "
     "on, sendmail, locally, over, cipher, bits, certificate, using, client, port, daemon, helo"},
    {"alice from a@example.com from b@example.com: accepted", "\"from\" stands here twice"},
    {"alice locally locally: accepted", "\"locally\" stands here twice"},
    {"alice from: accepted",
     "expected an address like alice@example.com, or the field's text in \"\", found \":\""},
    {"alice from bob: accepted",
     "expected an address like alice@example.com, or the field's text in \"\", found \"bob\""},
    {"alice from @example.com: accepted", "expected an address like alice@example.com, or the "
                                          "field's text in \"\", found \"@example.com\""},
    {"alice from <>: accepted",
     "expected an address like alice@example.com, or the field's text in \"\", found \"<>\""},
    {"alice from bob@example.com,: accepted",
     "expected an address like alice@example.com, or the field's text in \"\", found \":\""},
    {"alice sender bob@@example.com: accepted", "expected an address like alice@example.com, or "
                                                "the field's text in \"\", found "
                                                "\"bob@@example.com\""},
    {"alice mail-from bob: accepted", "expected an address, <> or a path in \"\", found \"bob\""},
    {"alice to bob: accepted",
     "expected an address, a number of recipients, or a path in \"\", found \"bob\""},
    {"alice to 0 recipients: accepted",
     "expected a number of recipients from 1 to 10000, found \"0\""},
    {"alice to 10001 recipients: accepted",
     "expected a number of recipients from 1 to 10000, found \"10001\""},
    {"alice to 99999999999999999999 recipients: accepted",
     "expected a number of recipients from 1 to 10000, found \"99999999999999999999\""},
    {"alice to 3 people: accepted", "expected the word \"recipients\", found \"people\""},
    {"alice over: accepted", "expected TLS, or a version like TLSv1.2, found \":\""},
    {"alice over TSL: accepted", "there is no version of TLS \"TSL\"; did you mean \"TLS\"?"},
    {"alice over SSLv3: accepted",
     "there is no version of TLS \"SSLv3\"; there are: TLS, TLSv1, TLSv1.1, TLSv1.2, TLSv1.3"},
    {"alice over \"TLS\": accepted", "expected TLS, or a version like TLSv1.2, found \"TLS\""},
    {"alice without Sender: accepted",
     "there is no TLS, SMTPUTF8 or field of its own \"Sender\"; there are: TLS, SMTPUTF8, From, "
     "To, Subject, Date, Message-ID"},
    {"alice without Dat: accepted",
     "there is no TLS, SMTPUTF8 or field of its own \"Dat\"; did you mean \"Date\"?"},
    {"alice without From from a@example.com: accepted",
     "a field is given here that is said to be missing"},
    {"alice field \"date: x\" without Date: accepted",
     "a field is given here that is said to be missing"},
    {"nobody using PLAIN from a@example.com: accepted",
     "nobody has logged in: there is no \"using\""},
    {"alice without TLS over TLSv1.2: accepted", "without TLS there is no \"over\""},
    {"alice over TLSv1.2 without TLS: accepted", "without TLS there is no \"over\""},
    {"alice cipher X without TLS: accepted", "without TLS there is no \"cipher\""},
    {"alice locally over TLS: accepted",
     "\"locally\" is mail of sendmail(1): there is no \"over\""},
    {"alice client 192.0.2.1 locally: accepted",
     "\"locally\" is mail of sendmail(1): there is no \"client\""},
    {"alice bits 0: accepted", "expected a cipher's bits from 1 to 1024, found \"0\""},
    {"alice bits 1e3: accepted", "expected a cipher's bits from 1 to 1024, found \"1e3\""},
    {"alice port 65536: accepted", "expected a port from 1 to 65535, found \"65536\""},
    {"alice port -1: accepted", "expected a port from 1 to 65535, found \"-1\""},
    {"alice client localhost: accepted",
     "expected an address like 192.0.2.7 or 2001:db8::7, found \"localhost\""},
    {"alice client 192.0.2.1/24: accepted",
     "expected an address like 192.0.2.7 or 2001:db8::7, found \"192.0.2.1/24\""},
    {"alice field Reply-To: accepted",
     "expected a header field in quotes, like \"Reply-To: bob@example.net\", found \"Reply-To\""},
    {"alice field \"Reply-To\": accepted",
     "expected a header field in quotes, like \"Reply-To: bob@example.net\", found \"Reply-To\""},
    {"alice on \"\": accepted", "expected a listener's name, found \"\""},
    {"alice using: accepted", "expected a mechanism like PLAIN, found \":\""},
    /* quotes and bytes */
    {"alice from \"a: accepted", "a \" has no other one at its end"},
    {"alice from \"a\\", "in quotes a backslash stands before \" or \\ only; write \\\\ for one"},
    {"alice from \"a\\n\": accepted",
     "in quotes a backslash stands before \" or \\ only; write \\\\ for one"},
    {"alice from \"a\"b: accepted", "behind the closing \" of \"a\" a blank is missing"},
    {"alice from <\"a b\"@example.com>: accepted",
     "quotes go round a whole word: write \"...\", and \\\" for one inside"},
    {"alice\x01: accepted", "there is a control character (0x01) in the line"},
    {"alice\r: accepted", "there is a control character (0x0d) in the line"},
    {"alice\xff: accepted", "the line is not UTF-8"},
    /* outcomes */
    {"alice:", "expected an outcome like \"accepted\" or \"refused\", found the end of the line"},
    {"alice: ,", "expected an outcome like \"accepted\" or \"refused\", found \",\""},
    {"alice: accepted,",
     "expected an outcome like \"accepted\" or \"refused\", found the end of the line"},
    {"alice: accept", "there is no outcome \"accept\"; did you mean \"accepted\"?"},
    {"alice: rejected",
     "there is no outcome \"rejected\"; there are: accepted, refused, deferred, "
     "quarantined, fixed, signed, not signed, policy, listener, would be refused"},
    {"alice: bounced",
     "there is no outcome \"bounced\"; there are: accepted, refused, deferred, "
     "quarantined, fixed, signed, not signed, policy, listener, would be refused"},
    {"alice: accepted refused",
     "expected a comma and a further outcome, or the end of the line, found \"refused\""},
    {"alice: refused form.not-owned", "there is no rule \"form\"; did you mean \"from\"?"},
    {"alice: refused From", "there is no rule \"From\"; did you mean \"from\"?"},
    {"alice: refused from.",
     "expected a reason behind the rule, like from.not-owned, found \"from.\""},
    {"alice: refused by", "expected a rule, or RULE.REASON like from.not-owned, found the end of "
                          "the line"},
    {"alice: refused \"from\"",
     "expected a rule, or RULE.REASON like from.not-owned, found \"from\""},
    {"alice: would", "expected \"would be\", found the end of the line"},
    {"alice: would refuse from", "expected \"would be\", found \"refuse\""},
    {"alice: would be", "expected refused, deferred, quarantined or fixed behind \"would be\", "
                        "found the end of the line"},
    {"alice: would be signed",
     "expected refused, deferred, quarantined or fixed behind \"would be\", found \"signed\""},
    {"alice: would be accepted",
     "expected refused, deferred, quarantined or fixed behind \"would be\", found \"accepted\""},
    {"alice: not", "expected \"not signed\", found the end of the line"},
    {"alice: not accepted", "expected \"not signed\", found \"accepted\""},
    {"alice: signed by", "expected a domain, or DOMAIN/SELECTOR like example.com/s1, found the "
                         "end of the line"},
    {"alice: signed by example.com/",
     "expected a domain, or DOMAIN/SELECTOR like example.com/s1, found \"example.com/\""},
    {"alice: signed /s1",
     "expected a domain, or DOMAIN/SELECTOR like example.com/s1, found \"/s1\""},
    {"alice: policy", "expected a policy's name, found the end of the line"},
    {"alice: listener ,", "expected a listener's name, found \",\""},
    {"alice: accepted, refused from", "\"accepted\" and \"refused from\" can never both hold"},
    {"alice: deferred, policy x, refused", "\"deferred\" and \"refused\" can never both hold"},
};

static void bad_lines_are_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct expectation expectation;
        struct error error = {""};
        bool any;
        if (parse(bad[i].line, &any, &expectation, &error))
            fail_msg("taken: %s", bad[i].line);
        if (strncmp(error.text, "FILE:7: ", 8) != 0 || strcmp(error.text + 8, bad[i].error) != 0)
            fail_msg("%s:\n     %s\nnot  FILE:7: %s", bad[i].line, error.text, bad[i].error);
    }
}

static void caps_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *begin, *piece, *end, *error;
        size_t count;
    } cases[] = {
        {"alice", " field \"X: y\"", ": accepted", "at most 20 fields", 21},
        {"alice to a@example.net", ", a@example.net", ": accepted",
         "at most 50 recipients; \"to 500 recipients\" makes some up", 50},
        {"alice: accepted", ", policy x", "", "at most 20 outcomes", 20},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t less = 0; less < 2; less++) {
            char line[4000];
            struct expectation expectation;
            struct error error = {""};
            bool any;
            size_t len = (size_t)sprintf(line, "%s", cases[i].begin);
            for (size_t j = less; j < cases[i].count; j++)
                len += (size_t)sprintf(line + len, "%s", cases[i].piece);
            sprintf(line + len, "%s", cases[i].end);
            assert_int_equal(parse(line, &any, &expectation, &error), less == 1);
            assert_string_equal(less ? "" : error.text + 8, less ? "" : cases[i].error);
        }
}

static void nothing_is_no_expectation(void **state)
{
    (void)state;
    static const char *const lines[] = {"", "   \t ", "# alice: accepted", "  #", "#"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct expectation expectation;
        struct error error = {""};
        bool any = true;
        assert_true(parse(lines[i], &any, &expectation, &error));
        assert_false(any);
    }
}

static void is(struct bytes found, const char *expected)
{
    if (!bytes_equal(found, bytes_of(expected)))
        fail_msg("\"%.*s\", not \"%s\"", (int)found.len, found.data ? found.data : "", expected);
}

static void what_is_not_said(void **state)
{
    (void)state;
    struct expectation one = parsed("  alice:accepted@x :\taccepted  # why");
    const struct message_session *session = &one.session;
    is(one.text, "alice:accepted@x :\taccepted");
    is(session->login.name, "alice:accepted@x");
    is(session->login.mechanism, "PLAIN");
    is(session->tls.version, "TLSv1.3");
    is(session->connection.client_address, "192.0.2.1");
    assert_int_equal(session->connection.daemon_port, 587);
    assert_true(session->connection.smtp);
    assert_null(session->listener);
    assert_int_equal(one.own_fields, OWN_FIELDS);
    assert_false(one.has_mail_from || one.smtputf8 || one.about_signatures);
    assert_int_equal(one.field_count + one.rcpt_count + one.made_up_rcpts, 0);
    assert_int_equal(one.expected_count, 1);
    assert_int_equal(one.expected[0].kind, EXPECTED_ACCEPTED);
}

static void the_session(void **state)
{
    (void)state;
    struct expectation one = parsed(
        "\"nobody\" using SCRAM-SHA-256 OVER tlsV1.2 cipher AES128-SHA bits 128 certificate "
        "\"CN=a, O=\\\"b\\\"\" client 2001:db8::7 port 465 daemon ORIGINATING helo [192.0.2.7] on "
        "\"my listener\" sendmail mx.example.com: accepted");
    const struct message_session *session = &one.session;
    assert_int_equal(session->login.state, FACT_KNOWN);
    is(session->login.name, "nobody");
    is(session->login.mechanism, "SCRAM-SHA-256");
    is(session->tls.version, "TLSv1.2");
    is(session->tls.cipher, "AES128-SHA");
    assert_int_equal(session->tls.cipher_bits, 128);
    is(session->tls.cert_subject, "CN=a, O=\"b\"");
    is(session->connection.client_address, "2001:db8::7");
    assert_int_equal(session->connection.daemon_port, 465);
    is(session->connection.daemon_name, "ORIGINATING");
    is(session->connection.helo, "[192.0.2.7]");
    assert_string_equal(session->listener, "my listener");
    assert_int_equal(session->connection.mta, MTA_SENDMAIL);
    is(session->connection.mta_host, "mx.example.com");
    is(parsed("alice client 2001:db8::7: accepted").session.connection.client_address,
       "2001:db8::7");
    one = parsed("Nobody from a@example.com locally: accepted");
    assert_int_equal(one.session.login.state, FACT_ABSENT);
    assert_int_equal(one.session.tls.state, FACT_ABSENT);
    assert_false(one.session.connection.smtp);
    is(one.session.connection.client_address, "");
    assert_int_equal(parsed("a without TLS: accepted").session.tls.state, FACT_ABSENT);
    assert_int_equal(parsed("a without Date without date: accepted").own_fields,
                     OWN_FIELDS & ~OWN_DATE);
}

static void the_message(void **state)
{
    (void)state;
    struct expectation one =
        parsed("alice from a@example.com, <B@Example.org> sender <c@example.com> mail-from "
               "d@example.com to e@example.net,<f@example.net> field \"Reply-To : x, \\\\y\" "
               "field \"Date:\" without message-id: accepted");
    assert_int_equal(one.field_count, 4);
    is(one.fields[0].name, "From");
    is(one.fields[0].value, " a@example.com, <B@Example.org>");
    is(one.fields[1].name, "Sender");
    is(one.fields[1].value, " <c@example.com>");
    is(one.fields[2].name, "Reply-To ");
    is(one.fields[2].value, " x, \\y");
    is(one.fields[3].name, "Date");
    is(one.fields[3].value, "");
    assert_int_equal(one.own_fields, OWN_TO | OWN_SUBJECT);
    is(one.from, "a@example.com");
    is(one.mail_from, "<d@example.com>");
    assert_int_equal(one.rcpt_count, 2);
    is(one.rcpts[0], "<e@example.net>");
    is(one.rcpts[1], "<f@example.net>");
    assert_int_equal(parsed("a to 12 recipients: accepted").made_up_rcpts, 12);
    assert_int_equal(parsed("a to 1 recipient: accepted").made_up_rcpts, 1);
    is(parsed("a to 12@example.net: accepted").rcpts[0], "<12@example.net>");
    is(parsed("a mail-from <>: accepted").mail_from, "<>");
    is(parsed("a mail-from \"<@x:b@y>\": accepted").mail_from, "<@x:b@y>");
}

static void from_in_quotes(void **state)
{
    (void)state;
    struct expectation one = parsed("a from \"Sales, all <s@example.com>\": accepted");
    is(one.fields[0].value, " Sales, all <s@example.com>");
    is(one.from, "");
    one = parsed("a from \"\\\"Sales, all\\\" <s@example.com>\": accepted");
    is(one.fields[0].value, " \"Sales, all\" <s@example.com>");
    is(one.from, "s@example.com");
    assert_false(one.own_fields & OWN_FROM);
    one = parsed("nobody field \"from: x@example.com\": accepted");
    is(one.from, "x@example.com");
    assert_false(one.own_fields & OWN_FROM);
}

static void smtputf8_where_it_is_needed(void **state)
{
    (void)state;
    assert_true(parsed("a from j\xc3\xbcrgen@example.com: accepted").smtputf8);
    assert_true(parsed("a to \"<\xc3\xbc@example.com>\": accepted").smtputf8);
    assert_true(parsed("a field \"Subject: \xc3\xbc\": accepted").smtputf8);
    assert_false(parsed("\xc3\xbc from a@example.com: accepted").smtputf8);
    assert_false(parsed("a without SMTPUTF8 from \xc3\xbc@example.com: accepted").smtputf8);
    assert_false(parsed("a from \xc3\xbc@example.com without SMTPUTF8: accepted").smtputf8);
}

static void the_outcomes(void **state)
{
    (void)state;
    struct expectation one =
        parsed("a: refused by from.not-owned , refused, Would Be fixed message_id, signed "
               "B\xc3\xbc"
               "cher.example/s1,not signed, policy \"my own\", listener x #y");
    const struct expected *expected = one.expected;
    assert_int_equal(one.expected_count, 7);
    assert_int_equal(expected[0].kind, EXPECTED_REFUSED);
    assert_int_equal(expected[0].rule, RULE_from);
    is(expected[0].reason, "not-owned");
    is(expected[0].written, "refused by from.not-owned");
    assert_int_equal(expected[1].rule, RULE_COUNT);
    assert_true(expected[2].would);
    assert_int_equal(expected[2].kind, EXPECTED_FIXED);
    assert_int_equal(expected[2].rule, RULE_message_id);
    is(expected[2].reason, "");
    is(expected[2].written, "Would Be fixed message_id");
    is(expected[3].name, "xn--bcher-kva.example");
    is(expected[3].selector, "s1");
    assert_int_equal(expected[4].kind, EXPECTED_NOT_SIGNED);
    is(expected[4].written, "not signed");
    is(expected[5].name, "my own");
    is(expected[6].name, "x");
    assert_true(one.about_signatures);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bad_lines_are_told, begin, end),
        cmocka_unit_test_setup_teardown(caps_are_told, begin, end),
        cmocka_unit_test_setup_teardown(nothing_is_no_expectation, begin, end),
        cmocka_unit_test_setup_teardown(what_is_not_said, begin, end),
        cmocka_unit_test_setup_teardown(the_session, begin, end),
        cmocka_unit_test_setup_teardown(the_message, begin, end),
        cmocka_unit_test_setup_teardown(from_in_quotes, begin, end),
        cmocka_unit_test_setup_teardown(smtputf8_where_it_is_needed, begin, end),
        cmocka_unit_test_setup_teardown(the_outcomes, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
