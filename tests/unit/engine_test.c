/* How verdicts become one decision and one reply. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/bounds.h"
#include "policy/engine.h"
#include "policy/sign.h"

/* A policy in which every rule is off but the ones that a test switches on. */
struct fixture {
    struct arena *arena;
    struct policy policy;
    struct rule_settings *settings[RULE_COUNT];
    struct facts facts;
    struct site site;
    struct decision decision;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->arena = arena_new(1 << 20);
    for (size_t i = 0; i < RULE_COUNT; i++) {
        fixture->settings[i] = calloc(1, rules[i]->settings_size);
        fixture->policy.settings[i] = fixture->settings[i];
    }
    fixture->facts.site = &fixture->site;
    fixture->facts.id = "01J0000000000000000000000A";
    decision_init(&fixture->decision);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < RULE_COUNT; i++)
        free(fixture->settings[i]);
    arena_free(fixture->arena);
    free(fixture);
    return 0;
}

static void switch_on(struct fixture *fixture, enum rule_id rule, enum mode mode,
                      enum action action)
{
    fixture->settings[rule]->mode = mode;
    fixture->settings[rule]->action = action;
}

static void judge(struct fixture *fixture, enum stage stage)
{
    engine_judge(stage, &fixture->facts, &fixture->policy, fixture->arena, &fixture->decision);
}

static void test_all_off_accepts(void **state)
{
    struct fixture *fixture = *state;
    for (int stage = STAGE_MAIL; stage < STAGE_COUNT; stage++)
        judge(fixture, (enum stage)stage);
    assert_int_equal(fixture->decision.action, ACTION_ACCEPT);
    assert_int_equal(fixture->decision.decider, RULE_COUNT);
}

static void test_first_of_two_equal_refusals_speaks(void **state)
{
    struct fixture *fixture = *state;
    switch_on(fixture, RULE_tls, MODE_ENFORCE, ACTION_REJECT);
    switch_on(fixture, RULE_auth, MODE_ENFORCE, ACTION_REJECT);
    judge(fixture, STAGE_MAIL);
    assert_int_equal(fixture->decision.action, ACTION_REJECT);
    assert_int_equal(fixture->decision.decider, RULE_tls);
    assert_int_equal(fixture->decision.judged[RULE_auth].verdict.outcome, OUTCOME_VIOLATION);
}

static void test_heavier_action_outweighs_earlier_rule(void **state)
{
    struct fixture *fixture = *state;
    switch_on(fixture, RULE_tls, MODE_ENFORCE, ACTION_TEMPFAIL);
    switch_on(fixture, RULE_auth, MODE_ENFORCE, ACTION_REJECT);
    judge(fixture, STAGE_MAIL);
    assert_int_equal(fixture->decision.action, ACTION_REJECT);
    assert_int_equal(fixture->decision.decider, RULE_auth);
}

static void test_observed_rule_changes_nothing(void **state)
{
    struct fixture *fixture = *state;
    switch_on(fixture, RULE_tls, MODE_OBSERVE, ACTION_REJECT);
    judge(fixture, STAGE_MAIL);
    assert_int_equal(fixture->decision.action, ACTION_ACCEPT);
    assert_int_equal(fixture->decision.judged[RULE_tls].action, ACTION_REJECT);
}

static void test_unavailable_fact_is_a_tempfail(void **state)
{
    struct fixture *fixture = *state;
    struct reply reply;
    switch_on(fixture, RULE_tls, MODE_ENFORCE, ACTION_REJECT);
    fixture->facts.tls.state = FACT_UNAVAILABLE;
    judge(fixture, STAGE_MAIL);
    assert_int_equal(fixture->decision.action, ACTION_TEMPFAIL);
    reply_of(&fixture->decision, &fixture->facts, fixture->arena, &reply);
    assert_int_equal(reply.code, 451);
    assert_string_equal(reply.enhanced, "4.3.0");
}

static void test_a_carried_verdict_takes_the_new_settings(void **state)
{
    struct fixture *fixture = *state;
    const struct verdict found = {.outcome = OUTCOME_VIOLATION, .reason = "found"};
    const struct verdict beyond = {
        .outcome = OUTCOME_VIOLATION, .reason = "found", .beyond_mending = true};
    const struct verdict unknown = {.outcome = OUTCOME_UNAVAILABLE, .reason = "unknown"};
    const struct {
        enum mode mode;
        enum action action;
        const struct verdict *verdict;
        enum action leads_to, decision;
    } cases[] = {
        {MODE_OFF, ACTION_REJECT, &found, ACTION_ACCEPT, ACTION_ACCEPT},
        {MODE_OBSERVE, ACTION_REJECT, &found, ACTION_REJECT, ACTION_ACCEPT},
        {MODE_ENFORCE, ACTION_QUARANTINE, &found, ACTION_QUARANTINE, ACTION_QUARANTINE},
        {MODE_ENFORCE, ACTION_FIX, &found, ACTION_FIX, ACTION_FIX},
        {MODE_ENFORCE, ACTION_FIX, &beyond, ACTION_REJECT, ACTION_REJECT},
        {MODE_ENFORCE, ACTION_REJECT, &unknown, ACTION_TEMPFAIL, ACTION_TEMPFAIL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct judged *judged = &fixture->decision.judged[RULE_address_form];
        switch_on(fixture, RULE_address_form, cases[i].mode, cases[i].action);
        engine_carry(RULE_address_form, cases[i].verdict, &fixture->policy, fixture->arena,
                     &fixture->decision);
        assert_int_equal(judged->mode, cases[i].mode);
        assert_int_equal(judged->action, cases[i].leads_to);
        assert_int_equal(fixture->decision.action, cases[i].decision);
    }
}

static void test_reply_of_a_refusal(void **state)
{
    struct fixture *fixture = *state;
    struct reply reply;
    switch_on(fixture, RULE_auth, MODE_ENFORCE, ACTION_REJECT);
    judge(fixture, STAGE_MAIL);
    reply_of(&fixture->decision, &fixture->facts, fixture->arena, &reply);
    assert_int_equal(reply.code, 530);
    assert_string_equal(reply.enhanced, "5.7.0");
    assert_non_null(strstr(reply.text, " [auth.none 01J0000000000000000000000A]"));
}

static void test_refusal_turned_into_tempfail(void **state)
{
    struct fixture *fixture = *state;
    struct reply reply;
    switch_on(fixture, RULE_auth, MODE_ENFORCE, ACTION_TEMPFAIL);
    judge(fixture, STAGE_MAIL);
    reply_of(&fixture->decision, &fixture->facts, fixture->arena, &reply);
    assert_int_equal(reply.code, 451);
    assert_int_equal(reply.enhanced[0], '4');
}

static void test_reply_holds_no_client_controls(void **state)
{
    struct fixture *fixture = *state;
    struct reply reply;
    switch_on(fixture, RULE_tls, MODE_ENFORCE, ACTION_REJECT);
    fixture->facts.tls = (struct facts_tls){
        .state = FACT_KNOWN, .version = BYTES("SSL\r\n250 ok\x1b[2J\xc3\xa9"), .cipher_bits = 256};
    judge(fixture, STAGE_MAIL);
    reply_of(&fixture->decision, &fixture->facts, fixture->arena, &reply);
    for (const char *at = reply.text; *at; at++)
        assert_true(*at >= ' ' && *at <= '~');
    assert_true(strlen(reply.text) <= 900);
}

static void test_fault_replies_without_memory(void **state)
{
    struct fixture *fixture = *state;
    struct arena *none = arena_new(0);
    struct reply reply;
    engine_judge(STAGE_MAIL, &fixture->facts, &fixture->policy, none, &fixture->decision);
    assert_null(arena_alloc(none, 1));
    judge(fixture, STAGE_MAIL);
    engine_judge(STAGE_MAIL, &fixture->facts, &fixture->policy, none, &fixture->decision);
    assert_int_equal(fixture->decision.action, ACTION_TEMPFAIL);
    reply_of(&fixture->decision, &fixture->facts, none, &reply);
    assert_int_equal(reply.code, 451);
    assert_non_null(reply.text);
    arena_free(none);
}

static void set_rcpt(struct fixture *fixture, const char *rcpt)
{
    fixture->facts.envelope.rcpt = bytes_of(rcpt);
}

static void test_observed_recipient_stays_on_record(void **state)
{
    struct fixture *fixture = *state;
    switch_on(fixture, RULE_recipients, MODE_OBSERVE, ACTION_REJECT);
    set_rcpt(fixture, "<not an address");
    judge(fixture, STAGE_RCPT);
    set_rcpt(fixture, "<bob@example.net>");
    judge(fixture, STAGE_RCPT);
    assert_int_equal(fixture->decision.judged[RULE_recipients].verdict.outcome, OUTCOME_VIOLATION);
    engine_forget(STAGE_RCPT, fixture->arena, &fixture->decision);
    assert_int_equal(fixture->decision.judged[RULE_recipients].verdict.outcome, OUTCOME_NOT_ASKED);
}

static void count(struct fixture *fixture, enum quantity quantity, int64_t hour)
{
    struct facts_limits *limits = &fixture->facts.limits;
    limits->state = FACT_KNOWN;
    limits->subjects[SUBJECT_LOGIN].name = BYTES("alice");
    limits->subjects[SUBJECT_LOGIN].counted.counts[quantity][WINDOW_HOUR] = hour;
}

/* A sign that is seen with more than one of whatever it counts within an hour. */
struct plain_sign {
    struct sign_settings sign;
    int64_t max_hour;
};

static const struct sign_settings *sign_of(const struct fixture *fixture, enum rule_id rule)
{
    return &((const struct plain_sign *)fixture->settings[rule])->sign;
}

static void set_sign(struct fixture *fixture, enum rule_id rule, int then)
{
    struct plain_sign *sign = (struct plain_sign *)fixture->settings[rule];
    sign->sign.then = then;
    sign->sign.lasts = 7200;
    sign->max_hour = 1;
}

static void judge_at(struct fixture *fixture, enum stage stage)
{
    fixture->facts.stage = stage;
    judge(fixture, stage);
}

static void allow_messages(struct fixture *fixture, const char *const *limit)
{
    struct limits_settings *settings = (struct limits_settings *)fixture->settings[RULE_limits];
    settings->by[SUBJECT_LOGIN] = (struct texts){limit, 1};
}

static void test_an_early_rule_is_asked_at_each_of_its_stages(void **state)
{
    struct fixture *fixture = *state;
    static const char *const limit[] = {"5 messages/hour"};
    static const enum stage asked[] = {STAGE_MAIL, STAGE_RCPT, STAGE_SETTLE};
    static const enum stage not_asked[] = {STAGE_HEADER, STAGE_BODY};
    allow_messages(fixture, limit);
    switch_on(fixture, RULE_limits, MODE_ENFORCE, ACTION_TEMPFAIL);
    count(fixture, QUANTITY_MESSAGES, 5);
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        decision_init(&fixture->decision);
        ((struct limits_settings *)fixture->settings[RULE_limits])->each_recipient = true;
        judge_at(fixture, asked[i]);
        assert_int_equal(fixture->decision.action, ACTION_TEMPFAIL);
        assert_int_equal(fixture->decision.decider, RULE_limits);
    }
    for (size_t i = 0; i < sizeof not_asked / sizeof *not_asked; i++) {
        decision_init(&fixture->decision);
        judge_at(fixture, not_asked[i]);
        assert_int_equal(fixture->decision.judged[RULE_limits].verdict.outcome, OUTCOME_NOT_ASKED);
    }
}

static void test_what_an_early_stage_found_stays(void **state)
{
    struct fixture *fixture = *state;
    static const char *const limit[] = {"5 messages/hour"};
    const struct judged *judged = &fixture->decision.judged[RULE_limits];
    allow_messages(fixture, limit);
    switch_on(fixture, RULE_limits, MODE_OBSERVE, ACTION_TEMPFAIL);
    count(fixture, QUANTITY_MESSAGES, 5);
    judge_at(fixture, STAGE_MAIL);
    assert_int_equal(judged->verdict.outcome, OUTCOME_VIOLATION);
    count(fixture, QUANTITY_MESSAGES, 4); /* an old one has left the window meanwhile */
    judge_at(fixture, STAGE_SETTLE);
    assert_int_equal(judged->verdict.outcome, OUTCOME_VIOLATION);
    engine_forget(STAGE_RCPT, fixture->arena, &fixture->decision);
    assert_int_equal(judged->verdict.outcome, OUTCOME_NOT_ASKED);
}

static void test_a_sign_contains_and_refuses_nothing(void **state)
{
    struct fixture *fixture = *state;
    const struct {
        enum mode mode;
        int then;
        int64_t refusals;
        enum login_state contain;
    } cases[] = {
        {MODE_ENFORCE, LOGIN_SLOWED, 2, LOGIN_SLOWED},
        {MODE_ENFORCE, LOGIN_FROZEN, 2, LOGIN_FROZEN},
        {MODE_ENFORCE, LOGIN_NORMAL, 2, LOGIN_NORMAL},
        {MODE_ENFORCE, LOGIN_SLOWED, 1, LOGIN_NORMAL},
        {MODE_OBSERVE, LOGIN_SLOWED, 2, LOGIN_NORMAL},
        {MODE_OFF, LOGIN_SLOWED, 2, LOGIN_NORMAL},
    };
    const struct sign_settings *sign = sign_of(fixture, RULE_many_refusals);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        decision_init(&fixture->decision);
        switch_on(fixture, RULE_many_refusals, cases[i].mode, ACTION_ACCEPT);
        set_sign(fixture, RULE_many_refusals, cases[i].then);
        count(fixture, QUANTITY_REFUSALS, cases[i].refusals);
        judge_at(fixture, STAGE_HEADER);
        assert_int_equal(fixture->decision.action, ACTION_ACCEPT);
        assert_int_equal(fixture->decision.contain, cases[i].contain);
        assert_int_equal(fixture->decision.container,
                         cases[i].contain ? RULE_many_refusals : RULE_COUNT);
        if (cases[i].contain)
            assert_int_equal(fixture->decision.judged[RULE_many_refusals].verdict.contain_for,
                             sign->lasts);
    }
}

static void test_the_furthest_state_holds_and_stays(void **state)
{
    struct fixture *fixture = *state;
    switch_on(fixture, RULE_many_refusals, MODE_ENFORCE, ACTION_ACCEPT);
    set_sign(fixture, RULE_many_refusals, LOGIN_SLOWED);
    count(fixture, QUANTITY_REFUSALS, 2);
    judge_at(fixture, STAGE_MAIL);
    assert_int_equal(fixture->decision.container, RULE_many_refusals);
    switch_on(fixture, RULE_many_networks, MODE_ENFORCE, ACTION_ACCEPT);
    set_sign(fixture, RULE_many_networks, LOGIN_FROZEN);
    fixture->facts.limits.habit.networks_hour = 2;
    count(fixture, QUANTITY_REFUSALS, 0);
    judge_at(fixture, STAGE_HEADER);
    assert_int_equal(fixture->decision.contain, LOGIN_FROZEN);
    assert_int_equal(fixture->decision.container, RULE_many_networks);
    assert_int_equal(fixture->decision.judged[RULE_many_refusals].verdict.contain, LOGIN_SLOWED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_off_accepts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_first_of_two_equal_refusals_speaks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_heavier_action_outweighs_earlier_rule, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_observed_rule_changes_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unavailable_fact_is_a_tempfail, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_carried_verdict_takes_the_new_settings, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_reply_of_a_refusal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refusal_turned_into_tempfail, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reply_holds_no_client_controls, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_fault_replies_without_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_observed_recipient_stays_on_record, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_an_early_rule_is_asked_at_each_of_its_stages, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_what_an_early_stage_found_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_sign_contains_and_refuses_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_the_furthest_state_holds_and_stays, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
