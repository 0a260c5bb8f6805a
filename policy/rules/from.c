/* Exactly one From field, which every reader reads the same way, with addresses that the login
 * owns. */
#include "policy/claim.h"
#include "policy/rule.h"

struct settings {
    struct rule_settings common;
    int owner;
    bool allow_several;
};

static const struct option_row options[] = {
    CLAIM_OWNER_ROW(struct settings, "From has"),
    {.name = "allow_several",
     .type = OPTION_BOOL,
     .offset = offsetof(struct settings, allow_several),
     .default_value = "true",
     .help = "Lets From hold several addresses, where all are owned and a Sender field names one "
             "that is owned too."},
    {0}};

/* The fields of a kind; ret_first: the first of them, untouched where there is none. */
static size_t count_fields(const struct facts *facts, enum identity_kind kind,
                           const struct identity_field **ret_first)
{
    size_t count = 0;
    for (size_t i = 0; i < facts->identity_field_count; i++)
        if (facts->identity_fields[i].kind == kind && count++ == 0)
            *ret_first = &facts->identity_fields[i];
    return count;
}

/* Its one From field, or NULL and the verdict. */
static const struct identity_field *only_from(const struct facts *facts, struct arena *arena,
                                              struct verdict *verdict)
{
    const struct identity_field *from = NULL;
    size_t count = count_fields(facts, IDENTITY_FROM, &from);
    if (!claim_all_seen(facts, arena, verdict) ||
        !claim_undisguised(facts, BYTES("From"), arena, verdict))
        return NULL;
    if (!from) {
        verdict_violation(verdict, arena, "missing", 550, "5.7.1",
                          "The message has no From field: set your address in your mail program");
        return NULL;
    }
    if (count > 1) {
        verdict->fact = bytes_trim(facts_field(&facts->header, BYTES("From"), 1)->value);
        verdict_violation(verdict, arena, "several-fields", 550, "5.7.1",
                          "The message has %zu From fields: it must have exactly one", count);
        return NULL;
    }
    return from;
}

/* RFC 5322 3.6.2: where several wrote it, Sender says who sent it. */
static void ask_for_sender(const struct facts *facts, const struct identity_field *from, int owner,
                           struct arena *arena, struct verdict *verdict)
{
    const struct identity_field *sender = NULL;
    if (count_fields(facts, IDENTITY_SENDER, &sender) == 1 &&
        sender->list.reading == ADDRESS_AGREED && sender->list.count == 1) {
        (void)claim_owned(facts, CLAIM_KIND(IDENTITY_SENDER), owner, 550, arena, verdict);
        return;
    }
    verdict->fact = bytes_trim(from->field->value);
    verdict_violation(verdict, arena, "several-without-sender", 550, "5.7.1",
                      "From holds several addresses: put one alone, or add a Sender field with "
                      "your own address");
}

static void judge(const struct facts *facts, const void *generic, struct arena *arena,
                  struct verdict *verdict)
{
    const struct settings *settings = generic;
    const struct identity_field *from = only_from(facts, arena, verdict);
    if (!from || !claim_plainly_written(from, arena, verdict) ||
        !claim_readable(from, arena, verdict) || !claim_outlasts_rewriting(from, arena, verdict))
        return;
    if (from->list.count > 1 && !settings->allow_several) {
        verdict->fact = bytes_trim(from->field->value);
        verdict_violation(verdict, arena, "several-mailboxes", 550, "5.7.1",
                          "From holds %zu addresses: put one alone", from->list.count);
        return;
    }
    if (claim_owned(facts, CLAIM_KIND(IDENTITY_FROM), settings->owner, 550, arena, verdict) &&
        from->list.count > 1)
        ask_for_sender(facts, from, settings->owner, arena, verdict);
}

const struct rule rule_from = {
    .name = "from",
    .asks = "Whether there is exactly one From field, which all mail programs read the same way, "
            "with an address that the login may use.",
    .stage = STAGE_HEADER,
    .default_action = ACTION_REJECT,
    .actions = RULE_ACTIONS_REFUSE,
    .settings_size = sizeof(struct settings),
    .options = options,
    .judge = judge,
};
