/* What the policy, as shipped, says of a field that claims addresses: the one side of the
 * differential checks of identity (tests/identity/README).
 *
 *   ours <LINES
 *
 * A line in: MTA ("postfix", "sendmail", a "+" behind it for SMTPUTF8), LOGIN, an ADDRESS of the
 * login's, the field's NAME, and its value in hex, folds as LF + blank. A line out: "refuse
 * RULE.REASON", or "accept" with the value as it will leave and the addresses read from that, each
 * in hex. Where NAME begins with "-", what is in hex is a whole message with LF as its line end, as
 * Postfix would cut it, and what leaves is the whole message; the addresses are those of its From
 * fields.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gate/message_text.h"
#include "policy/edit.h"
#include "tests/unit/case_judge.h"

static char *next_word(char **at)
{
    char *word = *at + strspn(*at, " \n");
    *at = word + strcspn(word, " \n");
    if (**at)
        *(*at)++ = '\0';
    return word;
}

static int digit_of(char letter)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = letter ? strchr(digits, letter) : NULL;
    return found ? (int)(found - digits) : -1;
}

/* In its place. */
static struct bytes from_hex(char *text)
{
    size_t len = 0;
    for (; digit_of(text[2 * len]) >= 0 && digit_of(text[2 * len + 1]) >= 0; len++)
        text[len] = (char)(digit_of(text[2 * len]) << 4 | digit_of(text[2 * len + 1]));
    return (struct bytes){text, len};
}

static void put_hex(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        printf("%02x", (unsigned char)text.data[i]);
}

static bool is_block(const char *name)
{
    return name[0] == '-';
}

static void feed_field(struct message *message, const char *address, const char *name,
                       struct bytes value)
{
    char own[300];
    snprintf(own, sizeof own, " %s", address);
    /* Several addresses in From are let pass only beside a Sender. */
    if (strcmp(name, "From") != 0)
        message_field(message, BYTES("From"), bytes_of(own));
    message_field(message, bytes_of(name), value);
    if (strcmp(name, "From") == 0)
        message_field(message, BYTES("Sender"), bytes_of(own));
    message_field(message, BYTES("To"), BYTES(" bob@example.net"));
    message_field(message, BYTES("Subject"), BYTES(" hello"));
    message_body(message, BYTES("hi\r\n"));
}

static struct message *judge(struct snapshot *snapshot, const char *mta, const char *login,
                             const char *address, const char *name, struct bytes value)
{
    char own[300];
    struct message_clock clock = {.milliseconds = 1790000000000};
    struct message_session session = {
        .connection = {.smtp = true,
                       .mta = strstr(mta, "sendmail") ? MTA_SENDMAIL : MTA_OTHER,
                       .client_address = BYTES("192.0.2.7"),
                       .helo = BYTES("client.example.net"),
                       .mta_host = BYTES("mail.example.com")},
        .tls = {.state = FACT_KNOWN,
                .version = BYTES("TLSv1.3"),
                .cipher = BYTES("TLS_AES_256_GCM_SHA384"),
                .cipher_bits = 256},
        .login = {.state = FACT_KNOWN, .name = bytes_of(login), .mechanism = BYTES("PLAIN")},
    };
    struct message *message = message_new(snapshot, &session, &clock);
    snprintf(own, sizeof own, "<%s>", address);
    message_mail(message, bytes_of(own), strchr(mta, '+') != NULL);
    message_rcpt(message, BYTES("<bob@example.net>"));
    if (is_block(name))
        message_feed_text(message, value);
    else
        feed_field(message, address, name, value);
    message_end(message);
    return message;
}

static void print_refused(const struct message *message)
{
    size_t decider = message->decision.decider;
    if (decider == RULE_COUNT)
        printf("refuse fault\n");
    else
        printf("refuse %s.%s\n", rules[decider]->name,
               message->decision.judged[decider].verdict.reason);
}

static void print_addresses(struct arena *arena, struct bytes value)
{
    struct address_list list;
    address_parse_list(arena, value, &list);
    for (size_t i = 0; i < list.count; i++) {
        printf(" ");
        put_hex(list.mailboxes[i].local);
        put_hex(BYTES("@"));
        put_hex(list.mailboxes[i].domain);
    }
}

static void print_leaving_field(struct arena *arena, const struct facts_header *leaving,
                                const char *name)
{
    const struct field *field = facts_field(leaving, bytes_of(name), 0);
    struct bytes value = field ? field->value : BYTES("");
    put_hex(value);
    print_addresses(arena, value);
}

/* The text behind what message_feed_text took for the header, as it stands. */
static struct bytes body_of(const struct facts_header *header, struct bytes text)
{
    bool mbox = bytes_start_with_nocase(text, BYTES("From ")) &&
                bytes_find(text, ':') > bytes_find(text, ' ') + 1;
    size_t at = mbox ? bytes_find(text, '\n') + 1 : 0;
    for (size_t i = 0; i < header->count; i++)
        at += header->fields[i].name.len + 1 + header->fields[i].value.len + 1;
    struct bytes rest = bytes_slice(text, at, text.len);
    return bytes_slice(rest, rest.len && rest.data[0] == '\n', rest.len);
}

static void print_leaving_block(const struct message *message, const struct facts_header *leaving,
                                struct bytes text)
{
    for (size_t i = 0; i < leaving->count; i++) {
        put_hex(leaving->fields[i].name);
        put_hex(BYTES(":"));
        put_hex(leaving->fields[i].value);
        put_hex(BYTES("\n"));
    }
    put_hex(BYTES("\n"));
    put_hex(body_of(&message->facts.header, text));
    for (size_t i = 0; i < leaving->count; i++)
        if (bytes_equal_nocase(leaving->fields[i].name, BYTES("From")))
            print_addresses(message->arena, leaving->fields[i].value);
}

static void print_accepted(const struct message *message, const char *name, struct bytes value)
{
    struct facts_header leaving;
    if (!edit_apply(message->arena, message->facts.random, &message->facts.header,
                    message->outcome.edits, &leaving))
        abort();
    printf("accept ");
    if (is_block(name))
        print_leaving_block(message, &leaving, value);
    else
        print_leaving_field(message->arena, &leaving, name);
    printf("\n");
}

static void answer(struct snapshot *snapshot, char *line)
{
    const char *mta = next_word(&line);
    const char *login = next_word(&line);
    const char *address = next_word(&line);
    const char *name = next_word(&line);
    struct bytes value = from_hex(next_word(&line));
    struct message *message = judge(snapshot, mta, login, address, name, value);
    if (message->outcome.action >= ACTION_QUARANTINE)
        print_refused(message);
    else
        print_accepted(message, name, value);
    message_free(message);
}

int main(void)
{
    char unsigned_one[] = "dkim.mode = \"off\"";
    const struct policy_case shipped = {.sets = {{unsigned_one}, 1}};
    struct snapshot *snapshot = case_begin() ? case_snapshot(&shipped) : NULL;
    char *line = NULL;
    size_t room = 0;
    if (!snapshot)
        return 1;
    while (getline(&line, &room, stdin) > 0) {
        answer(snapshot, line);
        fflush(stdout);
    }
    free(line);
    case_end();
    return 0;
}
