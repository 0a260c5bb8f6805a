/* Mail from outside does not claim one of our own domains in From, unless we signed it. */
#include "policy/claim.h"
#include "policy/domain_in.h"
#include "policy/encoded_word.h"
#include "policy/rewriting.h"
#include "policy/rule.h"

struct settings {
    struct rule_settings common;
    bool subdomains;
    bool unqualified;
    bool display_name;
    bool envelope;
};

static const struct option_row options[] = {
    {.name = "subdomains",
     .type = OPTION_BOOL,
     .offset = offsetof(struct settings, subdomains),
     .default_value = "true",
     .help = "Counts what lies below our domains as ours too."},
    {.name = "unqualified",
     .type = OPTION_BOOL,
     .offset = offsetof(struct settings, unqualified),
     .default_value = "true",
     .help = "Counts addresses without a domain as ours: Sendmail and some mail programs put the "
             "local domain behind them."},
    {.name = "display_name",
     .type = OPTION_BOOL,
     .offset = offsetof(struct settings, display_name),
     .default_value = "false",
     .help = "Also judges addresses of ours in From's display name; some mailing lists put the "
             "author's there."},
    {.name = "envelope",
     .type = OPTION_BOOL,
     .offset = offsetof(struct settings, envelope),
     .default_value = "false",
     .help = "Also refuses our domains as envelope sender, which SPF usually sees to."},
    {0}};

static bool is_ours(const struct facts *facts, struct bytes domain, bool subdomains)
{
    for (size_t i = 0; i < facts->site->domains.count; i++) {
        struct bytes ours = bytes_of(facts->site->domains.items[i]);
        if (subdomains ? address_domain_within(domain, ours) : bytes_equal_nocase(domain, ours))
            return true;
    }
    return false;
}

static bool is_named(const struct facts *facts, struct bytes text, struct bytes domain,
                     const struct settings *settings, struct arena *arena)
{
    struct rewriting rewriting;
    if (domain_in(text, domain, settings->subdomains ? DOMAIN_IN_BELOW : 0))
        return true;
    return facts->connection.mta == MTA_SENDMAIL && rewriting_of(arena, text, &rewriting) &&
           rewriting_names(&rewriting, domain, settings->subdomains);
}

/* Any reading of a From field that some program could have, encoded words decoded or not. */
static bool could_mean_ours(const struct facts *facts, struct bytes value,
                            const struct settings *settings, struct arena *arena,
                            struct bytes *ret_domain)
{
    struct decoded_text decoded;
    struct bytes raw, shown, domain;
    if (!encoded_word_decode(arena, value, &decoded) || !domain_in_fold(arena, value, &raw) ||
        !domain_in_fold(arena, decoded.text, &shown))
        return false;
    for (size_t i = 0; i < facts->site->domains.count; i++) {
        const char *ours = facts->site->domains.items[i];
        *ret_domain = bytes_of(ours);
        if (is_named(facts, raw, *ret_domain, settings, arena) ||
            is_named(facts, shown, *ret_domain, settings, arena))
            return true;
        if (bytes_find_nocase(*ret_domain, BYTES("xn--")) == ret_domain->len)
            continue;
        if (!domain_in_fold_shown(arena, ours, &domain))
            return false;
        if (is_named(facts, raw, domain, settings, arena) ||
            is_named(facts, shown, domain, settings, arena))
            return true;
    }
    return false;
}

/* The From field where there is only one, and all readers agree on it; else NULL. */
static const struct identity_field *certain_from(const struct facts *facts, struct arena *arena)
{
    struct verdict unused = {0};
    if (facts_field_count(&facts->header, BYTES("From")) != 1 ||
        !claim_undisguised(facts, BYTES("From"), arena, &unused))
        return NULL;
    for (size_t i = 0; i < facts->identity_field_count; i++) {
        const struct identity_field *from = &facts->identity_fields[i];
        if (from->kind == IDENTITY_FROM)
            return claim_plainly_written(from, arena, &unused) &&
                           claim_readable(from, arena, &unused)
                       ? from
                       : NULL;
    }
    return NULL;
}

static void refuse(struct bytes domain, const char *reason, struct arena *arena,
                   struct verdict *verdict)
{
    verdict->fact = domain;
    verdict_violation(verdict, arena, reason, 550, "5.7.1",
                      "Mail from %.*s has to come through its own servers: log in there to send it",
                      CLAIM_SHOWN(domain));
}

/* A signature speaks for its own domain and those below it. */
static void judge_domain(const struct facts *facts, struct bytes domain, struct arena *arena,
                         struct verdict *verdict)
{
    const struct facts_dkim *dkim = &facts->dkim;
    if (dkim->own_signature == FACT_KNOWN &&
        address_domain_within(domain, dkim->own_signature_domain)) {
        verdict->fact = domain;
        verdict_pass(verdict, "own-signature");
    } else if (dkim->own_signature == FACT_UNAVAILABLE) {
        verdict->fact = domain;
        verdict_unavailable(verdict, arena, "signature-unknown",
                            "It cannot be found out just now whether %.*s signed this message: "
                            "please try again later",
                            CLAIM_SHOWN(domain));
    } else {
        refuse(domain, "from", arena, verdict);
    }
}

static void judge_certain(const struct facts *facts, const struct settings *settings,
                          const struct identity_field *from, struct arena *arena,
                          struct verdict *verdict)
{
    for (size_t i = 0; i < from->list.count; i++) {
        struct bytes domain = from->list.mailboxes[i].domain;
        if (is_ours(facts, domain, settings->subdomains))
            judge_domain(facts, domain, arena, verdict);
        if (verdict->outcome == OUTCOME_VIOLATION)
            return;
    }
    for (size_t i = 0; settings->display_name && i < facts->identity_count; i++) {
        const struct identity *identity = &facts->identities[i];
        if (identity->kind == IDENTITY_DISPLAY_NAME &&
            is_ours(facts, identity->mailbox->domain, settings->subdomains))
            judge_domain(facts, identity->mailbox->domain, arena, verdict);
        if (verdict->outcome == OUTCOME_VIOLATION)
            return;
    }
    if (settings->display_name)
        (void)claim_all_seen(facts, arena, verdict);
}

/* The first From field with an address without a domain, as all see it or as Sendmail does. */
static const struct field *unqualified_from(const struct facts *facts, struct arena *arena)
{
    struct rewriting rewriting;
    for (size_t i = 0; i < facts->identity_field_count; i++) {
        const struct identity_field *claimed = &facts->identity_fields[i];
        if (claimed->kind == IDENTITY_FROM &&
            bytes_equal(bytes_of(claimed->list.reason), BYTES("unqualified")))
            return claimed->field;
    }
    for (size_t i = 0; facts->connection.mta == MTA_SENDMAIL && i < facts->header.count; i++) {
        const struct field *field = &facts->header.fields[i];
        if (claim_reads_as(field->name, BYTES("From")) &&
            rewriting_of(arena, field->value, &rewriting) && rewriting_completes(&rewriting))
            return field;
    }
    return NULL;
}

static void judge_unqualified(const struct facts *facts, const struct settings *settings,
                              struct arena *arena, struct verdict *verdict)
{
    const struct field *field = settings->unqualified ? unqualified_from(facts, arena) : NULL;
    if (!field)
        return;
    verdict->fact = bytes_trim(field->value);
    verdict_violation(verdict, arena, "unqualified", 550, "5.7.1",
                      "The From address has no domain, and could be taken for one of ours: "
                      "write it as you@your-domain.example");
}

/* Behind the most addresses that are looked at only the first From field is read. */
static bool has_unread_from(const struct facts *facts)
{
    size_t read = 0;
    for (size_t i = 0; i < facts->identity_field_count; i++)
        read += facts->identity_fields[i].kind == IDENTITY_FROM;
    return read < facts_field_count(&facts->header, BYTES("From"));
}

/* No signature excuses what readers see differently: it says nothing of what they see. */
static void judge_uncertain(const struct facts *facts, const struct settings *settings,
                            struct arena *arena, struct verdict *verdict)
{
    struct bytes domain;
    for (size_t i = 0; i < facts->header.count; i++) {
        const struct field *field = &facts->header.fields[i];
        if (claim_reads_as(field->name, BYTES("From")) &&
            could_mean_ours(facts, field->value, settings, arena, &domain)) {
            refuse(domain, "from", arena, verdict);
            return;
        }
    }
    judge_unqualified(facts, settings, arena, verdict);
    if (settings->unqualified && verdict->outcome != OUTCOME_VIOLATION && has_unread_from(facts))
        (void)claim_all_seen(facts, arena, verdict);
}

/* Others' mail, which Sendmail could yet cut so that it seems to be ours. */
static void judge_cut(const struct facts *facts, const struct settings *settings,
                      const struct identity_field *from, struct arena *arena,
                      struct verdict *verdict)
{
    struct rewriting rewriting;
    struct bytes domain;
    if (facts->connection.mta != MTA_SENDMAIL ||
        !bytes_equal(bytes_of(verdict->reason), BYTES("not-ours")) ||
        !rewriting_of(arena, from->field->value, &rewriting))
        return;
    if (rewriting_cuts(&rewriting) &&
        could_mean_ours(facts, from->field->value, settings, arena, &domain))
        refuse(domain, "from", arena, verdict);
    else
        judge_unqualified(facts, settings, arena, verdict);
}

/* Where there is none Sendmail makes one of MAIL FROM. */
static bool has_from(const struct facts *facts)
{
    for (size_t i = 0; i < facts->header.count; i++)
        if (bytes_equal_nocase(facts->header.fields[i].name, BYTES("From")) &&
            bytes_trim(facts->header.fields[i].value).len)
            return true;
    return false;
}

static void judge_missing(const struct facts *facts, const struct settings *settings,
                          struct arena *arena, struct verdict *verdict)
{
    struct bytes domain;
    if (facts->connection.mta == MTA_SENDMAIL && !has_from(facts) &&
        could_mean_ours(facts, facts->envelope.mail_from, settings, arena, &domain))
        refuse(domain, "from", arena, verdict);
}

static bool envelope_is_ours(const struct facts *facts, const struct settings *settings)
{
    const struct address_list *sender = &facts->envelope.sender;
    return settings->envelope && sender->count &&
           is_ours(facts, sender->mailboxes[0].domain, settings->subdomains);
}

static void judge(const struct facts *facts, const void *generic, struct arena *arena,
                  struct verdict *verdict)
{
    const struct settings *settings = generic;
    if (facts->header.dropped)
        return; /* it is refused, and From may be what was dropped */
    if (facts->login.state == FACT_KNOWN) {
        verdict->fact = facts->login.name;
        verdict_pass(verdict, "login");
        return;
    }
    if (envelope_is_ours(facts, settings)) {
        refuse(facts->envelope.sender.mailboxes[0].domain, "envelope", arena, verdict);
        return;
    }
    if (facts->header.too_large) {
        verdict_violation(verdict, arena, "too-large", 550, "5.7.1",
                          "The header is too large to see who it is from: send fewer and shorter "
                          "fields");
        return;
    }
    if (facts->from.count)
        verdict->fact = facts->from.mailboxes[0].address;
    verdict_pass(verdict, "not-ours");
    const struct identity_field *from = certain_from(facts, arena);
    if (from) {
        judge_certain(facts, settings, from, arena, verdict);
        judge_cut(facts, settings, from, arena, verdict);
    } else {
        judge_uncertain(facts, settings, arena, verdict);
        judge_missing(facts, settings, arena, verdict);
    }
    if (verdict->outcome == OUTCOME_VIOLATION && facts->login.state == FACT_UNAVAILABLE)
        verdict_unavailable(verdict, arena, "login-unknown",
                            "It is not known who logged in: please try again later");
}

const struct rule rule_local_spoof = {
    .name = "local_spoof",
    .asks =
        "Whether mail from outside claims one of our own domains in From, without a signature of "
        "ours.",
    .stage = STAGE_BODY,
    .default_action = ACTION_REJECT,
    .actions = RULE_ACTIONS_REFUSE,
    .settings_size = sizeof(struct settings),
    .options = options,
    .judge = judge,
};
