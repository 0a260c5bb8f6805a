/* Fields by which receivers are told to trust mail are not the sender's to write. */
#include "policy/claim.h"
#include "policy/header.h"
#include "policy/rule.h"
#include "policy/vouch.h"

enum whose { OURS, ALL, KEEP };
static const char *const whose_results[] = {"ours", "all", NULL};
static const char *const whose_signatures[] = {"ours", "all", "keep", NULL};

struct settings {
    struct rule_settings common;
    struct texts fields;
    int authentication_results;
    int dkim_signatures;
    bool arc;
};

static const struct option_row options[] = {
    {.name = "fields",
     .type = OPTION_TEXTS,
     .offset = offsetof(struct settings, fields),
     .default_value =
         "[ \"Return-Path\", \"Received-SPF\", \"Delivered-To\", \"X-Delivered-To\", "
         "\"X-Original-To\", \"Envelope-To\", \"X-Envelope-To\", \"X-Envelope-From\", "
         "\"Authentication-Results-*\", \"X-Authentication-Results\", "
         "\"X-Original-Authentication-Results\", \"X-Authenticated-*\", "
         "\"X-Authentication-Warning\", \"DomainKey-Signature\", \"DKIM-Filter\", "
         "\"X-DKIM-*\", \"X-DMARC-*\", \"X-SPF-*\", \"BIMI-Indicator\", \"BIMI-Location\", "
         "\"X-Spam\", \"X-Spam-*\", \"X-Spamd-*\", \"X-SpamD\", \"X-Rspamd-*\", \"X-Virus-*\", "
         "\"X-Amavis-*\", \"X-Quarantine-ID\", \"X-Scanned-By\", \"X-Bogosity\", \"X-DSPAM-*\", "
         "\"X-Greylist\", \"X-Ham-Report\", \"X-Barracuda-*\", \"X-IronPort-*\", "
         "\"X-Proofpoint-*\", "
         "\"X-Mimecast-*\", \"X-Forefront-*\", \"X-Microsoft-Antispam*\", "
         "\"X-MS-Exchange-Organization-*\" ]",
     .max = 300,
     .help = "Fields that only a receiving server may write; a \"*\" at a name's end stands for "
             "anything.",
     .check = header_check_pattern},
    {.name = "authentication_results",
     .type = OPTION_CHOICE,
     .offset = offsetof(struct settings, authentication_results),
     .default_value = "\"ours\"",
     .choices = whose_results,
     .help = "Which Authentication-Results count: \"ours\" (of authserv_ids, of our domains and "
             "hosts below them, and those whose authserv-id cannot be read), or \"all\"."},
    {.name = "dkim_signatures",
     .type = OPTION_CHOICE,
     .offset = offsetof(struct settings, dkim_signatures),
     .default_value = "\"ours\"",
     .choices = whose_signatures,
     .help = "Which DKIM-Signature fields that came with the message count: \"ours\" (our domains, "
             "domains below them, and those whose d= cannot be read), \"all\", or \"keep\" for "
             "none."},
    {.name = "arc",
     .type = OPTION_BOOL,
     .offset = offsetof(struct settings, arc),
     .default_value = "true",
     .help = "Whether ARC sets (RFC 8617) count."},
    {0}};

static bool is_own_result(const struct facts *facts, struct bytes value, struct arena *arena)
{
    struct bytes id;
    return !vouch_authserv_id(arena, value, &id) ||
           vouch_is_ours(arena, id, &facts->site->authserv_ids, &facts->site->domains);
}

static bool is_own_signature(const struct facts *facts, struct bytes value, struct arena *arena)
{
    struct bytes domain;
    static const struct texts none;
    return !vouch_signer(arena, value, &domain) ||
           vouch_is_ours(arena, domain, &none, &facts->site->domains);
}

/* The reason word for a field that has to go; NULL for one that may stay. name: as which the field
 * is read. */
static const char *reason_against(const struct facts *facts, const struct settings *settings,
                                  const struct field *field, struct bytes name, struct arena *arena)
{
    if (bytes_equal_nocase(name, BYTES("Authentication-Results")))
        return settings->authentication_results == ALL || is_own_result(facts, field->value, arena)
                   ? "authentication-results"
                   : NULL;
    if (bytes_equal_nocase(name, BYTES("DKIM-Signature"))) {
        if (settings->dkim_signatures == KEEP)
            return NULL;
        return settings->dkim_signatures == ALL || is_own_signature(facts, field->value, arena)
                   ? "dkim-signature"
                   : NULL;
    }
    if (settings->arc && bytes_start_with_nocase(name, BYTES("ARC-")))
        return "arc";
    return header_is_listed(&settings->fields, name) ? "field" : NULL;
}

/* Also as those read its name who pass over blanks, specials and the like (policy/claim.h). */
static const char *reason_however_read(const struct facts *facts, const struct settings *settings,
                                       const struct field *field, struct arena *arena)
{
    const char *reason = reason_against(facts, settings, field, field->name, arena);
    if (reason || !claim_has_specials(field->name))
        return reason;
    return reason_against(facts, settings, field, claim_without_specials(arena, field->name),
                          arena);
}

static void judge(const struct facts *facts, const void *generic, struct arena *arena,
                  struct verdict *verdict)
{
    const char *first = NULL;
    for (size_t i = 0; i < facts->header.count; i++) {
        const struct field *field = &facts->header.fields[i];
        const char *reason = reason_however_read(facts, generic, field, arena);
        if (!reason)
            continue;
        if (!first) {
            first = reason;
            verdict->fact = field->name;
        }
        /* MTAs find no field by a name with blanks, controls or 8-bit bytes. */
        verdict->beyond_mending |= !header_is_name(field->name);
        verdict_delete_field(verdict, arena, facts, i);
    }
    if (!first) {
        verdict_pass(verdict, NULL);
        return;
    }
    verdict_violation(verdict, arena, first, 554, "5.7.0",
                      "The header field %.*s is for receiving mail servers to write: take it out",
                      CLAIM_SHOWN(verdict->fact));
}

const struct rule rule_trust_headers = {
    .name = "trust_headers",
    .asks =
        "Whether fields tell receivers to trust the message: our own Authentication-Results and "
        "DKIM-Signature, ARC sets, spam verdicts, delivery traces. Every one is taken out, also "
        "under a name that only some programs read "
        "so (\">Authentication-Results\").",
    .stage = STAGE_HEADER,
    .default_action = ACTION_FIX,
    .actions = RULE_ACTION(ACTION_FIX) | RULE_ACTIONS_REFUSE,
    .refuses_beyond_mending = true,
    .settings_size = sizeof(struct settings),
    .options = options,
    .judge = judge,
};
