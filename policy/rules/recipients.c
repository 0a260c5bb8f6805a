/* Not too many recipients, and none that must not be written to. */
#include "policy/address_recipient.h"
#include "policy/claim.h"
#include "policy/rule.h"

struct settings {
    struct rule_settings common;
    int64_t max;
    struct texts forbidden_domains;
};

/* A domain as domains are compared, or such a one behind a dot for all below it. */
static bool check_domain(const char *text, struct error *error)
{
    struct arena *arena = arena_new(64 * 1024);
    struct bytes domain = bytes_of(text + (text[0] == '.'));
    struct bytes normal = {0};
    bool valid = arena && !address_recipient_domain(arena, domain, &normal);
    bool same = valid && bytes_equal_nocase(domain, normal);
    if (!valid)
        error_set(error, "expected a domain (\"example.com\"), or a dot and a domain for all below "
                         "it (\".example.com\")");
    else if (!same)
        error_set(error, "write it as \"%s%.*s\"", text[0] == '.' ? "." : "", (int)normal.len,
                  normal.data);
    arena_free(arena);
    return same;
}

static const struct option_row options[] = {
    {.name = "max",
     .type = OPTION_INT,
     .offset = offsetof(struct settings, max),
     .default_value = "1000",
     .min = 1,
     .max = 1000000,
     .help =
         "The most recipients that one message may have; those past it are told to come later."},
    {.name = "forbidden_domains",
     .type = OPTION_TEXTS,
     .offset = offsetof(struct settings, forbidden_domains),
     .default_value = "[ ]",
     .max = 1000,
     .help =
         "Domains that nobody may write to; \".example.com\" means all below example.com. Where "
         "there is one, address literals and local parts with a quoted @, a % or a ! are refused, "
         "too: nobody knows where they lead.",
     .check = check_domain},
    {0}};

static bool is_forbidden(const struct texts *forbidden, struct bytes domain)
{
    for (size_t i = 0; i < forbidden->count; i++) {
        struct bytes item = bytes_of(forbidden->items[i]);
        if (item.data[0] == '.' ? bytes_end_with_nocase(domain, item)
                                : bytes_equal_nocase(domain, item))
            return true;
    }
    return false;
}

static void judge(const struct facts *facts, const void *generic, struct arena *arena,
                  struct verdict *verdict)
{
    const struct settings *settings = generic;
    struct address_recipient rcpt;
    verdict->fact = facts->envelope.rcpt;
    const char *reason = address_recipient_read(arena, verdict->fact, &rcpt);
    if (reason) {
        bool empty = bytes_equal(bytes_of(reason), BYTES("empty"));
        verdict_violation(verdict, arena, empty ? "unreadable" : "ambiguous", 550, "5.1.3",
                          "The recipient %.*s is no address that mail can be sent to (%s)",
                          CLAIM_SHOWN(verdict->fact), reason);
        return;
    }
    if (is_forbidden(&settings->forbidden_domains, rcpt.domain)) {
        verdict_violation(verdict, arena, "forbidden-domain", 550, "5.7.1",
                          "Mail to %.*s is not sent from here: take this recipient out",
                          CLAIM_SHOWN(rcpt.domain));
        return;
    }
    if (rcpt.elsewhere && settings->forbidden_domains.count) {
        verdict_violation(verdict, arena, "forbidden-domain", 550, "5.7.1",
                          "It cannot be seen whether %.*s leads to a domain that mail is not sent "
                          "to from here: write to another address",
                          CLAIM_SHOWN(verdict->fact));
        return;
    }
    if (facts->envelope.rcpt_count >= settings->max) {
        verdict_violation(
            verdict, arena, "too-many", 452, "4.5.3",
            "Too many recipients, one message may have %lld: send it in several parts",
            (long long)settings->max);
        return;
    }
    verdict_pass(verdict, NULL);
}

const struct rule rule_recipients = {
    .name = "recipients",
    .asks = "Whether the recipient may be written to, and is not one too many.",
    .stage = STAGE_RCPT,
    .default_action = ACTION_REJECT,
    .actions = RULE_ACTION(ACTION_REJECT) | RULE_ACTION(ACTION_TEMPFAIL),
    .settings_size = sizeof(struct settings),
    .options = options,
    .judge = judge,
};
