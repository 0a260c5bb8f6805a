/* The other senders that a message names, Sender, Resent-From and Resent-Sender, are owned too. */
#include "policy/claim.h"
#include "policy/identities.h"
#include "policy/rule.h"

struct settings {
    struct rule_settings common;
    int owner;
};

static const struct option_row options[] = {
    CLAIM_OWNER_ROW(struct settings, "Sender, Resent-From and Resent-Sender have"), {0}};

static const enum identity_kind kinds[] = {IDENTITY_SENDER, IDENTITY_RESENT_FROM,
                                           IDENTITY_RESENT_SENDER};
#define KINDS (sizeof kinds / sizeof *kinds)

/* RFC 5322 3.6.2, 3.6.6: Sender and Resent-Sender hold one mailbox; a message has one Sender, and
 * as many Resent- blocks as it was sent on. */
static bool is_well_formed(const struct identity_field *claimed, struct arena *arena,
                           struct verdict *verdict)
{
    const char *word = identities_word(claimed->kind);
    if (!claim_plainly_written(claimed, arena, verdict) ||
        !claim_readable(claimed, arena, verdict) ||
        !claim_outlasts_rewriting(claimed, arena, verdict))
        return false;
    verdict->fact = bytes_trim(claimed->field->value);
    if (claimed->kind == IDENTITY_SENDER && claimed->field->instance > 1) {
        verdict_violation(verdict, arena, "several-fields", 550, "5.7.1",
                          "The message has more than one Sender field: it may have one");
        return false;
    }
    if (claimed->kind != IDENTITY_RESENT_FROM && claimed->list.count > 1) {
        verdict_violation(verdict, arena, "several-mailboxes", 550, "5.7.1",
                          "%s holds %zu addresses: it may hold one", word, claimed->list.count);
        return false;
    }
    return true;
}

static bool all_well_formed(const struct facts *facts, struct arena *arena, struct verdict *verdict)
{
    if (!claim_all_seen(facts, arena, verdict))
        return false;
    for (size_t i = 0; i < KINDS; i++)
        if (!claim_undisguised(facts, bytes_of(identities_word(kinds[i])), arena, verdict))
            return false;
    for (size_t i = 0; i < facts->identity_field_count; i++) {
        const struct identity_field *claimed = &facts->identity_fields[i];
        if (claimed->kind != IDENTITY_FROM && !is_well_formed(claimed, arena, verdict))
            return false;
    }
    return true;
}

static void judge(const struct facts *facts, const void *generic, struct arena *arena,
                  struct verdict *verdict)
{
    const struct settings *settings = generic;
    unsigned present = 0;
    for (size_t i = 0; i < facts->identity_field_count; i++)
        if (facts->identity_fields[i].kind != IDENTITY_FROM)
            present |= CLAIM_KIND(facts->identity_fields[i].kind);
    if (!all_well_formed(facts, arena, verdict))
        return;
    if (present)
        (void)claim_owned(facts, present, settings->owner, 550, arena, verdict);
    else
        verdict_pass(verdict, "none");
}

const struct rule rule_sender = {
    .name = "sender",
    .asks = "Whether the login may use the addresses in Sender, Resent-From and Resent-Sender.",
    .stage = STAGE_HEADER,
    .default_action = ACTION_REJECT,
    .actions = RULE_ACTIONS_REFUSE,
    .settings_size = sizeof(struct settings),
    .options = options,
    .judge = judge,
};
