/* Counts that are judged again: under the same settings the same comes out, whatever happened in
 * the midst of a message; under others what these would have found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gate/replay.h"
#include "tests/unit/case_judge.h"
#include "tests/unit/recording.h"

static int begin(void **state)
{
    (void)state;
    return case_begin() ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    case_end();
    return 0;
}

/* Judges it again under the same settings: nothing may differ. */
static void check_same(const struct message *message, struct snapshot *under)
{
    struct recorded *recorded = recording_read_back(message);
    struct replayed replayed;
    struct error error;
    assert_true(replay_judge(under, recorded, &replayed, &error));
    assert_int_equal(replayed.gap, REPLAY_NO_GAP);
    for (size_t i = 0; i < RULE_COUNT; i++)
        if (!replay_same_effect(&replayed.rules[i].then, &replayed.rules[i].now))
            fail_msg("%s", rules[i]->name);
    assert_false(replayed.differs);
    replay_done(&replayed);
    recorded_free(recorded);
}

static struct snapshot *snapshot_with(char *set)
{
    const struct policy_case one = {.sets = {{set}, 1}};
    struct snapshot *with = case_snapshot(&one);
    assert_non_null(with);
    return with;
}

static char limits_enforced[] = "limits.mode = \"enforce\"";
static char networks_enforced[] = "many_networks.mode = \"enforce\"";

/* 60 are let through, and the 60th comes by another way after this one's MAIL, or after its header:
 * what is refused at the end then is refused there again, and not at MAIL. */
static void test_others_at_the_same_time(void **state)
{
    (void)state;
    for (int when = 0; when < 3; when++) {
        struct snapshot *with = snapshot_with(limits_enforced);
        struct message *message = recording_message(with);
        struct facts_limits *limits = &message->facts.limits;
        limits->state = FACT_KNOWN;
        limits->rcpt_is_known = true;
        limits->subjects[SUBJECT_LOGIN].name = message->facts.login.name;
        limits->subjects[SUBJECT_LOGIN].counted.counts[QUANTITY_MESSAGES][WINDOW_MINUTE] = 59;
        message_mail(message, BYTES("<alice@example.com>"), false);
        assert_true(message_rcpt(message, BYTES("<bob@example.net>")));
        message_field(message, BYTES("From"), BYTES(" alice@example.com"));
        limits->subjects[SUBJECT_LOGIN].counted.counts[QUANTITY_MESSAGES][WINDOW_MINUTE] +=
            when == 1;
        message_body(message, BYTES("Hello\r\n"));
        limits->subjects[SUBJECT_LOGIN].counted.counts[QUANTITY_MESSAGES][WINDOW_MINUTE] +=
            when == 2;
        message_end(message);
        assert_int_equal(message->outcome.action == ACTION_TEMPFAIL, when > 0);
        assert_true(!when || message->decision.decider == RULE_limits);
        check_same(message, with);
        message_free(message);
    }
}

/* A sign slows the login in the midst of its message, which has an unknown recipient: it is put
 * off at its end, and is so again; where the sign only observes, it goes out. */
static void test_a_sign_of_its_own(void **state)
{
    (void)state;
    struct snapshot *with = snapshot_with(networks_enforced);
    struct message *message = recording_message(with);
    struct facts_limits *limits = &message->facts.limits;
    limits->state = FACT_KNOWN;
    limits->subjects[SUBJECT_LOGIN].name = message->facts.login.name;
    limits->habit.networks_hour = 9;
    message_mail(message, BYTES("<alice@example.com>"), false);
    assert_true(message_rcpt(message, BYTES("<bob@example.net>")));
    limits->unknown_rcpts = 1;
    message_field(message, BYTES("From"), BYTES(" alice@example.com"));
    message_end(message);
    assert_int_equal(message->decision.contain, LOGIN_SLOWED);
    assert_int_equal(message->outcome.action, ACTION_TEMPFAIL);
    assert_int_equal(message->decision.decider, RULE_login_state);
    check_same(message, with);

    struct recorded *recorded = recording_read_back(message);
    struct replayed replayed;
    struct error error;
    message_free(message);
    with = snapshot_with(limits_enforced);
    assert_true(replay_judge(with, recorded, &replayed, &error));
    assert_int_equal(replayed.now.action, ACTION_FIX);
    assert_int_equal(replayed.rules[RULE_many_networks].then.contain, LOGIN_SLOWED);
    assert_int_equal(replayed.rules[RULE_many_networks].then.mode, MODE_ENFORCE);
    assert_int_equal(replayed.rules[RULE_many_networks].now.mode, MODE_OBSERVE);
    replay_done(&replayed);
    recorded_free(recorded);
}

/* Past the limit from which on only known recipients are written to: as many of them would be
 * refused as were unknown. */
static void test_unknown_recipients(void **state)
{
    (void)state;
    static const char *const names[] = {"<a@example.net>", "<b@example.net>", "<c@example.net>",
                                        "<d@example.net>", "<e@example.net>"};
    struct snapshot *with = snapshot_with((char[]){"limits.mode = \"off\""});
    struct message *message = recording_message(with);
    struct facts_limits *limits = &message->facts.limits;
    limits->state = FACT_KNOWN;
    limits->subjects[SUBJECT_LOGIN].name = message->facts.login.name;
    limits->subjects[SUBJECT_LOGIN].counted.counts[QUANTITY_MESSAGES][WINDOW_MINUTE] = 31;
    message_mail(message, BYTES("<alice@example.com>"), false);
    for (size_t i = 0; i < 5; i++)
        assert_true(message_rcpt(message, bytes_of(names[i])));
    limits->new_rcpts = 1;
    limits->unknown_rcpts = 2;
    message_field(message, BYTES("From"), BYTES(" alice@example.com"));
    message_end(message);
    assert_int_equal(message->outcome.action, ACTION_FIX);
    struct recorded *recorded = recording_read_back(message);
    struct replayed replayed;
    struct error error;
    message_free(message);
    with = snapshot_with(limits_enforced);
    assert_true(replay_judge(with, recorded, &replayed, &error));
    assert_int_equal(replayed.rcpts_refused, 2);
    assert_string_equal(replayed.rcpt.reason, "contain");
    assert_string_equal(replayed.rules[RULE_limits].now.reason, "contain");
    assert_null(replayed.now.command);
    assert_int_equal(replayed.now.action, ACTION_FIX);
    replay_done(&replayed);
    recorded_free(recorded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_others_at_the_same_time),
        cmocka_unit_test(test_a_sign_of_its_own),
        cmocka_unit_test(test_unknown_recipients),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
