/* What the policy, as shipped, says of a field that claims addresses: the one side of the
 * differential checks of identity (tests/identity/README).
 *
 *   ours <LINES
 *
 * A line in: MTA ("postfix", "sendmail", a "+" behind it for SMTPUTF8), LOGIN, an ADDRESS of the
 * login's, the field's NAME, and its value in hex, folds as LF + blank. A line out: "refuse
 * RULE.REASON", or "accept" with the value as it will leave and the addresses read from that, each
 * in hex. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void print_accepted(struct message *message, const char *name)
{
    struct facts_header leaving;
    struct address_list list;
    if (!edit_apply(message->arena, message->facts.random, &message->facts.header,
                    message->outcome.edits, &leaving))
        abort();
    const struct field *field = facts_field(&leaving, bytes_of(name), 0);
    printf("accept ");
    struct bytes value = field ? field->value : BYTES("");
    put_hex(value);
    address_parse_list(message->arena, value, &list);
    for (size_t i = 0; i < list.count; i++) {
        printf(" ");
        put_hex(list.mailboxes[i].local);
        put_hex(BYTES("@"));
        put_hex(list.mailboxes[i].domain);
    }
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
        print_accepted(message, name);
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
