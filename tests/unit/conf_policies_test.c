/* What every rule is set to: built-in policies, policies of one's own, groups. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/conf_load.h"

static void test_builtin_policies(void **state)
{
    (void)state;
    struct settings *settings = conf_load("");
    for (int i = 0; i < RULE_COUNT; i++) {
        const char *name = rules[i]->name;
        enum rule_id rule = (enum rule_id)i;
        bool spoof = strcmp(name, "local_spoof") == 0;
        bool observed =
            rules[i]->contains || strcmp(name, "display_name") == 0 || strcmp(name, "limits") == 0;
        bool privacy = strcmp(name, "privacy") == 0;
        bool session = strcmp(name, "tls") == 0 || strcmp(name, "auth") == 0 ||
                       strcmp(name, "envelope") == 0 || strcmp(name, "sender") == 0 ||
                       strcmp(name, "recipients") == 0 || rules[i]->contains;
        bool contained =
            strcmp(name, "login_state") == 0; /* an admin's word, whatever else holds */
        enum mode submission = spoof || privacy ? MODE_OFF : observed ? MODE_OBSERVE : MODE_ENFORCE;
        assert_int_equal(conf_mode(settings, "submission", "", rule), submission);
        assert_int_equal(conf_mode(settings, "local", "", rule), session ? MODE_OFF : submission);
        assert_int_equal(conf_mode(settings, "inbound", "", rule),
                         spoof || contained ? MODE_ENFORCE : MODE_OFF);
        assert_int_equal(conf_rule(settings, "submission", "", rule)->action,
                         rules[i]->default_action);
    }
    assert_null(settings_policy(settings, "none", bytes_of("")));
    assert_null(settings_policy_base(settings, "none"));
    assert_string_equal(settings_policy_base(settings, "local"), "local");
    settings_unref(settings);
}

static void test_mode_words_of_a_rule(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        enum mode mode;
        int variant;
    } cases[] = {{"add", MODE_ENFORCE, 0},         {"replace-foreign", MODE_ENFORCE, 1},
                 {"replace-all", MODE_ENFORCE, 2}, {"enforce", MODE_ENFORCE, 0},
                 {"observe", MODE_OBSERVE, 0},     {"off", MODE_OFF, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[200];
        snprintf(text, sizeof text,
                 "policies: { submission: { message_id: { mode = \"%s\"; }; }; };", cases[i].word);
        struct settings *settings = conf_load(text);
        const struct rule_settings *rule = conf_rule(settings, "submission", "", RULE_message_id);
        assert_int_equal(rule->mode, cases[i].mode);
        assert_int_equal(rule->variant, cases[i].variant);
        settings_unref(settings);
    }
}

static void test_own_policy_differs_from_its_base(void **state)
{
    (void)state;
    struct settings *settings = conf_load_data("good/listeners.conf");
    assert_int_equal(conf_mode(settings, "printers", "", RULE_tls), MODE_OFF);
    assert_int_equal(conf_mode(settings, "printers", "", RULE_auth), MODE_OBSERVE);
    assert_int_equal(conf_rule(settings, "printers", "", RULE_auth)->action, ACTION_QUARANTINE);
    assert_int_equal(conf_mode(settings, "printers", "", RULE_from), MODE_ENFORCE);
    assert_int_equal(conf_tls(settings, "printers", "")->min_cipher_bits, 256);
    assert_int_equal(conf_mode(settings, "submission", "", RULE_tls), MODE_ENFORCE);
    assert_int_equal(conf_tls(settings, "local", "")->min_cipher_bits, 128);
    assert_string_equal(settings_policy_base(settings, "printers"), "submission");
    settings_unref(settings);
}

static void test_first_group_of_a_login_holds(void **state)
{
    (void)state;
    static const struct {
        const char *policy, *login;
        enum mode tls;
        int min_version, bits;
        enum mode from;
    } cases[] = {
        {"submission", "", MODE_ENFORCE, 2, 200, MODE_ENFORCE},
        {"submission", "alice@example.com", MODE_ENFORCE, 2, 200, MODE_ENFORCE},
        {"submission", "bob@example.com", MODE_OBSERVE, 2, 200, MODE_OFF},
        {"submission", "BOB@Example.com", MODE_OBSERVE, 2, 200, MODE_OFF},
        {"submission", "bob@example.com.evil", MODE_ENFORCE, 2, 200, MODE_ENFORCE},
        {"submission", "x@dev.example.com", MODE_OBSERVE, 2, 200, MODE_OFF},
        {"submission", "x@sub.dev.example.com", MODE_ENFORCE, 2, 200, MODE_ENFORCE},
        {"submission", "@dev.example.com", MODE_ENFORCE, 2, 200, MODE_ENFORCE},
        {"submission", "scanner", MODE_OBSERVE, 2, 200, MODE_OFF},
        {"submission", "scanner2", MODE_ENFORCE, 2, 200, MODE_ENFORCE},
        {"submission", "carol@example.com", MODE_ENFORCE, 0, 0, MODE_ENFORCE},
        {"strict", "carol@example.com", MODE_ENFORCE, 0, 0, MODE_ENFORCE},
        {"strict", "alice@example.com", MODE_ENFORCE, 3, 200, MODE_ENFORCE},
        {"strict", "bob@example.com", MODE_OBSERVE, 3, 200, MODE_OFF},
        {"local", "carol@example.com", MODE_OFF, 2, 128, MODE_ENFORCE},
        {"local", "bob@example.com", MODE_OBSERVE, 2, 128, MODE_OFF},
        {"submission", "dave@example.com", MODE_ENFORCE, 2, 200, MODE_ENFORCE},
    };
    struct settings *settings = conf_load_data("good/groups.conf");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct conf_tls *tls = conf_tls(settings, cases[i].policy, cases[i].login);
        enum mode from = conf_mode(settings, cases[i].policy, cases[i].login, RULE_from);
        if (tls->common.mode != cases[i].tls || tls->min_version != cases[i].min_version ||
            tls->min_cipher_bits != cases[i].bits || from != cases[i].from)
            fail_msg("%s %s", cases[i].policy, cases[i].login);
    }
    settings_unref(settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_builtin_policies),
        cmocka_unit_test(test_mode_words_of_a_rule),
        cmocka_unit_test(test_own_policy_differs_from_its_base),
        cmocka_unit_test(test_first_group_of_a_login_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
