/* Fields that tell receivers more of the sender's machine and network than they need are taken out.
 */
#include "policy/claim.h"
#include "policy/header.h"
#include "policy/rule.h"

struct settings {
    struct rule_settings common;
    struct texts fields;
    bool received;
};

static const struct option_row options[] = {
    {.name = "fields",
     .type = OPTION_TEXTS,
     .offset = offsetof(struct settings, fields),
     .default_value =
         "[ \"X-Originating-IP\", \"X-Originating-Email\", \"X-Client-IP\", \"X-Remote-IP\", "
         "\"X-Real-IP\", \"X-Forwarded-For\", \"X-Sender-IP\", \"X-HTTP-*\", \"X-PHP-*\", "
         "\"X-Source*\", \"X-AntiAbuse\", \"X-Get-Message-Sender-Via\", \"X-Local-Domain\", "
         "\"X-Mailer\", \"X-Newsreader\", \"User-Agent\", \"X-MimeOLE\", \"X-Enigmail-*\", "
         "\"X-Mozilla-*\", \"X-Identity-Key\", \"X-Account-Key\" ]",
     .max = 200,
     .help = "Fields that are deleted; a \"*\" at a name's end stands for anything.",
     .check = header_check_pattern},
    {.name = "received",
     .type = OPTION_BOOL,
     .offset = offsetof(struct settings, received),
     .default_value = "false",
     .help = "Deletes the Received fields that the client brought along. Postfix's own, with the "
             "client's address, cannot be changed by a milter: there, use "
             "smtpd_hide_client_session or header_checks."},
    {0}};

static void judge(const struct facts *facts, const void *generic, struct arena *arena,
                  struct verdict *verdict)
{
    const struct settings *settings = generic;
    for (size_t i = 0; i < facts->header.count; i++) {
        struct bytes name = facts->header.fields[i].name;
        bool leaks = header_is_listed(&settings->fields, name) ||
                     (settings->received && bytes_equal_nocase(name, BYTES("Received")));
        if (!leaks || !verdict_delete_field(verdict, arena, facts, i))
            continue;
        if (!verdict->fact.len)
            verdict->fact = name;
    }
    if (!verdict->edits) {
        verdict_pass(verdict, NULL);
        return;
    }
    verdict_violation(verdict, arena, "leaks", 554, "5.7.0",
                      "The header field %.*s tells about your computer or network: switch it off "
                      "in your mail program",
                      CLAIM_SHOWN(verdict->fact));
}

const struct rule rule_privacy = {
    .name = "privacy",
    .asks = "Whether fields tell of the sender's programs, addresses and network.",
    .stage = STAGE_HEADER,
    .default_action = ACTION_FIX,
    .actions = RULE_ACTION(ACTION_FIX) | RULE_ACTIONS_REFUSE,
    .settings_size = sizeof(struct settings),
    .options = options,
    .judge = judge,
};
