/* There is a key to sign for the From domain with, where that domain is ours. */
#include "policy/claim.h"
#include "policy/rule.h"

enum on_missing_key { ON_MISSING_KEY_TEMPFAIL, ON_MISSING_KEY_ACCEPT };

struct settings {
    struct rule_settings common;
    int on_missing_key;
};

static const char *const on_missing_key_words[] = {"tempfail", "accept", NULL};

static const struct option_row options[] = {
    {.name = "on_missing_key",
     .type = OPTION_CHOICE,
     .offset = offsetof(struct settings, on_missing_key),
     .default_value = "\"tempfail\"",
     .choices = on_missing_key_words,
     .help =
         "What becomes of mail from a domain of ours that has no key: it has to wait, or leaves "
         "unsigned."},
    {0}};

static void judge(const struct facts *facts, const void *generic, struct arena *arena,
                  struct verdict *verdict)
{
    const struct settings *settings = generic;
    const struct facts_dkim *dkim = &facts->dkim;
    verdict->fact = dkim->domain;
    if (dkim->keys == FACT_UNAVAILABLE) {
        verdict_unavailable(
            verdict, arena, "keys-unknown",
            "The keys to sign with cannot be read just now: please try again later");
        return;
    }
    if (!dkim->domain.len) {
        if (facts->from.count)
            verdict->fact = facts->from.mailboxes[0].domain;
        verdict_pass(verdict, "not-ours");
        return;
    }
    if (dkim->keys == FACT_KNOWN) {
        verdict_pass(verdict, "key");
        return;
    }
    if (settings->on_missing_key == ON_MISSING_KEY_ACCEPT) {
        verdict_pass(verdict, "unsigned");
        return;
    }
    bool for_good = settings->common.action == ACTION_REJECT;
    verdict_violation(verdict, arena, "no-key", for_good ? 550 : 451, for_good ? "5.7.5" : "4.7.5",
                      "There is no key to sign mail from %.*s with: please tell your postmaster%s",
                      CLAIM_SHOWN(dkim->domain), for_good ? "" : ", and try again later");
}

const struct rule rule_dkim = {
    .name = "dkim",
    .asks = "Whether there is a key to sign for the From domain with, where that is one of ours.",
    .stage = STAGE_HEADER,
    .default_action = ACTION_TEMPFAIL,
    .actions = RULE_ACTION(ACTION_TEMPFAIL) | RULE_ACTION(ACTION_REJECT),
    .settings_size = sizeof(struct settings),
    .options = options,
    .judge = judge,
};
