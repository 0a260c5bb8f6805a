/* A decision as one line of key=value for syslog. */
#include "gate/record.h"

#include <stdio.h>
#include <string.h>

#include "gate/record_limits.h"
#include "gate/record_values.h"

#define VALUE_MAX 200 /* bytes of one value that are kept */

struct record_line {
    char *data;
    size_t size;
    size_t len;
};

static bool is_plain(struct bytes value)
{
    if (!value.len)
        return false;
    for (size_t i = 0; i < value.len; i++) {
        char byte = value.data[i];
        bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                     (byte >= '0' && byte <= '9') || strchr("-_.:@+/<>,", byte);
        if (!plain || !byte)
            return false;
    }
    return true;
}

/* Quoted where it is not plain; what is not printable ASCII as \xHH. */
static size_t write_value(struct bytes value, char *text)
{
    size_t len = 0;
    bool quoted = !is_plain(value);
    if (quoted)
        text[len++] = '"';
    for (size_t i = 0; i < value.len && i < VALUE_MAX; i++) {
        unsigned char byte = (unsigned char)value.data[i];
        if (byte < ' ' || byte > '~')
            len += (size_t)sprintf(text + len, "\\x%02x", byte);
        else if (byte == '"' || byte == '\\')
            len += (size_t)sprintf(text + len, "\\%c", byte);
        else
            text[len++] = (char)byte;
    }
    if (value.len > VALUE_MAX)
        len += (size_t)sprintf(text + len, "...");
    if (quoted)
        text[len++] = '"';
    return len;
}

static void put(struct record_line *line, const char *name, struct bytes value)
{
    char text[VALUE_MAX * 4 + 8];
    size_t value_len = write_value(value, text);
    size_t name_len = strlen(name);
    if (line->len + name_len + value_len + 3 > line->size)
        return;
    line->data[line->len++] = ' ';
    memcpy(line->data + line->len, name, name_len);
    line->len += name_len;
    line->data[line->len++] = '=';
    memcpy(line->data + line->len, text, value_len);
    line->len += value_len;
    line->data[line->len] = '\0';
}

static void put_text(struct record_line *line, const char *name, const char *value)
{
    if (value)
        put(line, name, bytes_of(value));
}

static void put_some(struct record_line *line, const char *name, struct bytes value)
{
    if (value.len)
        put(line, name, value);
}

static void put_int(struct record_line *line, const char *name, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)value);
    put(line, name, bytes_of(text));
}

/* "rule.reason" of every observed rule that would have done something. */
static void put_observed(struct record_line *line, const struct decision *decision)
{
    for (size_t i = 0; i < RULE_COUNT; i++) {
        const struct judged *judged = &decision->judged[i];
        if (judged->mode != MODE_OBSERVE || judged->action == ACTION_ACCEPT)
            continue;
        char text[200];
        snprintf(text, sizeof text, "%s:%s.%s", action_word(judged->action), rules[i]->name,
                 judged->verdict.reason);
        put_text(line, "would", text);
        if (rules[i]->counted && judged->verdict.outcome == OUTCOME_VIOLATION)
            put_some(line, "limit", judged->verdict.fact);
    }
}

static void put_sign(struct record_line *line, const char *name, const char *state,
                     enum rule_id rule, const struct verdict *verdict)
{
    char text[200];
    snprintf(text, sizeof text, "%s:%s.%s", state, rules[rule]->name, verdict->reason);
    put_text(line, name, text);
}

/* What state the login is in, and what this message took it to or, observed, would have. */
static void put_standing(struct record_line *line, const struct message *message)
{
    const struct decision *decision = &message->decision;
    const struct facts_limits *limits = record_limits_seen(message);
    if (limits->standing.state)
        put_text(line, "standing", login_state_word(limits->standing.state));
    for (size_t i = 0; i < RULE_COUNT; i++) {
        const struct judged *judged = &decision->judged[i];
        if (judged->mode == MODE_OBSERVE && judged->verdict.contain)
            put_sign(line, "would", record_contain(judged->verdict.contain), (enum rule_id)i,
                     &judged->verdict);
    }
    if (message->contained && decision->container < RULE_COUNT)
        put_sign(line, "contained", login_state_word(decision->contain), decision->container,
                 &decision->judged[decision->container].verdict);
    if (limits->degraded)
        put_int(line, "degraded_hosts", limits->hosts);
}

static void put_signatures(struct record_line *line, const struct message *message)
{
    for (size_t i = 0; record_left(message) && i < message->outcome.signature_count; i++) {
        const struct key *key = message->outcome.signatures[i].key;
        char text[600];
        snprintf(text, sizeof text, "%s/%s/%s", key->domain, key->selector, record_algorithm(key));
        put_text(line, "signed", text);
    }
}

static void put_unsigned(struct record_line *line, const struct message *message)
{
    const struct unsigned_field *field = message->decision.unsigned_fields;
    for (; record_left(message) && field; field = field->next)
        put(line, "unsigned", field->name);
}

static void put_refusal(struct record_line *line, const struct message *message)
{
    const struct message_outcome *outcome = &message->outcome;
    if (outcome->action < ACTION_TEMPFAIL)
        return;
    char reply[1024];
    snprintf(reply, sizeof reply, "%d %s %s", outcome->reply.code, outcome->reply.enhanced,
             outcome->reply.text);
    put_text(line, "reply", reply);
    put_text(line, "fault", message->fault);
}

void record_write_line(const struct message *message, const struct record_context *context,
                       char *ret_line, size_t size)
{
    const struct facts *facts = &message->facts;
    struct bytes queue_id = context->queue_id.len ? context->queue_id : BYTES("NOQUEUE");
    struct record_line line = {ret_line, size, 0};
    char start[VALUE_MAX * 4 + 8];
    size_t start_len = write_value(queue_id, start);
    line.len = (size_t)snprintf(ret_line, size, "%.*s:", (int)start_len, start);

    put_text(&line, "id", message->id);
    put_text(&line, "action", action_word(message->outcome.action));
    if (record_rule(message)) {
        put_text(&line, "rule", record_rule(message));
        put_text(&line, "reason", record_reason(message));
        if (message->decision.decider < RULE_COUNT)
            put_some(&line, "fact",
                     message->decision.judged[message->decision.decider].verdict.fact);
    }
    put_text(&line, "command", message->refused_command);
    put_text(&line, "policy", message->policy_name);
    put(&line, "listener", facts->connection.listener);
    put_some(&line, "login", facts->login.name);
    put_some(&line, "mech", facts->login.mechanism);
    put_some(&line, "client", facts->connection.client_address);
    put_some(&line, "helo", facts->connection.helo);
    put_some(&line, "tls", facts->tls.version);
    put(&line, "mail_from", facts->envelope.mail_from);
    put_int(&line, "rcpts", facts->envelope.rcpt_count);
    put_some(&line, "from", record_from(facts));
    put_some(&line, "message_id", record_message_id(message));
    put_some(&line, "message_id_old", record_message_id_old(message));
    put_int(&line, "size", (int64_t)facts->header.size + facts->body.size);
    put_unsigned(&line, message);
    if (record_left(message) && message->not_signed)
        put_text(&line, "not_signed", message->not_signed);
    put_signatures(&line, message);
    put_observed(&line, &message->decision);
    put_standing(&line, message);
    put_refusal(&line, message);
    put_int(&line, "usec", context->microseconds);
}
