/* A Message-ID that is there, is one, and (by mode) tells nothing of the sender's machine. */
#include "policy/msgid.h"

#include "policy/rule.h"

enum variant { ADD, REPLACE_FOREIGN, REPLACE_ALL };
static const char *const mode_words[] = {"add", "replace-foreign", "replace-all", NULL};

/* The right-hand side of a new one: the From field's domain, else what else we answer for. */
static struct bytes own_domain(const struct facts *facts)
{
    const struct address_list *lists[] = {&facts->from, &facts->envelope.sender};
    for (size_t i = 0; i < 2; i++)
        if (lists[i]->reading == ADDRESS_AGREED && lists[i]->count &&
            lists[i]->mailboxes[0].domain.len)
            return lists[i]->mailboxes[0].domain;
    if (facts->site->domains.count)
        return bytes_of(facts->site->domains.items[0]);
    return BYTES("localhost.invalid");
}

/* From's own domain or one of ours, exactly: a name below them may be the sender's machine. */
static bool is_own(const struct facts *facts, struct bytes right)
{
    return bytes_equal_nocase(right, own_domain(facts)) || texts_have(&facts->site->domains, right);
}

/* As Sendmail spells it, which it does whatever a milter says: simple canonicalization signs that
 * too. */
static struct bytes name_for(enum mta mta)
{
    return mta == MTA_SENDMAIL ? BYTES("Message-Id") : BYTES("Message-ID");
}

/* Says what is wrong with one that is there, if nothing has been said yet. Returns whether it has
 * to go. */
static bool judge_field(const struct facts *facts, const struct field *field, int variant,
                        struct arena *arena, struct verdict *verdict)
{
    struct bytes left;
    struct bytes right;
    bool formed = msgid_parse(field->value, facts->envelope.smtputf8, &left, &right);
    if (formed && variant != REPLACE_ALL && (variant != REPLACE_FOREIGN || is_own(facts, right)))
        return false;
    if (verdict->outcome == OUTCOME_VIOLATION)
        return true;
    verdict->fact = bytes_trim(field->value);
    if (!formed)
        verdict_violation(verdict, arena, "malformed", 554, "5.6.0",
                          "The Message-ID field is not of the form \"<unique@domain>\": have "
                          "your mail program write it so, or leave it out");
    else if (variant == REPLACE_ALL)
        verdict_violation(verdict, arena, "replaced", 554, "5.7.0",
                          "The Message-ID field is given by this server: have your mail "
                          "program leave it out");
    else
        verdict_violation(verdict, arena, "foreign", 554, "5.7.0",
                          "The Message-ID field names another host than the From field's "
                          "domain: have your mail program write that, or leave it out");
    return true;
}

/* Several are there only where header_once lets them pass: by mode those behind the first tell as
 * much as it does, and go. */
static void judge_others(const struct facts *facts, const struct field *first, int variant,
                         struct arena *arena, struct verdict *verdict)
{
    for (size_t i = (size_t)(first - facts->header.fields) + 1; i < facts->header.count; i++) {
        const struct field *field = &facts->header.fields[i];
        if (bytes_equal_nocase(field->name, first->name) &&
            judge_field(facts, field, variant, arena, verdict))
            verdict_delete_field(verdict, arena, facts, i);
    }
}

static void judge(const struct facts *facts, const void *generic, struct arena *arena,
                  struct verdict *verdict)
{
    const struct rule_settings *settings = generic;
    const struct field *field = facts_field(&facts->header, BYTES("Message-ID"), 0);
    if (!field) {
        verdict_violation(verdict, arena, "missing", 554, "5.6.0",
                          "The message has no Message-ID field: have your mail program write one");
    } else {
        verdict->fact = bytes_trim(field->value);
        verdict_pass(verdict, NULL);
    }
    bool goes = field && judge_field(facts, field, settings->variant, arena, verdict);
    if (!field || goes) {
        struct bytes value = msgid_new(arena, facts->random, own_domain(facts));
        if (!value.len)
            return;
        if (field)
            verdict_replace_field(verdict, arena, facts, (size_t)(field - facts->header.fields),
                                  value);
        else
            verdict_add_field(verdict, arena, name_for(facts->connection.mta), value);
    }
    if (field && settings->variant != ADD)
        judge_others(facts, field, settings->variant, arena, verdict);
}

const struct rule rule_message_id = {
    .name = "message_id",
    .asks = "Whether there is a Message-ID that is one: a missing or malformed one is given anew; "
            "with replace-foreign so is one that names another host, with replace-all every one. "
            "Of several the others are taken out then. The old one is kept in the record.",
    .stage = STAGE_HEADER,
    .default_action = ACTION_FIX,
    .actions = RULE_ACTION(ACTION_FIX) | RULE_ACTIONS_REFUSE,
    .mode_words = mode_words,
    .settings_size = sizeof(struct rule_settings),
    .judge = judge,
};
