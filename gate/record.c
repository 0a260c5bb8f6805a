/* A decision as a JSON object: complete enough to be decided again. */
#include "gate/record.h"

#include <stdio.h>
#include <time.h>

#include "gate/record_facts.h"
#include "gate/record_values.h"

static void write_time(struct json *json, int64_t milliseconds)
{
    time_t seconds = (time_t)(milliseconds / 1000);
    struct tm utc;
    char text[40];
    gmtime_r(&seconds, &utc);
    size_t len = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + len, sizeof text - len, ".%03dZ", (int)(milliseconds % 1000));
    json_text(json, "time", text);
}

static void write_identities(struct json *json, const struct facts *facts)
{
    json_open(json, "identities", '[');
    for (size_t i = 0; i < facts->identity_count; i++) {
        const struct identity *identity = &facts->identities[i];
        json_open(json, NULL, '{');
        json_text(json, "kind", record_identity_kind(identity->kind));
        json_bytes(json, "address", identity->mailbox->address);
        json_text(json, "ownership", record_ownership(identity->ownership));
        json_bytes(json, "source", identity->source);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void write_verdicts(struct json *json, const struct decision *decision)
{
    json_open(json, "verdicts", '[');
    for (size_t i = 0; i < RULE_COUNT; i++) {
        const struct judged *judged = &decision->judged[i];
        if (judged->verdict.outcome == OUTCOME_NOT_ASKED)
            continue;
        json_open(json, NULL, '{');
        json_text(json, "rule", rules[i]->name);
        json_text(json, "outcome", record_outcome(judged->verdict.outcome));
        json_text(json, "mode", mode_word(judged->mode));
        json_text(json, "reason", judged->verdict.reason);
        json_text(json, "action", action_word(judged->action));
        if (judged->verdict.beyond_mending)
            json_bool(json, "beyond_mending", true);
        if (judged->verdict.contain)
            json_text(json, "contain", record_contain(judged->verdict.contain));
        json_bytes(json, "fact", judged->verdict.fact);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void write_edit_value(struct json *json, struct bytes value)
{
    json_whole(json, "value", value);
    if (json_whole_loses(value))
        json_base64(json, "exact", value);
}

static void write_edits(struct json *json, const struct message *message)
{
    json_open(json, "edits", '[');
    if (record_left(message)) {
        for (const struct edit *edit = message->outcome.edits; edit; edit = edit->next) {
            json_open(json, NULL, '{');
            json_text(json, "kind", record_edit_kind(edit->kind));
            json_bytes(json, "name", edit->name);
            if (edit->kind != EDIT_ADD)
                json_int(json, "instance", message->facts.header.fields[edit->field].instance);
            if (edit->kind != EDIT_DELETE)
                write_edit_value(json, bytes_trim(edit->value));
            json_text(json, "rule", edit->rule);
            json_close(json, '}');
        }
    }
    json_close(json, ']');
}

/* Names that the signatures leave out. */
static void write_unsigned(struct json *json, const struct message *message)
{
    if (!record_left(message) || !message->decision.unsigned_fields)
        return;
    json_open(json, "unsigned", '[');
    for (const struct unsigned_field *field = message->decision.unsigned_fields; field;
         field = field->next)
        json_bytes(json, NULL, field->name);
    json_close(json, ']');
}

static void write_not_signed(struct json *json, const struct message *message)
{
    if (record_left(message) && message->not_signed)
        json_text(json, "not_signed", message->not_signed);
}

static void write_signatures(struct json *json, const struct message *message)
{
    json_open(json, "signatures", '[');
    for (size_t i = 0; record_left(message) && i < message->outcome.signature_count; i++) {
        const struct key *key = message->outcome.signatures[i].key;
        json_open(json, NULL, '{');
        json_text(json, "d", key->domain);
        json_text(json, "s", key->selector);
        json_text(json, "a", record_algorithm(key));
        json_close(json, '}');
    }
    json_close(json, ']');
}

void record_write_json(const struct message *message, const struct record_context *context,
                       struct json *json)
{
    const struct message_outcome *outcome = &message->outcome;
    char reply[1024] = "";
    json_open(json, NULL, '{');
    json_text(json, "id", message->id);
    write_time(json, context->now);
    json_bytes(json, "queue_id", context->queue_id.len ? context->queue_id : BYTES("NOQUEUE"));
    json_text(json, "command", message->refused_command);
    json_bytes(json, "listener", message->facts.connection.listener);
    json_text(json, "policy", message->policy_name);
    json_text(json, "config", message->snapshot->settings->hash);
    record_write_facts(json, message);
    json_text(json, "action", action_word(outcome->action));
    json_text(json, "rule", record_rule(message));
    json_text(json, "reason", record_reason(message));
    if (outcome->action >= ACTION_TEMPFAIL)
        snprintf(reply, sizeof reply, "%d %s %s", outcome->reply.code, outcome->reply.enhanced,
                 outcome->reply.text);
    json_text(json, "reply", reply[0] ? reply : NULL);
    if (message->fault)
        json_text(json, "fault", message->fault);
    if (message->contained)
        json_text(json, "contained", login_state_word(message->decision.contain));
    write_verdicts(json, &message->decision);
    write_identities(json, &message->facts);
    write_edits(json, message);
    write_unsigned(json, message);
    write_not_signed(json, message);
    write_signatures(json, message);
    json_int(json, "usec", context->microseconds);
    json_close(json, '}');
}
