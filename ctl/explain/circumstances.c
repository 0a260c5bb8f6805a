/* The circumstances of a decision. */
#include "ctl/explain/circumstances.h"

#include <inttypes.h>
#include <string.h>

#include "ctl/explain/value.h"
#include "ctl/explain/verdicts.h"
#include "ctl/when.h"

#define RCPTS_SHOWN 10

static void label(FILE *out, const char *text)
{
    fprintf(out, "%-12s", text);
}

static void put(FILE *out, const char *before, struct bytes text, const char *behind)
{
    fputs(before, out);
    value_print(out, text);
    fputs(behind, out);
}

/* Those of the heaviest kind; the others stand with the rules. */
static void print_worse(const json_t *const *worse, size_t count, FILE *out)
{
    bool refused = value_is(worse[0], "action", "reject");
    bool put_off = value_is(worse[0], "action", "tempfail");
    fprintf(out, "; would have been %s:",
            refused   ? "refused"
            : put_off ? "put off"
                      : "held in the MTA's quarantine");
    for (size_t i = 0; i < count; i++) {
        if (!bytes_equal(value_text(worse[i], "action"), value_text(worse[0], "action")))
            break;
        put(out, " ", value_text(worse[i], "rule"), ".");
        put(out, "", value_text(worse[i], "reason"), "");
    }
}

static void print_outcome(const json_t *record, FILE *out)
{
    static const struct {
        const char *action, *words;
    } outcomes[] = {
        {"accept", "accepted"},
        {"fix", "accepted, after mending it"},
        {"quarantine", "accepted, and held in the MTA's quarantine"},
        {"tempfail", "put off for now; clients and servers try again"},
        {"reject", "refused"},
    };
    struct bytes action = value_text(record, "action"), rule = value_text(record, "rule");
    put(out, "Decision ", value_text(record, "id"), ": ");
    const char *words = NULL;
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++)
        if (bytes_equal(action, bytes_of(outcomes[i].action)))
            words = outcomes[i].words;
    const json_t *worse[VERDICTS_WORSE_MAX];
    size_t count = verdicts_worse(record, worse);
    if (count && bytes_equal(action, BYTES("fix")))
        words = "accepted (mended)";
    value_print(out, words ? bytes_of(words) : action);
    if (count) {
        print_worse(worse, count, out);
    } else if (rule.len) {
        put(out, " (", rule, ".");
        put(out, "", value_text(record, "reason"), ")");
    }
    fputs("\n\n", out);
}

static void print_time(const json_t *record, FILE *out)
{
    struct bytes time = value_text(record, "time");
    char text[WHEN_SIZE], copy[64];
    int64_t ms;
    struct error error;
    label(out, "when");
    snprintf(copy, sizeof copy, "%.*s", (int)(time.len < 63 ? time.len : 63),
             time.len ? time.data : "");
    if (when_parse(copy, 0, &ms, &error)) {
        when_local_zone(ms, text);
        fputs(text, out);
    } else {
        value_print(out, time);
    }
    fputc('\n', out);
}

static void print_queue_id(const json_t *record, FILE *out)
{
    struct bytes id = value_text(record, "queue_id"), command = value_text(record, "command");
    label(out, "queue id");
    if (id.len && !bytes_equal(id, BYTES("NOQUEUE")))
        value_print(out, id);
    else
        fputs("none yet", out);
    if (command.len)
        put(out, "; it was turned away at ", command, ", so the message never came");
    fputc('\n', out);
}

static void print_login(const json_t *record, FILE *out)
{
    struct bytes login = value_text(record, "login");
    label(out, "login");
    if (json_is_true(json_object_get(record, "login_unavailable"))) {
        fputs("not known: the MTA did not say\n", out);
        return;
    }
    if (!login.len)
        fputs("none", out);
    value_print(out, login);
    if (value_text(record, "auth_mech").len)
        put(out, ", by ", value_text(record, "auth_mech"), "");
    fputc('\n', out);
}

static void print_client(const json_t *record, FILE *out)
{
    struct bytes client = value_text(record, "client"), name = value_text(record, "client_name");
    label(out, "client");
    value_print(out, client.len ? client : BYTES("this host, by sendmail(1)"));
    if (name.len && !bytes_equal(name, client))
        put(out, " (", name, ")");
    if (value_text(record, "helo").len)
        put(out, ", HELO ", value_text(record, "helo"), "");
    if (value_number(record, "port"))
        fprintf(out, ", to port %" PRId64, value_number(record, "port"));
    fputc('\n', out);
}

static void print_tls(const json_t *record, FILE *out)
{
    struct bytes version = value_text(record, "tls_version");
    label(out, "TLS");
    if (json_is_true(json_object_get(record, "tls_unavailable")))
        fputs("not known: the MTA did not say", out);
    else if (!version.len)
        fputs("none", out);
    value_print(out, version);
    if (value_text(record, "cipher").len)
        put(out, ", ", value_text(record, "cipher"), "");
    if (value_number(record, "cipher_bits"))
        fprintf(out, ", %" PRId64 " bits", value_number(record, "cipher_bits"));
    if (value_text(record, "tls_terminator").len)
        put(out, "; ended before us by ", value_text(record, "tls_terminator"), "");
    if (value_text(record, "cert_subject").len)
        put(out, "; the client's certificate is ", value_text(record, "cert_subject"), "");
    fputc('\n', out);
}

static void print_recipients(const json_t *record, FILE *out)
{
    const json_t *rcpts = json_object_get(record, "rcpts");
    int64_t count = value_number(record, "rcpt_count");
    size_t i;
    label(out, "to");
    for (i = 0; i < json_array_size(rcpts) && i < RCPTS_SHOWN; i++)
        put(out, i ? ", " : "", value_of(json_array_get(rcpts, i)), "");
    if (i && count > (int64_t)i)
        fprintf(out, " and %" PRId64 " more", count - (int64_t)i);
    else if (!i && count)
        fprintf(out, "%" PRId64 " recipient%s", count, count == 1 ? "" : "s");
    else if (!count)
        fputs("nobody yet", out);
    if (value_text(record, "rcpt").len)
        put(out, "; asked about ", value_text(record, "rcpt"), "");
    fputc('\n', out);
}

static void print_message(const json_t *record, FILE *out)
{
    if (value_text(record, "command").len)
        return;
    label(out, "From field");
    value_print(out, value_text(record, "from"));
    fputc('\n', out);
    label(out, "Message-ID");
    struct bytes id = value_text(record, "message_id");
    value_print(out, id.len ? id : BYTES("none"));
    if (value_text(record, "message_id_old").len)
        put(out, ", it came with ", value_text(record, "message_id_old"), "");
    fputc('\n', out);
    label(out, "size");
    fprintf(out, "%" PRId64 " bytes, %" PRId64 " header fields\n", value_number(record, "size"),
            value_number(record, "fields"));
}

void circumstances_print(const json_t *record, FILE *out)
{
    print_outcome(record, out);
    print_time(record, out);
    print_queue_id(record, out);
    print_login(record, out);
    print_client(record, out);
    print_tls(record, out);
    label(out, "listener");
    struct bytes listener = value_text(record, "listener");
    value_print(out, listener.len ? listener : BYTES("none"));
    put(out, ", so policy ", value_text(record, "policy"), "\n");
    label(out, "MAIL FROM");
    put(out, "", value_text(record, "mail_from"), "\n");
    print_recipients(record, out);
    print_message(record, out);
}
