/* The inputs of a decision. */
#include "gate/record_facts.h"

#include <stdio.h>

#include "gate/record_limits.h"
#include "gate/record_values.h"
#include "policy/claim.h"

static void write_some(struct json *json, const char *name, struct bytes value)
{
    if (value.len)
        json_bytes(json, name, value);
}

static void write_or_null(struct json *json, const char *name, struct bytes value)
{
    if (value.len)
        json_bytes(json, name, value);
    else
        json_none(json, name);
}

static void write_connection(struct json *json, const struct facts_connection *connection)
{
    json_bytes(json, "client", connection->client_address);
    json_bytes(json, "client_name", connection->client_name);
    json_int(json, "port", connection->daemon_port);
    json_bytes(json, "daemon", connection->daemon_name);
    json_bytes(json, "helo", connection->helo);
    json_bool(json, "smtp", connection->smtp);
    if (connection->mta == MTA_SENDMAIL)
        json_text(json, "mta", "sendmail");
    write_some(json, "mta_host", connection->mta_host);
}

static void write_tls(struct json *json, const struct facts_tls *tls)
{
    if (tls->state == FACT_KNOWN) {
        json_bytes(json, "tls_version", tls->version);
        json_bytes(json, "cipher", tls->cipher);
        json_int(json, "cipher_bits", tls->cipher_bits);
    } else {
        json_none(json, "tls_version");
        json_none(json, "cipher");
        json_none(json, "cipher_bits");
    }
    if (tls->state == FACT_UNAVAILABLE)
        json_bool(json, "tls_unavailable", true);
    write_some(json, "tls_terminator", tls->terminator);
    write_some(json, "cert_subject", tls->cert_subject);
    write_some(json, "cert_issuer", tls->cert_issuer);
}

static void write_login(struct json *json, const struct facts_login *login)
{
    if (login->state == FACT_KNOWN) {
        json_bytes(json, "auth_mech", login->mechanism);
        json_bytes(json, "login", login->name);
    } else {
        json_none(json, "auth_mech");
        json_none(json, "login");
    }
    if (login->state == FACT_UNAVAILABLE)
        json_bool(json, "login_unavailable", true);
}

static bool refused_at_rcpt(const struct message *message)
{
    return message->refused_command && message->refused_command[0] == 'R';
}

static void write_envelope(struct json *json, const struct message *message)
{
    const struct facts_envelope *envelope = &message->facts.envelope;
    json_bytes(json, "mail_from", envelope->mail_from);
    if (refused_at_rcpt(message))
        json_bytes(json, "rcpt", envelope->rcpt);
    json_open(json, "rcpts", '[');
    for (size_t i = 0; i < message->rcpt_kept; i++)
        json_bytes(json, NULL, message->rcpts[i]);
    json_close(json, ']');
    json_int(json, "rcpt_count", envelope->rcpt_count);
    json_bool(json, "smtputf8", envelope->smtputf8);
}

struct exact {
    struct json *json;
    const char *group; /* the object to be opened before the first of it */
    bool open;
};

static void write_exact(struct exact *exact, const char *name, struct bytes value)
{
    if (!json_bytes_loses(value))
        return;
    if (!exact->open)
        json_open(exact->json, exact->group, '{');
    exact->open = true;
    json_base64(exact->json, name, value);
}

static void write_exact_rcpts(struct exact *exact, const struct message *message)
{
    struct exact rcpts = {exact->json, "rcpts", false};
    for (size_t i = 0; i < message->rcpt_kept; i++) {
        char index[24];
        if (!json_bytes_loses(message->rcpts[i]))
            continue;
        if (!exact->open)
            json_open(exact->json, exact->group, '{');
        exact->open = true;
        snprintf(index, sizeof index, "%zu", i);
        write_exact(&rcpts, index, message->rcpts[i]);
    }
    if (rcpts.open)
        json_close(exact->json, '}');
}

static void write_all_exact(struct json *json, const struct message *message)
{
    const struct facts *facts = &message->facts;
    struct exact exact = {json, "exact", false};
    const struct {
        const char *name;
        struct bytes value;
    } values[] = {
        {"client", facts->connection.client_address},
        {"client_name", facts->connection.client_name},
        {"daemon", facts->connection.daemon_name},
        {"helo", facts->connection.helo},
        {"mta_host", facts->connection.mta_host},
        {"tls_version", facts->tls.version},
        {"cipher", facts->tls.cipher},
        {"cert_subject", facts->tls.cert_subject},
        {"cert_issuer", facts->tls.cert_issuer},
        {"auth_mech", facts->login.mechanism},
        {"login", facts->login.name},
        {"mail_from", facts->envelope.mail_from},
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        write_exact(&exact, values[i].name, values[i].value);
    if (refused_at_rcpt(message))
        write_exact(&exact, "rcpt", facts->envelope.rcpt);
    write_exact_rcpts(&exact, message);
    if (exact.open)
        json_close(json, '}');
}

bool record_keeps_value(struct bytes name)
{
    static const char *const kept[] = {"From",          "Sender",     "Resent-From",
                                       "Resent-Sender", "Message-ID", "Date"};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (claim_reads_as(name, bytes_of(kept[i])))
            return true;
    return false;
}

/* [name, value], [name, null] for a value that is not kept; where one of them is no text, the bytes
 * of the value and of the name in base64 behind it, null for what is. */
static void write_field(struct json *json, const struct field *field, bool with_value)
{
    bool odd_name = json_whole_loses(field->name);
    bool odd_value = with_value && json_whole_loses(field->value);
    json_open(json, NULL, '[');
    json_whole(json, NULL, field->name);
    if (with_value && !odd_value)
        json_whole(json, NULL, field->value);
    else
        json_none(json, NULL);
    if (odd_value)
        json_base64(json, NULL, field->value);
    else if (odd_name)
        json_none(json, NULL);
    if (odd_name)
        json_base64(json, NULL, field->name);
    json_close(json, ']');
}

static void write_fields(struct json *json, const struct message *message)
{
    const struct facts_header *header = &message->facts.header;
    bool capture = message->snapshot->settings->log.capture != 0;
    size_t kept = 0;
    size_t i;
    json_open(json, "header", '[');
    for (i = 0; i < header->count; i++) {
        const struct field *field = &header->fields[i];
        bool with_value = capture || record_keeps_value(field->name);
        kept += field->name.len + (with_value ? field->value.len : 0);
        if (!capture && (i == RECORD_FIELDS_MAX || kept > RECORD_HEADER_MAX))
            break;
        write_field(json, field, with_value);
    }
    json_close(json, ']');
    if (i < header->count || header->dropped)
        json_bool(json, "header_cut", true);
    if (header->too_large)
        json_bool(json, "header_too_large", true);
}

static void write_header(struct json *json, const struct message *message)
{
    const struct facts *facts = &message->facts;
    json_bytes(json, "from", record_from(facts));
    write_or_null(json, "message_id", record_message_id(message));
    write_or_null(json, "message_id_old", record_message_id_old(message));
    json_int(json, "fields", (int64_t)(facts->header.count + facts->header.dropped));
    json_int(json, "header_size", (int64_t)facts->header.size);
    json_int(json, "longest_line", facts->body.longest_line);
    json_int(json, "size", (int64_t)facts->header.size + facts->body.size);
    write_fields(json, message);
}

static void write_body(struct json *json, const struct message *message)
{
    const struct facts_body *body = &message->facts.body;
    const struct facts_dkim *dkim = &message->facts.dkim;
    json_open(json, "body", '{');
    json_bool(json, "nul", body->has_nul);
    json_bool(json, "bare_cr", body->has_bare_cr);
    json_bool(json, "bare_lf", body->has_bare_lf);
    json_bool(json, "early_end", body->has_early_end);
    write_or_null(json, "cut_short", body->cut_short);
    json_close(json, '}');
    json_text(json, "own_signature", record_fact(dkim->own_signature));
    write_some(json, "own_signature_domain", dkim->own_signature_domain);
}

void record_write_facts(struct json *json, const struct message *message)
{
    const struct facts *facts = &message->facts;
    write_connection(json, &facts->connection);
    write_tls(json, &facts->tls);
    write_login(json, &facts->login);
    write_envelope(json, message);
    write_header(json, message);
    if (!message->refused_command)
        write_body(json, message);
    record_write_limits(json, message);
    write_all_exact(json, message);
}
