/* The single values of a record. */
#include "gate/record_values.h"

const char *record_identity_kind(enum identity_kind kind)
{
    static const char *const words[] = {
        [IDENTITY_MAIL_FROM] = "mail_from",
        [IDENTITY_FROM] = "from",
        [IDENTITY_SENDER] = "sender",
        [IDENTITY_RESENT_FROM] = "resent_from",
        [IDENTITY_RESENT_SENDER] = "resent_sender",
        [IDENTITY_DISPLAY_NAME] = "display_name",
    };
    return words[kind];
}

const char *record_ownership(enum ownership ownership)
{
    static const char *const words[] = {
        [OWNERSHIP_NOT_ASKED] = "not-asked",
        [OWNERSHIP_GRANTED] = "granted",
        [OWNERSHIP_DENIED] = "denied",
        [OWNERSHIP_UNAVAILABLE] = "unavailable",
    };
    return words[ownership];
}

const char *record_outcome(enum outcome outcome)
{
    static const char *const words[] = {
        [OUTCOME_NOT_ASKED] = "not-asked",
        [OUTCOME_PASS] = "pass",
        [OUTCOME_VIOLATION] = "violation",
        [OUTCOME_UNAVAILABLE] = "unavailable",
    };
    return words[outcome];
}

const char *record_fact(enum fact fact)
{
    static const char *const words[] = {
        [FACT_ABSENT] = "absent",
        [FACT_KNOWN] = "known",
        [FACT_UNAVAILABLE] = "unavailable",
    };
    return words[fact];
}

const char *record_contain(enum login_state state)
{
    static const char *const words[] = {
        [LOGIN_NORMAL] = NULL,
        [LOGIN_SLOWED] = "slow",
        [LOGIN_FROZEN] = "freeze",
    };
    return words[state];
}

const char *record_edit_kind(enum edit_kind kind)
{
    static const char *const words[] = {
        [EDIT_ADD] = "add",
        [EDIT_REPLACE] = "replace",
        [EDIT_DELETE] = "delete",
    };
    return words[kind];
}

const char *record_algorithm(const struct key *key)
{
    return key->type == KEY_RSA ? "rsa-sha256" : "ed25519-sha256";
}

struct bytes record_from(const struct facts *facts)
{
    if (facts->from.count)
        return facts->from.mailboxes[0].address;
    const struct field *field = facts_field(&facts->header, BYTES("From"), 0);
    return field ? bytes_trim(field->value) : (struct bytes){NULL, 0};
}

bool record_left(const struct message *message)
{
    return message->outcome.action < ACTION_TEMPFAIL;
}

/* The edit that gives the message its new Message-ID. */
static const struct edit *message_id_edit(const struct message *message)
{
    if (!record_left(message))
        return NULL;
    for (const struct edit *edit = message->outcome.edits; edit; edit = edit->next)
        if (edit->kind != EDIT_DELETE && bytes_equal_nocase(edit->name, BYTES("Message-ID")))
            return edit;
    return NULL;
}

static struct bytes message_id_received(const struct message *message)
{
    const struct field *field = facts_field(&message->facts.header, BYTES("Message-ID"), 0);
    return field ? bytes_trim(field->value) : (struct bytes){NULL, 0};
}

struct bytes record_message_id(const struct message *message)
{
    const struct edit *edit = message_id_edit(message);
    return edit ? bytes_trim(edit->value) : message_id_received(message);
}

struct bytes record_message_id_old(const struct message *message)
{
    return message_id_edit(message) ? message_id_received(message) : (struct bytes){NULL, 0};
}

const char *record_rule(const struct message *message)
{
    if (message->decision.decider < RULE_COUNT)
        return rules[message->decision.decider]->name;
    return message->outcome.action == ACTION_TEMPFAIL ? "internal" : NULL;
}

const char *record_reason(const struct message *message)
{
    if (message->decision.decider < RULE_COUNT)
        return message->decision.judged[message->decision.decider].verdict.reason;
    return message->outcome.action == ACTION_TEMPFAIL ? "fault" : NULL;
}
