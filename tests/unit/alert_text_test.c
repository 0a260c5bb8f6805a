/* What an admin is told: what is worth it, and that nothing a client typed is more than text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "milter/alert_clean.h"
#include "milter/alert_queue.h"
#include "milter/alert_recent.h"
#include "milter/alert_text.h"
#include "policy/invisible.h"

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

static enum rule_id rule_called(const char *name)
{
    for (size_t i = 0; i < RULE_COUNT; i++)
        if (strcmp(rules[i]->name, name) == 0)
            return (enum rule_id)i;
    fail_msg("no rule %s", name);
    return RULE_COUNT;
}

static struct message message_of(const char *login)
{
    struct message message = {.arena = arena, .began = INT64_C(1795000000000), .id = "01JD"};
    decision_init(&message.decision);
    message.facts.login = (struct facts_login){.state = FACT_KNOWN, .name = bytes_of(login)};
    message.facts.connection.client_address = BYTES("203.0.113.7");
    message.facts.limits.state = FACT_KNOWN;
    message.facts.limits.subjects[SUBJECT_LOGIN].name = bytes_of(login);
    message.facts.limits.subjects[SUBJECT_LOGIN].counted.counts[QUANTITY_MESSAGES][WINDOW_HOUR] =
        317;
    return message;
}

static void contain(struct message *message, const char *cause)
{
    message->contained = true;
    message->decision.contain = LOGIN_SLOWED;
    message->facts.limits.standing = (struct login_standing){
        .state = LOGIN_SLOWED, .since = 1795000000, .until = 1795007200, .cause = bytes_of(cause)};
}

static void refuse(struct message *message, const char *rule, const char *reason)
{
    enum rule_id id = rule_called(rule);
    message->outcome.action = message->decision.action = ACTION_TEMPFAIL;
    message->decision.decider = id;
    message->decision.judged[id].verdict.reason = reason;
    message->decision.judged[id].verdict.fact = BYTES("login 31 messages/minute of 30");
}

static struct alert_cause cause_of(const struct message *message)
{
    struct alert_cause cause;
    alert_cause_find(message, arena, &cause);
    return cause;
}

static struct alert_text text_of(const struct message *message)
{
    struct alert_cause cause = cause_of(message);
    struct alert_text text;
    assert_true(
        alert_text_write(message, &cause, BYTES("4Queue"), BYTES("mx1.example.com"), arena, &text));
    return text;
}

static json_t *parsed(const struct alert_text *text)
{
    json_error_t error;
    json_t *json = json_loadb(text->json.data, text->json.len, JSON_REJECT_DUPLICATES, &error);
    assert_non_null(json);
    return json;
}

static void test_what_is_told(void **state)
{
    (void)state;
    struct message quiet = message_of("alice@example.com");
    assert_int_equal(cause_of(&quiet).event, ALERT_NONE);

    struct message other = message_of("alice@example.com");
    refuse(&other, "from", "not-owned");
    assert_int_equal(cause_of(&other).event, ALERT_NONE);

    struct message slowed = message_of("alice@example.com");
    contain(&slowed, "many_networks.hour");
    struct alert_text text = text_of(&slowed);
    assert_string_equal(text.title, "alice@example.com was slowed: many_networks.hour");
    assert_string_equal(text.words[0], "event=slowed");
    assert_string_equal(text.words[1], "who=alice@example.com");
    assert_string_equal(text.words[2], "cause=many_networks.hour");
    assert_null(text.words[3]);
}

static void test_what_a_limit_holds_back(void **state)
{
    (void)state;
    struct message message = message_of("alice@example.com");
    refuse(&message, "limits", "contain");
    struct alert_text text = text_of(&message);
    json_t *json = parsed(&text);
    assert_string_equal(text.title, "login alice@example.com is over a limit: limits.contain");
    const char *shown = json_string_value(json_object_get(json, "text"));
    static const char *const wanted[] = {
        "\n  Figures   login 31 messages/minute of 30\n",
        "\n  Client    203.0.113.7\n",
        "\n  Decision  01JD (queue id 4Queue)\n",
        "\n  Told by   mx1.example.com\n",
        "\n  messages              0          317            0\n",
        "\n  look      submilterctl login show alice@example.com\n",
        "\n  freeze    submilterctl login freeze alice@example.com\n",
        "Mail to people whom it has long written to goes on",
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (!strstr(shown, wanted[i]))
            fail_msg("\"%s\" is missing in:\n%s", wanted[i], shown);
    json_decref(json);
}

/* limits.action = "reject" */
static void test_what_a_limit_refuses(void **state)
{
    (void)state;
    static const char *const reasons[] = {"login", "contain"};
    static const char *const said[] = {"is deferred", "is refused."};
    for (size_t i = 0; i < 4; i++) {
        struct message message = message_of("alice@example.com");
        refuse(&message, "limits", reasons[i % 2]);
        message.outcome.action = i < 2 ? ACTION_TEMPFAIL : ACTION_REJECT;
        struct alert_text text = text_of(&message);
        json_t *json = parsed(&text);
        const char *shown = json_string_value(json_object_get(json, "text"));
        assert_non_null(strstr(shown, said[i / 2]));
        assert_null(strstr(shown, said[1 - i / 2]));
        json_decref(json);
    }
}

static const char *command_of(const struct message *message, const char *purpose)
{
    struct alert_text text = text_of(message);
    json_t *json = parsed(&text);
    const char *words =
        json_string_value(json_object_get(json_object_get(json, "commands"), purpose));
    const char *kept = words ? arena_text(arena, bytes_of(words)) : NULL;
    json_decref(json);
    return kept;
}

/* What is to be looked at, or begun anew, is what the limit counts. */
static void test_commands_are_of_what_is_over(void **state)
{
    (void)state;
    struct message message = message_of("alice@example.com");
    message.facts.limits.subjects[SUBJECT_GROUP].name = BYTES("-sales");
    message.facts.limits.subjects[SUBJECT_NETWORK].name = BYTES("203.0.113.0/24");
    message.facts.limits.subjects[SUBJECT_HOST].name = BYTES("all");
    refuse(&message, "limits", "network");
    assert_string_equal(command_of(&message, "counts"),
                        "submilterctl limits show --network 203.0.113.0/24");
    assert_string_equal(command_of(&message, "reset"),
                        "submilterctl limits reset --network 203.0.113.0/24");
    assert_string_equal(command_of(&message, "freeze"),
                        "submilterctl login freeze alice@example.com");
    refuse(&message, "limits", "group");
    assert_string_equal(command_of(&message, "counts"), "submilterctl limits show --group -sales");
    refuse(&message, "limits", "host");
    assert_string_equal(command_of(&message, "counts"), "submilterctl limits show --host");
    refuse(&message, "limits", "contain");
    assert_string_equal(command_of(&message, "counts"),
                        "submilterctl limits show alice@example.com");
    message.facts.login = (struct facts_login){.state = FACT_ABSENT}; /* as from sendmail(1) */
    refuse(&message, "limits", "host");
    assert_string_equal(command_of(&message, "reset"), "submilterctl limits reset --host");
    assert_null(command_of(&message, "freeze"));
}

/* Of a whole network's limit one is told, and not one for each login in it. */
static void test_one_key_for_what_is_counted_together(void **state)
{
    (void)state;
    struct message alice = message_of("Alice@example.com"), bob = message_of("bob@example.com");
    struct message *both[] = {&alice, &bob};
    const char *keys[2];
    for (size_t i = 0; i < 2; i++) {
        both[i]->facts.limits.subjects[SUBJECT_NETWORK].name = BYTES("203.0.113.0/24");
        refuse(both[i], "limits", "network");
        struct alert_cause cause = cause_of(both[i]);
        keys[i] = alert_cause_key(both[i], &cause, arena);
        assert_int_equal(alert_cause_pause(&cause, 3600), 3600);
    }
    assert_string_equal(keys[0], keys[1]);
    refuse(&alice, "limits", "login");
    struct alert_cause cause = cause_of(&alice);
    assert_string_equal(alert_cause_key(&alice, &cause, arena), "alice@example.com limits.login");
}

/* What an admin did is told when it holds mail back, and then for a day no more. */
static void test_an_admins_own_work(void **state)
{
    (void)state;
    struct message message = message_of("alice@example.com");
    message.facts.limits.standing = (struct login_standing){
        .state = LOGIN_FROZEN, .since = 1795000000, .cause = BYTES("by root: phished")};
    refuse(&message, "login_state", "frozen");
    struct alert_cause cause = cause_of(&message);
    assert_int_equal(cause.event, ALERT_HELD);
    assert_int_equal(alert_cause_pause(&cause, 3600), 86400);
    assert_string_equal(text_of(&message).title,
                        "alice@example.com is frozen by root: phished, and still sends");
    message.facts.limits.standing.cause = BYTES("many_networks.hour"); /* told when it came */
    assert_int_equal(cause_of(&message).event, ALERT_NONE);
}

static const char *const hostile[] = {
    "a'; touch /tmp/x; '@example.com",
    "$(id)@example.com",
    "-f/etc/passwd",
    "--help",
    "a b\"c\\d`e`@example.com",
    "a\r\nBcc: victim@example.net\r\n\r\nbuy",
    "a\033[2J\177\200@example.com",
    "a\u202egnp.exe@example.com",
    "j\u00fcrgen@b\u00fccher.example",
    "'",
    "%s%n%d",
};

/* Printable, on one line. */
static void assert_plain(const char *text)
{
    struct invisible found;
    assert_false(
        invisible_find(bytes_of(text), INVISIBLE_IN_ADDRESSES | INVISIBLE_BAD_UTF8, &found));
}

/* What a shell makes of the word in the command to freeze. */
static void assert_shell_reads(const char *command, const char *login)
{
    char read_back[300] = "";
    FILE *shell =
        popen(arena_printf(arena,
                           "submilterctl() { test \"$3\" = -- && shift; printf %%s \"$3\"; "
                           "printf /$#; }; %s",
                           command),
              "r");
    assert_non_null(shell);
    size_t len = fread(read_back, 1, sizeof read_back - 1, shell);
    assert_int_equal(pclose(shell), 0);
    assert_true(len > 0);
    assert_string_equal(read_back, arena_printf(arena, "%s/3", login));
}

static void test_hostile_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        struct message message = message_of(hostile[i]);
        contain(&message, "many_networks.hour");
        struct alert_text text = text_of(&message);
        json_t *json = parsed(&text);
        assert_plain(text.title);
        for (size_t word = 0; word < ALERT_WORDS; word++) {
            assert_plain(text.words[word]);
            assert_true(text.words[word][0] != '-');
        }
        const char *shown = json_string_value(json_object_get(json, "text"));
        for (const char *at = shown; *at;) {
            size_t len = strcspn(at, "\n");
            assert_plain(arena_text(arena, (struct bytes){at, len}));
            at += len + (at[len] == '\n');
        }
        assert_null(strstr(shown, "\nBcc"));
        const char *freeze =
            json_string_value(json_object_get(json_object_get(json, "commands"), "freeze"));
        const char *mail =
            json_string_value(json_object_get(json_object_get(json, "commands"), "mail"));
        assert_non_null(strstr(shown, freeze));
        assert_null(strstr(mail, " --login -- ")); /* that would be the login's name */
        if (!strpbrk(hostile[i], "\r\033") && !strstr(hostile[i], "\u202e")) {
            assert_shell_reads(freeze, hostile[i]);
            assert_shell_reads(mail, hostile[i]);
        }
        json_decref(json);
    }
}

static void test_cleaning(void **state)
{
    (void)state;
    assert_string_equal(alert_clean(arena, BYTES("a\nb\xff\xe2\x80\xae"), 100),
                        "a\\x0ab\\xff\\xe2\\x80\\xae");
    assert_string_equal(alert_clean(arena, BYTES("\u00e4\u00f6"), 100), "\u00e4\u00f6");
    assert_string_equal(alert_clean(arena, BYTES("abcdef"), 3), "abc...");
    assert_string_equal(alert_clean(arena, BYTES("\u00e4"), 1), "\\xc3...");
}

static void test_recent(void **state)
{
    (void)state;
    assert_true(alert_recent_is_new("a", 60, 1000));
    assert_false(alert_recent_is_new("a", 60, 1059));
    assert_true(alert_recent_is_new("b", 60, 1059));
    assert_true(alert_recent_is_new("a", 60, 1060));
    assert_false(alert_recent_is_new("a", 60, 1061));
    assert_true(alert_recent_is_new("a", 60, 500)); /* the clock was set back */
    for (int i = 0; i < 100000; i++) {              /* whatever comes in between, the newest stay */
        char key[20];
        snprintf(key, sizeof key, "%d", i % 20000);
        assert_true(alert_recent_is_new(key, 1, 2000 + 2 * i));
    }
    assert_false(alert_recent_is_new("19999", 1000, 2000 + 200000));
}

static struct alert *alert_due(int64_t due)
{
    struct arena *own = arena_new(65536);
    struct alert *alert = arena_alloc(own, sizeof *alert);
    assert_non_null(alert);
    alert->arena = own;
    alert->due = due;
    return alert;
}

static void test_queue_is_bounded_and_in_order(void **state)
{
    (void)state;
    struct alert_queue queue = {0};
    int64_t due;
    for (int i = 0; i < ALERT_QUEUE_MAX; i++)
        assert_true(alert_queue_add(&queue, alert_due(i % 2 ? 500 : 100)));
    assert_false(alert_queue_add(&queue, alert_due(1)));
    assert_int_equal(queue.lost, 1);
    assert_null(alert_queue_take(&queue, 99, &due));
    assert_int_equal(due, 100);
    for (int i = 0; i < ALERT_QUEUE_MAX; i++) {
        struct alert *alert = alert_queue_take(&queue, 500, &due);
        assert_non_null(alert);
        assert_int_equal(alert->due, i < ALERT_QUEUE_MAX / 2 ? 100 : 500);
        alert_free(alert);
    }
    assert_null(alert_queue_take(&queue, 500, &due));
    assert_true(due == INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_told, begin, end),
        cmocka_unit_test_setup_teardown(test_what_a_limit_holds_back, begin, end),
        cmocka_unit_test_setup_teardown(test_what_a_limit_refuses, begin, end),
        cmocka_unit_test_setup_teardown(test_commands_are_of_what_is_over, begin, end),
        cmocka_unit_test_setup_teardown(test_one_key_for_what_is_counted_together, begin, end),
        cmocka_unit_test_setup_teardown(test_an_admins_own_work, begin, end),
        cmocka_unit_test_setup_teardown(test_hostile_names, begin, end),
        cmocka_unit_test_setup_teardown(test_cleaning, begin, end),
        cmocka_unit_test_setup_teardown(test_recent, begin, end),
        cmocka_unit_test_setup_teardown(test_queue_is_bounded_and_in_order, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
