/* From the bytes of a message to its decision, by the gate that the daemon uses.
 *
 * What is accepted of a login has one From, that a second reader reads the same and that is the
 * login's; judging what leaves asks for no further change; the record is strict JSON and its replay
 * comes to the same decision; replies and log lines are printable ASCII.
 *
 * The first byte of an input chooses the MTA, the policy and the session, the rest is the message.
 */
#include <jansson.h>
#include <stdlib.h>

#include "gate/message_text.h"
#include "gate/record.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/second_reader.h"
#include "tests/unit/case_judge.h"
#include "tests/unit/replay_unlike.h"

#define SENDMAIL 1 /* bits of the first byte */
#define SMTPUTF8 2
#define NULL_SENDER 4
#define CAPTURE 8
#define POLICY(chosen) ((chosen) >> 5 & 3)

#define LOGIN "alice@example.com"

static char policies[][16] = {"submission", "local", "inbound", "submission"};
static struct snapshot *snapshots[4];

static void end(void)
{
    for (size_t i = 0; i < sizeof snapshots / sizeof *snapshots; i++)
        snapshot_unref(snapshots[i]);
    case_end();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static char strict[] = "from.allow_several = false",
                names[] = "display_name.mode = \"enforce\"";
    (void)argc;
    (void)argv;
    if (!case_begin())
        fuzz_fail("no folder for the configuration");
    for (size_t i = 0; i < sizeof snapshots / sizeof *snapshots; i++) {
        struct policy_case one = {.policy = policies[i]};
        if (i == 3)
            one.sets = (struct case_values){.items = {strict, names}, .count = 2};
        snapshots[i] = snapshot_ref(case_snapshot(&one));
        if (!snapshots[i])
            fuzz_fail("no configuration");
    }
    atexit(end);
    return 0;
}

static struct message *begin(unsigned chosen, bool signs)
{
    struct message_session session = {
        .connection = {.smtp = true,
                       .client_address = BYTES("192.0.2.7"),
                       .helo = BYTES("client.example.net"),
                       .mta = chosen & SENDMAIL ? MTA_SENDMAIL : MTA_OTHER,
                       .mta_host = BYTES("mail.example.com")},
        .tls = {.state = FACT_KNOWN,
                .version = BYTES("TLSv1.3"),
                .cipher = BYTES("TLS_AES_256_GCM_SHA384"),
                .cipher_bits = 256},
        .without_signing = !signs,
    };
    struct message_clock clock = {.milliseconds = 1790000000000};
    if (POLICY(chosen) != 2)
        session.login = (struct facts_login){
            .state = FACT_KNOWN, .name = BYTES(LOGIN), .mechanism = BYTES("PLAIN")};
    struct message *message = message_new(snapshots[POLICY(chosen)], &session, &clock);
    if (!message)
        fuzz_fail("no message");
    struct bytes path = chosen & NULL_SENDER ? BYTES("<>") : BYTES("<" LOGIN ">");
    message_mail(message, path, (chosen & SMTPUTF8) != 0);
    if (message->outcome.action >= ACTION_TEMPFAIL ||
        !message_rcpt(message, BYTES("<b@d.example>")))
        fuzz_fail("MAIL or RCPT was refused: %s", message->outcome.reply.text);
    return message;
}

/* As rows of tests/cases/senders have it. */
static bool is_own(const struct second_mailbox *mailbox)
{
    static const struct bytes own[] = {BYTES("alice"), BYTES("sales"), BYTES("odd local")};
    if (!bytes_equal_nocase(mailbox->domain, BYTES("example.com")))
        return false;
    if (bytes_start_with_nocase(mailbox->local, BYTES("alice+")) ||
        bytes_start_with_nocase(mailbox->local, BYTES("sales+")))
        return true;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (bytes_equal_nocase(mailbox->local, own[i]))
            return true;
    return false;
}

/* Of what leaves under a policy for logins. */
static void check_from(const struct facts_header *leaving, bool alone)
{
    const struct field *from = facts_field(leaving, BYTES("From"), 0);
    struct second_list list;
    if (facts_field_count(leaving, BYTES("From")) != 1)
        fuzz_fail("accepted with %zu From fields", facts_field_count(leaving, BYTES("From")));
    if (!second_reader_read(from->value, &list) || !list.count || (alone && list.count != 1))
        fuzz_fail("accepted with the From field %s", fuzz_show(from->value));
    for (size_t i = 0; i < list.count; i++)
        if (!is_own(&list.mailboxes[i]))
            fuzz_fail("accepted with another's From field: %s", fuzz_show(from->value));
    second_reader_done(&list);
}

/* The body told all it had to tell the first time. */
static void check_again(unsigned chosen, const struct facts_header *leaving)
{
    struct message *again = begin(chosen, false);
    for (size_t i = 0; i < leaving->count; i++)
        message_field(again, leaving->fields[i].name, leaving->fields[i].value);
    message_body(again, BYTES("\r\n"));
    message_end(again);
    if (again->outcome.action >= ACTION_TEMPFAIL)
        fuzz_fail("what left would not leave again: %s", again->outcome.reply.text);
    for (const struct edit *edit = again->outcome.edits; edit; edit = edit->next)
        fuzz_fail("what left would be changed by %s: %s:%s", edit->rule, fuzz_show(edit->name),
                  fuzz_show(edit->value));
    message_free(again);
}

static void check_left(unsigned chosen, const struct message *message)
{
    static const uint8_t secret[16];
    struct facts_header leaving;
    if (!edit_apply(message->arena, secret, &message->facts.header, message->outcome.edits,
                    &leaving))
        return;
    if (POLICY(chosen) == 0 || POLICY(chosen) == 3)
        check_from(&leaving, POLICY(chosen) == 3);
    check_again(chosen, &leaving);
}

static void check_printable(const char *what, const char *text)
{
    if (!text || bytes_skip_printable(bytes_of(text), 0) < strlen(text))
        fuzz_fail("%s: %s", what, fuzz_show(bytes_of(text)));
}

static void check_reply(const struct message *message)
{
    const struct reply *reply = &message->outcome.reply;
    size_t room = 0;
    check_printable("a reply that is not printable", reply->text);
    for (const char *at = reply->text; *at; at++)
        room += *at == '%' ? 2 : 1;
    if (room > 900 || reply->code / 100 != reply->enhanced[0] - '0' || reply->code < 400)
        fuzz_fail("no reply: %d %s %s", reply->code, reply->enhanced, reply->text);
    if (message->fault && reply->code != 451)
        fuzz_fail("a fault inside is a %d", reply->code);
}

static void check_record(const struct message *message)
{
    const struct record_context context = {.queue_id = BYTES("4fXyz"), .now = message->began};
    struct json json;
    char line[2048];
    json_error_t error;
    json_init(&json);
    record_write_json(message, &context, &json);
    json_t *tree = json_loadb(json.data, json.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    if (!tree)
        fuzz_fail("%s in %s", error.text, json.data);
    if (bytes_find((struct bytes){json.data, json.len}, '\n') < json.len)
        fuzz_fail("a record of several lines: %s", json.data);
    json_decref(tree);
    json_done(&json);
    record_write_line(message, &context, line, sizeof line);
    check_printable("a log line that is not printable", line);
}

static void check_replay(struct snapshot *snapshot, const struct message *message, bool captured)
{
    struct recorded *recorded = replay_unlike_record(message);
    struct replayed replayed = {0};
    struct error error;
    if (!recorded || !replay_judge(snapshot, recorded, &replayed, &error))
        fuzz_fail("no replay");
    if (replayed.message) {
        const char *unlike = replay_unlike_message(message, replayed.message);
        if (!unlike)
            unlike = replay_unlike_replayed(&replayed, captured, message->facts.header.dropped);
        if (unlike)
            fuzz_fail("the replay differs in %s", unlike);
    }
    replay_done(&replayed);
    recorded_free(recorded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes text = fuzz_bytes(data, size);
    unsigned chosen = fuzz_take_byte(&text);
    struct snapshot *snapshot = snapshots[POLICY(chosen)];
    snapshot->settings->log.capture = (chosen & CAPTURE) != 0;
    struct message *message = begin(chosen, true);
    message_feed_text(message, text);
    message_end(message);
    if (message->outcome.action < ACTION_TEMPFAIL)
        check_left(chosen, message);
    else
        check_reply(message);
    check_record(message);
    if (!message->fault)
        check_replay(snapshot, message, (chosen & CAPTURE) != 0);
    message_free(message);
    return 0;
}
