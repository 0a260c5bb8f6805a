/* submilterctl test: what the daemon would do with a message, decided by the daemon's own code. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "ctl/command.h"
#include "ctl/output.h"
#include "ctl/test_options.h"
#include "gate/message_text.h"
#include "gate/record.h"
#include "gate/record_values.h"
#include "policy/invisible.h"

#define MESSAGE_MAX ((size_t)256 << 20)

static bool read_whole(FILE *in, char **ret_data, size_t *ret_len)
{
    size_t room = 64 * 1024, len = 0, got;
    char *data = malloc(room);
    while (data && len < MESSAGE_MAX && (got = fread(data + len, 1, room - len, in)) > 0) {
        len += got;
        if (len < room)
            continue;
        char *grown = realloc(data, room *= 2);
        if (!grown)
            free(data);
        data = grown;
    }
    *ret_data = data;
    *ret_len = len;
    return data && !ferror(in) && len < MESSAGE_MAX;
}

static bool read_message(const char *path, char **ret_data, size_t *ret_len, struct error *error)
{
    bool standard = !path || strcmp(path, "-") == 0;
    FILE *in = standard ? stdin : fopen(path, "r");
    if (!in)
        return error_set(error, "%s: %s", path, strerror(errno));
    if (standard && isatty(STDIN_FILENO))
        fputs("submilterctl: reads the message from standard input, up to Ctrl-D\n", stderr);
    bool whole = read_whole(in, ret_data, ret_len);
    const char *why = ferror(in) ? strerror(errno) : "the message is larger than 256 MB";
    if (!standard)
        fclose(in);
    return whole || error_set(error, "%s: %s", standard ? "standard input" : path, why);
}

/* How many bytes of UTF-8 a character takes. */
static size_t length_of(const struct invisible *found)
{
    uint32_t character = found->character;
    if (found->kind == INVISIBLE_BAD_UTF8 || character < 0x80)
        return 1;
    return character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
}

/* Client's bytes for a terminal: what is not seen, or moves the cursor or what is seen, is named.
 */
static void print_bytes(struct bytes text)
{
    struct invisible found;
    while (invisible_find(text, INVISIBLE_IN_ADDRESSES | INVISIBLE_BAD_UTF8, &found)) {
        fwrite(text.data, 1, found.at, stdout);
        if (found.kind == INVISIBLE_BAD_UTF8 || found.character < 0x80)
            printf("\\x%02x", (unsigned)found.character);
        else
            printf("\\u%04x", (unsigned)found.character);
        text = bytes_slice(text, found.at + length_of(&found), text.len);
    }
    if (text.len)
        fwrite(text.data, 1, text.len, stdout);
}

static void print_verdict(const struct rule *rule, enum mode mode, const struct judged *judged)
{
    printf("  %-17s %-8s %-12s", rule->name, mode_word(mode),
           mode == MODE_OFF ? "" : record_outcome(judged->verdict.outcome));
    if (judged->verdict.reason)
        printf(" %s", judged->verdict.reason);
    if (judged->verdict.fact.len) {
        printf(" (");
        print_bytes(bytes_slice(judged->verdict.fact, 0, 200));
        printf(")");
    }
    if (judged->action != ACTION_ACCEPT)
        printf(" -> %s%s", judged->mode == MODE_OBSERVE ? "would " : "",
               action_word(judged->action));
    printf("\n");
}

static void print_edits(const struct edit *edits)
{
    for (; edits; edits = edits->next) {
        printf("edit: %s ", record_edit_kind(edits->kind));
        print_bytes(edits->name);
        if (edits->kind != EDIT_DELETE) {
            printf(":");
            print_bytes(edits->value);
        }
        printf("   (%s)\n", edits->rule);
    }
}

static void print_text(const struct message *message)
{
    const struct message_outcome *outcome = &message->outcome;
    printf("policy %s, listener %.*s\n", message->policy_name,
           (int)message->facts.connection.listener.len, message->facts.connection.listener.data);
    for (size_t i = 0; i < RULE_COUNT; i++)
        print_verdict(rules[i], message->policy->settings[i]->mode, &message->decision.judged[i]);
    if (record_left(message))
        print_edits(outcome->edits);
    for (size_t i = 0; record_left(message) && i < outcome->signature_count; i++)
        printf("signature: d=%s s=%s a=%s\n", outcome->signatures[i].key->domain,
               outcome->signatures[i].key->selector, record_algorithm(outcome->signatures[i].key));
    printf("decision: %s", action_word(outcome->action));
    if (message->refused_command)
        printf(" at %s", message->refused_command);
    printf("\n");
    if (outcome->action >= ACTION_TEMPFAIL)
        printf("reply: %d %s %s\n", outcome->reply.code, outcome->reply.enhanced,
               outcome->reply.text);
    if (message->fault)
        printf("fault: %s\n", message->fault);
}

static int print_json(const struct message *message, int64_t now)
{
    const struct record_context context = {.now = now};
    struct json json;
    json_init(&json);
    record_write_json(message, &context, &json);
    return output_json(&json) ? 0 : EX_OSERR;
}

/* "<login>", where a login is an address; else login@ the first of our domains. */
static const char *sender_of(const struct test_options *options, const struct message *message)
{
    struct bytes login = options->session.login.name;
    struct bytes own = attempt_own_address(login, message->facts.site, message->arena);
    if (options->mail_from)
        return options->mail_from;
    return arena_printf(message->arena, "<%.*s>", (int)own.len, own.len ? own.data : "");
}

/* As far as the message would get in SMTP: a refused MAIL or RCPT is the end. */
static void judge(struct message *message, const struct test_options *options, struct bytes text)
{
    message_mail(message, bytes_of(sender_of(options, message)), options->smtputf8);
    if (message->refused_command)
        return;
    for (size_t i = 0; i < options->rcpt_count; i++)
        if (!message_rcpt(message, bytes_of(options->rcpts[i])))
            return;
    message_feed_text(message, text);
    message_end(message);
}

/* A misspelt listener would quietly be none, and the message be judged as mail from outside. */
static bool check_listener(const struct settings *settings, const char *name, struct error *error)
{
    if (!name)
        return true;
    for (size_t i = 0; i < settings->listener_count; i++)
        if (strcmp(settings->listeners[i].name, name) == 0)
            return true;
    error_set(error, "--listener: there is no listener \"%s\" in %s; there are:", name,
              settings->path);
    for (size_t i = 0; i < settings->listener_count; i++) {
        size_t len = strlen(error->text);
        snprintf(error->text + len, sizeof error->text - len, "%s %s", i ? "," : "",
                 settings->listeners[i].name);
    }
    return false;
}

/* 0: it would go out; 1: it would not; else sysexits. */
static int run(const char *config, int argc, char **argv)
{
    static struct test_options options;
    struct message_clock clock;
    struct snapshot *snapshot;
    struct error error;
    struct timespec now;
    char *text = NULL;
    size_t len = 0;
    if (!test_options_read(argc, argv, &options, &error))
        return error.text[0] ? command_complain(&error, EX_USAGE) : EX_USAGE;
    if (!snapshot_load(config, NULL, &snapshot, &error))
        return command_complain(&error, EX_CONFIG);
    if (!check_listener(snapshot->settings, options.session.listener, &error)) {
        snapshot_unref(snapshot);
        return command_complain(&error, EX_USAGE);
    }
    if (!read_message(options.file, &text, &len, &error)) {
        free(text);
        snapshot_unref(snapshot);
        return command_complain(&error, EX_NOINPUT);
    }
    clock_gettime(CLOCK_REALTIME, &now);
    clock.milliseconds = now.tv_sec * 1000 + now.tv_nsec / 1000000;
    struct message *message = NULL;
    if (getrandom(clock.random, sizeof clock.random, 0) == (ssize_t)sizeof clock.random)
        message = message_new(snapshot, &options.session, &clock);
    int status = EX_OSERR;
    if (message) {
        judge(message, &options, (struct bytes){text, len});
        status = record_left(message) ? 0 : 1;
        if (!options.json)
            print_text(message);
        else if (print_json(message, clock.milliseconds) != 0)
            status = EX_OSERR;
    }
    message_free(message);
    snapshot_unref(snapshot);
    free(text);
    return status;
}

const struct command command_test = {
    .name = "test",
    .arguments =
        "[--login NAME] [--mechanism NAME] [--tls VERSION[:CIPHER[:BITS]]|none]\n"
        "      [--listener NAME] [--client ADDRESS] [--port N] [--daemon NAME] [--helo NAME]\n"
        "      [--mail-from <ADDRESS>] [--rcpt <ADDRESS>]... [--smtputf8]\n"
        "      [--sendmail HOST] [--json] [FILE]",
    .summary = "judges a message file as the daemon would, and shows every rule's verdict",
    .run = run,
};
