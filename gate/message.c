/* A message's way from MAIL to its decision: facts in, rules asked at each stage, signature made.
 */
#include "gate/message.h"

#include <stdlib.h>
#include <string.h>

#include "gate/counted.h"
#include "gate/counted_again.h"
#include "gate/gather.h"
#include "gate/message_dkim.h"
#include "policy/cut_short.h"
#include "policy/login.h"

struct message *message_new(struct snapshot *snapshot, const struct message_session *session,
                            const struct message_clock *clock)
{
    struct arena *arena = arena_new(MESSAGE_ARENA_CEILING);
    struct message *message = arena ? arena_alloc(arena, sizeof *message) : NULL;
    if (!message) {
        arena_free(arena);
        return NULL;
    }
    message->arena = arena;
    message->snapshot = snapshot_ref(snapshot);
    message->began = clock->milliseconds;
    memcpy(message->id_random, clock->random + 16, sizeof message->id_random);
    decision_id_format((uint64_t)message->began, message->id_random, message->id);
    decision_init(&message->decision);

    struct facts *facts = &message->facts;
    message->listener = session->listener;
    message->without_signing = session->without_signing;
    message->limits = session->limits;
    facts->site = &snapshot->settings->site;
    facts->connection = session->connection;
    facts->tls = session->tls;
    facts->login = session->login;
    facts->login.name = login_compose(arena, session->login.name);
    facts->now = clock->milliseconds / 1000;
    memcpy(facts->random, clock->random, sizeof facts->random);
    facts->id = message->id;
    facts->from.reading = ADDRESS_UNPARSABLE;
    message->caps = (struct header_caps){SIZE_MAX, SIZE_MAX};
    return message;
}

void message_free(struct message *message)
{
    if (!message)
        return;
    counted_done(message);
    message_dkim_free(message);
    snapshot_unref(message->snapshot);
    arena_free(message->arena);
}

void message_fault(struct message *message, const char *what)
{
    if (!message->fault)
        message->fault = what;
}

/* What the decision means for the MTA; a fault inside outweighs whatever the rules said. */
static void settle(struct message *message)
{
    struct decision *decision = &message->decision;
    struct message_outcome *outcome = &message->outcome;
    if (arena_failed(message->arena))
        message_fault(message, "out of memory");
    if (message->fault) {
        decision->action = ACTION_TEMPFAIL;
        decision->decider = RULE_COUNT;
    }
    outcome->action = decision->action;
    outcome->edits = decision->edits;
    if (decision->action >= ACTION_QUARANTINE && !message->recorded) /* nobody is told again */
        reply_of(decision, &message->facts, message->arena, &outcome->reply);
}

bool message_is_carried(const struct message *message, enum rule_id rule)
{
    const struct message_recorded *recorded = message->recorded;
    if (!recorded || !recorded->carried[rule])
        return false;
    return !recorded->names_tell[rule] || recorded->carried[rule]->outcome >= OUTCOME_VIOLATION ||
           message->decision.judged[rule].verdict.outcome != OUTCOME_VIOLATION;
}

/* For the record: what is counted at the end, and a state that a sign leads to, are not what the
 * rules before saw. */
static void keep_limits(struct message *message)
{
    const struct facts *facts = &message->facts;
    if (facts->stage > STAGE_HEADER || facts->limits.state != FACT_KNOWN)
        return;
    if (!message->limits_asked)
        message->limits_asked = arena_alloc(message->arena, sizeof *message->limits_asked);
    if (message->limits_asked)
        *message->limits_asked = facts->limits;
}

/* What an admin has looked at is no sign any more while it is still in its windows. */
static bool is_thawed(const struct facts *facts)
{
    const struct login_standing *standing = &facts->limits.standing;
    return standing->state == LOGIN_NORMAL && standing->until > facts->now;
}

static void judge(struct message *message, enum stage stage)
{
    message->facts.stage = stage;
    counted_again(message);
    keep_limits(message);
    engine_judge(stage, &message->facts, message->policy, message->arena, &message->decision);
    for (size_t i = 0; message->recorded && i < RULE_COUNT; i++)
        if (rules[i]->stage == stage && message_is_carried(message, (enum rule_id)i))
            engine_carry((enum rule_id)i, message->recorded->carried[i], message->policy,
                         message->arena, &message->decision);
    if (message->decision.contain > message->facts.limits.standing.state &&
        !is_thawed(&message->facts)) {
        counted_contain(message);
        message->contained = message->facts.limits.standing.state != LOGIN_NORMAL;
    }
    settle(message);
}

static const struct listener *named_listener(const struct settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->listener_count; i++)
        if (strcmp(settings->listeners[i].name, name) == 0)
            return &settings->listeners[i];
    return NULL;
}

static const struct listener *find_listener(const struct message *message)
{
    const struct settings *settings = message->snapshot->settings;
    const struct facts_connection *connection = &message->facts.connection;
    if (message->listener)
        return named_listener(settings, message->listener);
    return settings_listener(settings, connection->client_address, connection->daemon_port,
                             connection->daemon_name, message->facts.login.state == FACT_KNOWN);
}

/* Beyond the caps of a rule that refuses for good nothing changes what becomes of the message. A
 * record that is to hold all values needs the fields all the same, and what a record holds is
 * compared rule by rule. */
static void choose_caps(struct message *message)
{
    bool all = message->snapshot->settings->log.capture || message->recorded;
    for (size_t i = 0; i < RULE_COUNT && !all; i++) {
        const struct rule_settings *settings = message->policy->settings[i];
        if (!rules[i]->caps || settings->mode != MODE_ENFORCE || settings->action != ACTION_REJECT)
            continue;
        struct header_caps caps = rules[i]->caps(settings);
        if (caps.fields < message->caps.fields)
            message->caps.fields = caps.fields;
        if (caps.size < message->caps.size)
            message->caps.size = caps.size;
    }
}

static void choose_policy(struct message *message)
{
    const struct settings *settings = message->snapshot->settings;
    struct facts *facts = &message->facts;
    const struct listener *listener = find_listener(message);
    const char *otherwise = facts->login.state == FACT_KNOWN ? "submission" : "inbound";
    message->policy_name = listener ? listener->policy : otherwise;
    facts->connection.listener = listener ? bytes_of(listener->name) : BYTES("none");
    if (listener && listener->tls_terminator)
        facts->tls.terminator = bytes_of(listener->tls_terminator);
    message->policy = settings_policy(settings, message->policy_name, facts->login.name);
    choose_caps(message);
}

void message_mail(struct message *message, struct bytes path, bool smtputf8)
{
    struct facts *facts = &message->facts;
    choose_policy(message);
    facts->envelope.mail_from = arena_bytes(message->arena, path);
    facts->envelope.smtputf8 = smtputf8;
    address_parse_path(message->arena, facts->envelope.mail_from, &facts->envelope.sender);
    gather_envelope(message->arena, message->snapshot, facts);
    counted_mail(message);
    judge(message, STAGE_MAIL);
    if (message->outcome.action >= ACTION_TEMPFAIL) {
        message->refused_command = "MAIL";
        counted_refusal(message);
    }
}

/* An MTA that never said MAIL still gets a decision. */
static void need_policy(struct message *message)
{
    if (!message->policy) {
        message_mail(message, BYTES(""), false);
        message_fault(message, "the MTA sent no MAIL command");
    }
}

/* For the record; what is over the limit it only counts. */
static void keep_rcpt(struct message *message)
{
    if (message->rcpt_kept == MESSAGE_RCPTS_KEPT)
        return;
    if (message->rcpt_kept == message->rcpt_room) {
        size_t room = message->rcpt_room ? message->rcpt_room * 2 : 4;
        struct bytes *rcpts = arena_alloc(message->arena, room * sizeof *rcpts);
        if (!rcpts)
            return;
        if (message->rcpt_kept)
            memcpy(rcpts, message->rcpts, message->rcpt_kept * sizeof *rcpts);
        message->rcpts = rcpts;
        message->rcpt_room = room;
    }
    message->rcpts[message->rcpt_kept++] = message->facts.envelope.rcpt;
}

bool message_rcpt(struct message *message, struct bytes path)
{
    need_policy(message);
    struct facts_envelope *envelope = &message->facts.envelope;
    envelope->rcpt = arena_bytes(message->arena, path);
    counted_rcpt(message);
    judge(message, STAGE_RCPT);
    if (message->outcome.action < ACTION_TEMPFAIL) {
        keep_rcpt(message);
        counted_rcpt_accepted(message);
        envelope->rcpt_count++;
        return true;
    }
    message->refused_command = "RCPT";
    counted_refusal(message);
    return false;
}

void message_rcpt_refused_by_mta(struct message *message)
{
    counted_refusal_by_mta(message);
}

/* The refusal has taken the id with it; each decision has one of its own. */
static void take_next_id(struct message *message)
{
    for (size_t i = sizeof message->id_random; i-- && !++message->id_random[i];)
        continue;
    decision_id_format((uint64_t)message->began, message->id_random, message->id);
}

void message_rcpt_refused(struct message *message)
{
    take_next_id(message);
    message->refused_command = NULL;
    engine_forget(STAGE_RCPT, message->arena, &message->decision);
    settle(message);
}

static bool room_for_field(struct message *message)
{
    size_t count = message->facts.header.count;
    if (count < message->field_room)
        return true;
    size_t room = message->field_room ? message->field_room * 2 : 32;
    struct field *fields = arena_alloc(message->arena, room * sizeof *fields);
    if (!fields)
        return false;
    if (count)
        memcpy(fields, message->fields, count * sizeof *fields);
    message->fields = fields;
    message->field_room = room;
    message->facts.header.fields = fields;
    return true;
}

void message_field(struct message *message, struct bytes name, struct bytes value)
{
    struct facts_header *header = &message->facts.header;
    size_t size = header->size + name.len + value.len;
    if (size > MESSAGE_HEADER_CEILING ||
        header->count + header->dropped >= MESSAGE_FIELDS_CEILING) {
        header->too_large = true;
        return;
    }
    if (message->header_ended)
        message_fault(message, "the MTA sent a field after the body");
    if (message->header_ended)
        return;
    if (size > message->caps.size || header->count >= message->caps.fields) {
        header->size = size;
        header->dropped++;
        return;
    }
    if (!room_for_field(message))
        return;
    message->fields[header->count++] = (struct field){.name = arena_bytes(message->arena, name),
                                                      .value = arena_bytes(message->arena, value)};
    header->size = size;
}

/* What a record has of a block and body that are not there. */
static void take_recorded(struct facts *facts, const struct message_recorded *recorded)
{
    facts->header.size = recorded->header_size;
    facts->header.too_large = recorded->header_too_large;
    facts->body = recorded->body;
}

/* The header block and the first piece of the body are there: the header rules are asked now, so
 * that what leaves is settled before the body is hashed. */
static void end_header(struct message *message, struct bytes first_chunk)
{
    if (message->header_ended)
        return;
    message->header_ended = true;
    need_policy(message);
    struct facts *facts = &message->facts;
    if (message->recorded)
        take_recorded(facts, message->recorded);
    else if (!facts->header.too_large)
        (void)cut_short(message->arena, &facts->header,
                        bytes_slice(first_chunk, 0, CUT_SHORT_BEGINNING), &facts->body.cut_short);
    gather_header(message->arena, message->snapshot, message->fields, facts);
    counted_header(message);
    judge(message, STAGE_HEADER);
    message_dkim_begin(message);
}

void message_body(struct message *message, struct bytes chunk)
{
    end_header(message, chunk);
    body_scan_chunk(&message->scan, chunk, &message->facts.body);
    message_dkim_body(message, chunk);
}

/* The body may have taken minutes to come in: whether limits are passed is found as it is counted,
 * and so is whether the login was slowed or frozen meanwhile. */
static void charge(struct message *message)
{
    bool admitted = counted_settle(message);
    judge(message, STAGE_SETTLE);
    if (admitted || message->outcome.action >= ACTION_TEMPFAIL)
        return;
    message_fault(message, "it passes a limit that no rule finds passed");
    settle(message);
}

void message_end(struct message *message)
{
    end_header(message, (struct bytes){NULL, 0});
    body_scan_end(&message->scan, &message->facts.body);
    message_dkim_verified(message);
    judge(message, STAGE_BODY);
    if (!message_dkim_sign(message))
        settle(message);
    if (message->outcome.action < ACTION_TEMPFAIL)
        charge(message);
    if (message->outcome.action >= ACTION_TEMPFAIL)
        counted_refusal(message);
}
