/* The envelope sender is the login's to use. */
#include "policy/claim.h"
#include "policy/rule.h"

struct settings {
    struct rule_settings common;
    int owner;
    bool allow_null;
};

static const struct option_row options[] = {
    CLAIM_OWNER_ROW(struct settings, "MAIL FROM has"),
    {.name = "allow_null",
     .type = OPTION_BOOL,
     .offset = offsetof(struct settings, allow_null),
     .default_value = "true",
     .help =
         "Lets <> be the envelope sender, as read receipts have it; From is judged all the same."},
    {0}};

static void judge(const struct facts *facts, const void *generic, struct arena *arena,
                  struct verdict *verdict)
{
    const struct settings *settings = generic;
    const struct address_list *sender = &facts->envelope.sender;
    verdict->fact = facts->envelope.mail_from;
    if (sender->reading != ADDRESS_AGREED || sender->count > 1) {
        verdict_violation(
            verdict, arena, sender->reading == ADDRESS_UNPARSABLE ? "unreadable" : "ambiguous", 553,
            "5.1.7", "The sender address %.*s cannot be used (%s): write it as <you@example.com>",
            CLAIM_SHOWN(verdict->fact), sender->reason ? sender->reason : "several");
        return;
    }
    if (!sender->count) {
        if (settings->allow_null)
            verdict_pass(verdict, "null-sender");
        else
            verdict_violation(verdict, arena, "null-sender", 553, "5.7.1",
                              "Mail without a sender address (<>) is not accepted here: set your "
                              "own address as sender in your mail program");
        return;
    }
    (void)claim_owned(facts, CLAIM_KIND(IDENTITY_MAIL_FROM), settings->owner, 553, arena, verdict);
}

const struct rule rule_envelope = {
    .name = "envelope",
    .asks = "Whether the login may use the envelope sender (MAIL FROM).",
    .stage = STAGE_MAIL,
    .default_action = ACTION_REJECT,
    .actions = RULE_ACTIONS_REFUSE,
    .settings_size = sizeof(struct settings),
    .options = options,
    .judge = judge,
};
