/* submilterctl ready: which of the recorded sessions a stricter setting would refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/ready/affected.h"
#include "ctl/ready/impact.h"
#include "tests/unit/conf_load.h"

static const char configuration[] =
    "domains = [ \"example.com\" ];\n"
    "policies: {\n"
    "  submission: { tls: { refused_ciphers = [ \"RC4\" ]; }; };\n"
    "  lenient: { base = \"submission\"; tls: { mode = \"observe\"; min_version = \"TLSv1\"; };\n"
    "             auth: { mode = \"observe\"; mechanisms = [ ]; }; };\n"
    "};\n"
    "groups: ( { name = \"old\"; logins = [ \"printer\" ];\n"
    "  rules: { tls: { min_version = \"TLSv1\"; }; }; },\n"
    "  { name = \"free\"; logins = [ \"lab\" ]; rules: { auth: { mode = \"off\"; }; }; } );\n";

#define TLS(version_, cipher_, bits_)                                                              \
    .tls_version = {version_, sizeof version_ - 1}, .cipher = {cipher_, sizeof cipher_ - 1},       \
    .cipher_bits = bits_
#define TEXT(text)                                                                                 \
    {                                                                                              \
        text, sizeof text - 1                                                                      \
    }
#define SESSION(policy_, login_, mech_)                                                            \
    .policy = TEXT(policy_), .login = TEXT(login_), .auth_mech = TEXT(mech_)
#define TLS12 TLS("TLSv1.2", "AES128", 128)
#define TLS13 TLS("TLSv1.3", "AES256", 256)

struct impact_case {
    const char *words[4];
    struct readiness_row row;
    enum impact_result result;
};

static const struct impact_case cases[] = {
    {{"tls1.3"}, {SESSION("submission", "alice", "PLAIN"), TLS12}, IMPACT_BREAKS},
    {{"tls1.3"}, {SESSION("submission", "alice", "PLAIN"), TLS13}, IMPACT_NONE},
    {{"tls1.3"}, {SESSION("lenient", "alice", "PLAIN"), TLS12}, IMPACT_BREAKS},
    {{"tls1.3"}, {SESSION("lenient", "alice", "PLAIN"), TLS13}, IMPACT_NONE},
    {{"tls1.3"}, {SESSION("local", "", ""), TLS12}, IMPACT_ELSEWHERE},
    {{"tls1.3"}, {SESSION("inbound", "", ""), TLS12}, IMPACT_ELSEWHERE},
    {{"tls1.3"}, {SESSION("gone", "alice", "PLAIN"), TLS12}, IMPACT_ELSEWHERE},
    /* nobody who is let in today */
    {{"tls1.3"}, {SESSION("submission", "", ""), TLS12}, IMPACT_ALREADY},
    {{"tls1.3"}, {SESSION("submission", "alice", "PLAIN")}, IMPACT_ALREADY},
    {{"tls1.3"}, {SESSION("submission", "alice", "X-OLD"), TLS12}, IMPACT_ALREADY},
    {{"tls1.3"},
     {SESSION("submission", "alice", "PLAIN"), TLS("TLSv1.1", "A", 128)},
     IMPACT_ALREADY},
    {{"tls1.2"}, {SESSION("lenient", "alice", "PLAIN"), TLS("TLSv1.1", "A", 128)}, IMPACT_BREAKS},
    {{"tls1.1"}, {SESSION("lenient", "alice", "PLAIN"), TLS("TLSv1.1", "A", 128)}, IMPACT_NONE},
    /* its mode would be enforced as well */
    {{"tls1.1"}, {SESSION("lenient", "alice", "CRAM-MD5")}, IMPACT_AS_SET},
    {{"no-mechanism", "FOO"}, {SESSION("lenient", "", ""), TLS12}, IMPACT_AS_SET},
    {{"no-plaintext"}, {SESSION("lenient", "alice", "CRAM-MD5")}, IMPACT_BREAKS},
    {{"no-plaintext"}, {SESSION("lenient", "alice", "PLAIN"), TLS12}, IMPACT_NONE},
    {{"no-plaintext"},
     {SESSION("lenient", "alice", "PLAIN"), .tls_terminator = TEXT("haproxy")},
     IMPACT_NONE},
    {{"no-plaintext"}, {SESSION("lenient", "alice", "PLAIN"), .tls_unknown = true}, IMPACT_UNKNOWN},
    /* a group's own value stays */
    {{"tls1.3"}, {SESSION("submission", "printer", "PLAIN"), TLS12}, IMPACT_NONE},
    {{"cipher-bits", "256"}, {SESSION("submission", "printer", "PLAIN"), TLS12}, IMPACT_BREAKS},
    {{"no-plain"}, {SESSION("submission", "lab", "PLAIN"), TLS12}, IMPACT_NONE},
    {{"cipher-bits", "256"}, {SESSION("submission", "alice", "PLAIN"), TLS12}, IMPACT_BREAKS},
    {{"cipher-bits", "128"}, {SESSION("submission", "alice", "PLAIN"), TLS12}, IMPACT_NONE},
    {{"no-cipher", "aes128"}, {SESSION("submission", "alice", "PLAIN"), TLS12}, IMPACT_BREAKS},
    {{"no-cipher", "X", "Y"}, {SESSION("submission", "alice", "PLAIN"), TLS12}, IMPACT_NONE},
    {{"only-ciphers", "X", "AES128"},
     {SESSION("submission", "alice", "PLAIN"), TLS12},
     IMPACT_NONE},
    {{"only-ciphers", "X"}, {SESSION("submission", "alice", "PLAIN"), TLS12}, IMPACT_BREAKS},
    {{"client-certificate"}, {SESSION("submission", "alice", "PLAIN"), TLS12}, IMPACT_BREAKS},
    {{"client-certificate"},
     {SESSION("submission", "alice", "PLAIN"), TLS12, .certificate = true},
     IMPACT_NONE},
    {{"no-plain"}, {SESSION("submission", "alice", "plain"), TLS12}, IMPACT_BREAKS},
    {{"no-plain"}, {SESSION("submission", "alice", "LOGIN"), TLS12}, IMPACT_NONE},
    {{"no-plain"}, {SESSION("lenient", "alice", "PLAIN"), TLS12}, IMPACT_BREAKS},
    {{"no-plain"}, {SESSION("lenient", "alice", "LOGIN"), TLS12}, IMPACT_NONE},
    {{"no-plain"}, {SESSION("submission", "alice", ""), TLS12}, IMPACT_NONE},
    {{"no-login-mech"}, {SESSION("submission", "alice", "LOGIN"), TLS12}, IMPACT_BREAKS},
    {{"no-mechanism", "GSSAPI", "XOAUTH2"},
     {SESSION("submission", "alice", "XOAUTH2"), TLS12},
     IMPACT_BREAKS},
    {{"only-mechanisms", "XOAUTH2"},
     {SESSION("submission", "alice", "PLAIN"), TLS12},
     IMPACT_BREAKS},
    {{"only-mechanisms", "XOAUTH2", "PLAIN"},
     {SESSION("submission", "alice", "PLAIN"), TLS12},
     IMPACT_NONE},
    {{"login"}, {SESSION("lenient", "", ""), TLS12}, IMPACT_BREAKS},
    {{"login"}, {SESSION("lenient", "", ""), TLS12, .login_unknown = true}, IMPACT_UNKNOWN},
    {{"login"}, {SESSION("lenient", "alice", "PLAIN")}, IMPACT_BREAKS},
    {{"login"}, {SESSION("lenient", "alice", "PLAIN"), TLS12}, IMPACT_NONE},
};

static void read_words(const char *const *words, struct ready_change *change)
{
    struct error error;
    size_t count = 0;
    while (words[count])
        count++;
    if (!ready_read(words, count, change, &error))
        fail_msg("%s", error.text);
}

static void test_impact(void **state)
{
    (void)state;
    struct settings *settings = conf_load(configuration);
    struct arena *arena = arena_new(1 << 20);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct ready_change change;
        read_words(cases[i].words, &change);
        const struct impact impact = {settings, &change, NULL, arena};
        enum impact_result result = impact_of(&impact, &cases[i].row);
        if (result != cases[i].result)
            fail_msg("case %zu, %s: %d", i, cases[i].words[0], (int)result);
        /* Before the record is read, no more is known than this. */
        struct readiness_row message = cases[i].row;
        bool elsewhere;
        message.cipher_bits = 0;
        message.tls_terminator = (struct bytes){NULL, 0};
        message.certificate = message.tls_unknown = message.login_unknown = false;
        bool open = impact_is_open(&impact, &message, &elsewhere);
        if ((!open && result != IMPACT_NONE && result != IMPACT_ELSEWHERE) ||
            elsewhere != (result == IMPACT_ELSEWHERE))
            fail_msg("case %zu, %s: not looked at", i, cases[i].words[0]);
    }
    arena_free(arena);
    settings_unref(settings);
}

/* One policy alone, and one that is not submission's. */
static void test_policy(void **state)
{
    (void)state;
    static const char *const words[] = {"tls1.3", NULL};
    struct settings *settings = conf_load(configuration);
    struct arena *arena = arena_new(1 << 20);
    struct ready_change change;
    read_words(words, &change);
    const struct impact lenient = {settings, &change, "lenient", arena};
    const struct impact inbound = {settings, &change, "inbound", arena};
    const struct readiness_row submission_row = {SESSION("submission", "alice", "PLAIN"), TLS12};
    const struct readiness_row lenient_row = {SESSION("lenient", "alice", "PLAIN"), TLS12};
    const struct readiness_row inbound_row = {SESSION("inbound", "", ""), TLS12};
    assert_int_equal(impact_of(&lenient, &submission_row), IMPACT_ELSEWHERE);
    assert_int_equal(impact_of(&lenient, &lenient_row), IMPACT_BREAKS);
    assert_int_equal(impact_of(&inbound, &lenient_row), IMPACT_ELSEWHERE);
    assert_int_equal(impact_of(&inbound, &inbound_row), IMPACT_BREAKS);
    arena_free(arena);
    settings_unref(settings);
}

struct word_case {
    const char *words[4];
    const char *setting; /* or of the error, where it begins with ! */
};

static const struct word_case word_cases[] = {
    {{"no-plaintext"}, "mode = \"enforce\""},
    {{"tls1.3"}, "min_version = \"TLSv1.3\""},
    {{"cipher-bits", "256"}, "min_cipher_bits = 256"},
    {{"no-cipher", "X"}, "refused_ciphers = [ \"RC4\", \"X\" ]"},
    {{"no-cipher", "rc4", "a\"b"}, "refused_ciphers = [ \"RC4\", \"a\\\"b\" ]"},
    {{"only-ciphers", "X", "Y"}, "ciphers = [ \"X\", \"Y\" ]"},
    {{"client-certificate"}, "client_certificate = true"},
    {{"only-mechanisms", "XOAUTH2"}, "mechanisms = [ \"XOAUTH2\" ]"},
    {{"tls1.4"}, "!did you mean tls1."},
    {{"tls1.3", "now"}, "!takes nothing behind it"},
    {{"cipher-bits"}, "!cipher-bits BITS is expected"},
    {{"cipher-bits", "128", "256"}, "!cipher-bits BITS is expected"},
    {{"cipher-bits", "many"}, "!from 0 to 512"},
    {{"cipher-bits", "99999999999999999999"}, "!from 0 to 512"},
    {{"no-cipher"}, "!no-cipher CIPHER... is expected"},
    {{""}, "!there is no \"\""},
};

static void check_word(const struct settings *settings, const struct word_case *test)
{
    struct ready_change change;
    struct error error = {""};
    size_t count = 1;
    while (count < 4 && test->words[count])
        count++;
    bool read = ready_read(test->words, count, &change, &error);
    if (test->setting[0] == '!') {
        if (read || !strstr(error.text, test->setting + 1))
            fail_msg("%s: %s", test->words[0], error.text);
        return;
    }
    assert_true(read);
    struct arena *arena = arena_new(1 << 20);
    const struct rule_settings *today = conf_rule(settings, "submission", "", change.word->rule);
    const struct rule_settings *changed =
        ready_apply(&change, today, (struct ready_reach){true, true}, arena);
    assert_string_equal(ready_setting(&change, changed, arena), test->setting);
    arena_free(arena);
}

static void test_words(void **state)
{
    (void)state;
    struct settings *settings = conf_load(configuration);
    for (size_t i = 0; i < sizeof word_cases / sizeof *word_cases; i++)
        check_word(settings, &word_cases[i]);
    settings_unref(settings);
}

/* Every row names an option that the rule has, and a value that it can be set to. */
static void test_rows_hold(void **state)
{
    (void)state;
    for (const struct ready_word *word = ready_words; word->name; word++) {
        const char *const words[] = {word->name, word->argument ? "1" : NULL, NULL};
        struct ready_change change;
        read_words(words, &change);
        assert_true(change.option || strcmp(word->option, "mode") == 0);
    }
}

/* A list that allows all mechanisms leaves those of the default. */
static void test_without_a_list(void **state)
{
    (void)state;
    static const char *const words[] = {"no-plain", NULL};
    struct settings *settings = conf_load(configuration);
    struct arena *arena = arena_new(1 << 20);
    struct ready_change change;
    read_words(words, &change);
    const struct rule_settings *today = conf_rule(settings, "lenient", "", RULE_auth);
    const struct rule_settings *changed =
        ready_apply(&change, today, (struct ready_reach){true, true}, arena);
    const char *setting = ready_setting(&change, changed, arena);
    assert_non_null(strstr(setting, "[ \"LOGIN\", \"SCRAM-SHA-1\","));
    assert_null(strstr(setting, "\"PLAIN\""));
    arena_free(arena);
    settings_unref(settings);
}

static void test_tally(void **state)
{
    (void)state;
    struct affected affected;
    assert_true(affected_init(&affected));
    struct readiness_row row = {
        SESSION("submission", "Alice", "PLAIN"), TLS12, .messages = 3, .first = 5, .last = 9,
        .network = TEXT("192.0.2.0/24")};
    assert_true(affected_add(&affected, &row, IMPACT_BREAKS));
    row.login = BYTES("alice");
    row.first = 2;
    assert_true(affected_add(&affected, &row, IMPACT_BREAKS));
    row.login = (struct bytes){NULL, 0};
    row.messages = 10;
    assert_true(affected_add(&affected, &row, IMPACT_BREAKS));
    row.network = (struct bytes){NULL, 0};
    assert_true(affected_add(&affected, &row, IMPACT_BREAKS));
    assert_true(affected_add(&affected, &row, IMPACT_ALREADY));
    assert_true(affected_add(&affected, &row, IMPACT_NONE));
    assert_true(affected_add(&affected, &row, IMPACT_ELSEWHERE));
    assert_true(affected_add(&affected, &row, IMPACT_UNKNOWN));
    char helo[20];
    for (int i = 0; i < 20; i++) {
        snprintf(helo, sizeof helo, "h%d", i);
        row.helo = bytes_of(helo);
        assert_true(affected_add(&affected, &row, IMPACT_BREAKS));
    }
    affected_sort(&affected);
    assert_int_equal(affected.count, 3);
    assert_int_equal(affected_logins(&affected), 1);
    assert_true(affected.items[0].login);
    assert_int_equal(affected.items[0].messages, 6);
    assert_int_equal(affected.items[0].first, 2);
    assert_int_equal(affected.items[1].messages, 210);
    assert_int_equal(affected.items[1].helos.count, TALLY_SOME);
    assert_true(affected.items[1].helos.more);
    assert_int_equal(affected.items[2].messages, 10);
    assert_int_equal(affected.breaks, 226);
    assert_int_equal(affected.asked, 256);
    assert_int_equal(affected.already, 10);
    assert_int_equal(affected.unknown, 10);
    assert_int_equal(affected.elsewhere, 10);
    affected_done(&affected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_impact),         cmocka_unit_test(test_policy),
        cmocka_unit_test(test_words),          cmocka_unit_test(test_rows_hold),
        cmocka_unit_test(test_without_a_list), cmocka_unit_test(test_tally),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
