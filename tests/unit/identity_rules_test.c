/* The identity rules where facts are missing or cut: what cannot be told by a case file. What
 * cannot be found out is never a yes, and never a no for good. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/rule_rows.h"
#include "policy/identities.h"

static const char *const site_domains[] = {"example.com"};
static const struct site site = {.domains = {site_domains, 1}};

/* What a rule is asked, and the "rule.reason code" that it has to say. */
struct missing_case {
    const char *title;
    const struct rule *rule;
    enum fact login;
    const char *mail_from;
    const char *fields[3];
    enum ownership answers[6]; /* in the order of the identities */
    bool too_large;
    size_t dropped;
    bool uncollected; /* nobody listed the identities */
    struct facts_dkim dkim;
    const char *says;
};

#define GRANTED OWNERSHIP_GRANTED
#define DENIED OWNERSHIP_DENIED
#define SILENT OWNERSHIP_UNAVAILABLE
#define ALICE "alice@example.com"

static const struct missing_case missing_cases[] = {
    {.title = "envelope owned",
     .rule = &rule_envelope,
     .login = FACT_KNOWN,
     .mail_from = "<" ALICE ">",
     .answers = {GRANTED},
     .says = "pass owned"},
    {.title = "envelope, the table is silent",
     .rule = &rule_envelope,
     .login = FACT_KNOWN,
     .mail_from = "<" ALICE ">",
     .answers = {SILENT},
     .says = "unavailable owner-unknown 451"},
    {.title = "envelope, nobody asked the table",
     .rule = &rule_envelope,
     .login = FACT_KNOWN,
     .mail_from = "<" ALICE ">",
     .says = "unavailable owner-unknown 451"},
    {.title = "envelope, nobody listed it",
     .rule = &rule_envelope,
     .login = FACT_KNOWN,
     .mail_from = "<" ALICE ">",
     .uncollected = true,
     .says = "unavailable owner-unknown 451"},
    {.title = "from, nobody listed it",
     .rule = &rule_from,
     .login = FACT_KNOWN,
     .mail_from = "<>",
     .fields = {"From: " ALICE},
     .uncollected = true,
     .says = "unavailable owner-unknown 451"},
    {.title = "envelope, nobody logged in",
     .rule = &rule_envelope,
     .login = FACT_ABSENT,
     .mail_from = "<" ALICE ">",
     .says = "violation not-owned 553"},
    {.title = "envelope, login unknown",
     .rule = &rule_envelope,
     .login = FACT_UNAVAILABLE,
     .mail_from = "<" ALICE ">",
     .says = "unavailable owner-unknown 451"},
    {.title = "null sender, login unknown",
     .rule = &rule_envelope,
     .login = FACT_UNAVAILABLE,
     .mail_from = "<>",
     .says = "pass null-sender"},
    {.title = "from, the table is silent",
     .rule = &rule_from,
     .login = FACT_KNOWN,
     .mail_from = "<>",
     .fields = {"From: " ALICE},
     .answers = {SILENT},
     .says = "unavailable owner-unknown 451"},
    {.title = "from, nobody asked the table",
     .rule = &rule_from,
     .login = FACT_KNOWN,
     .mail_from = "<>",
     .fields = {"From: " ALICE},
     .says = "unavailable owner-unknown 451"},
    {.title = "from, nobody logged in",
     .rule = &rule_from,
     .login = FACT_ABSENT,
     .mail_from = "<>",
     .fields = {"From: " ALICE},
     .says = "violation not-owned 550"},
    {.title = "two addresses: a no is certain while the other's table is silent",
     .rule = &rule_from,
     .login = FACT_KNOWN,
     .mail_from = "<>",
     .fields = {"From: " ALICE ", bob@example.com", "Sender: " ALICE},
     .answers = {SILENT, DENIED, GRANTED},
     .says = "violation not-owned 550"},
    {.title = "two addresses, Sender's table is silent",
     .rule = &rule_from,
     .login = FACT_KNOWN,
     .mail_from = "<>",
     .fields = {"From: " ALICE ", bob@example.com", "Sender: " ALICE},
     .answers = {GRANTED, GRANTED, SILENT},
     .says = "unavailable owner-unknown 451"},
    {.title = "two addresses, all owned",
     .rule = &rule_from,
     .login = FACT_KNOWN,
     .mail_from = "<>",
     .fields = {"From: " ALICE ", bob@example.com", "Sender: " ALICE},
     .answers = {GRANTED, GRANTED, GRANTED},
     .says = "pass owned"},
    {.title = "from, a cut header",
     .rule = &rule_from,
     .login = FACT_KNOWN,
     .mail_from = "<>",
     .fields = {"From: " ALICE},
     .answers = {GRANTED},
     .too_large = true,
     .says = "violation too-many 550"},
    {.title = "sender, none",
     .rule = &rule_sender,
     .login = FACT_KNOWN,
     .mail_from = "<>",
     .fields = {"From: " ALICE},
     .answers = {DENIED},
     .says = "pass none"},
    {.title = "sender, a cut header",
     .rule = &rule_sender,
     .login = FACT_KNOWN,
     .mail_from = "<>",
     .fields = {"From: " ALICE},
     .answers = {GRANTED},
     .too_large = true,
     .says = "violation too-many 550"},
    {.title = "sender silent, Resent-From a certain no",
     .rule = &rule_sender,
     .login = FACT_KNOWN,
     .mail_from = "<>",
     .fields = {"Sender: " ALICE, "Resent-From: bob@example.com"},
     .answers = {SILENT, DENIED},
     .says = "violation not-owned 550"},
    {.title = "Resent-From silent",
     .rule = &rule_sender,
     .login = FACT_KNOWN,
     .mail_from = "<>",
     .fields = {"Sender: " ALICE, "Resent-From: bob@example.com"},
     .answers = {GRANTED, SILENT},
     .says = "unavailable owner-unknown 451"},
    {.title = "address in the name, the table is silent",
     .rule = &rule_display_name,
     .login = FACT_KNOWN,
     .mail_from = "<>",
     .fields = {"From: \"ceo@example.com\" <" ALICE ">"},
     .answers = {GRANTED, SILENT},
     .says = "unavailable owner-unknown 451"},
    {.title = "address in the name, owned",
     .rule = &rule_display_name,
     .login = FACT_KNOWN,
     .mail_from = "<>",
     .fields = {"From: \"sales@example.com\" <" ALICE ">"},
     .answers = {GRANTED, GRANTED},
     .says = "pass"},
    {.title = "address in the name, nobody logged in",
     .rule = &rule_display_name,
     .login = FACT_ABSENT,
     .mail_from = "<>",
     .fields = {"From: \"ceo@example.com\" <" ALICE ">"},
     .says = "violation other-address 550"},
    {.title = "own address in the name, nobody logged in",
     .rule = &rule_display_name,
     .login = FACT_ABSENT,
     .mail_from = "<>",
     .fields = {"From: \"" ALICE "\" <" ALICE ">"},
     .says = "pass"},
    {.title = "one of ours from outside, the signature could not be checked",
     .rule = &rule_local_spoof,
     .mail_from = "<>",
     .fields = {"From: " ALICE},
     .dkim = {.own_signature = FACT_UNAVAILABLE},
     .says = "unavailable signature-unknown 451"},
    {.title = "one of others from outside, the signature could not be checked",
     .rule = &rule_local_spoof,
     .mail_from = "<>",
     .fields = {"From: someone@example.net"},
     .dkim = {.own_signature = FACT_UNAVAILABLE},
     .says = "pass not-ours"},
    {.title = "one of ours, login unknown",
     .rule = &rule_local_spoof,
     .login = FACT_UNAVAILABLE,
     .mail_from = "<>",
     .fields = {"From: " ALICE},
     .says = "unavailable login-unknown 451"},
    {.title = "one of ours, logged in",
     .rule = &rule_local_spoof,
     .login = FACT_KNOWN,
     .mail_from = "<>",
     .fields = {"From: " ALICE},
     .says = "pass login"},
    {.title = "from outside, a cut header",
     .rule = &rule_local_spoof,
     .mail_from = "<>",
     .fields = {"From: someone@example.net"},
     .too_large = true,
     .says = "violation too-large 550"},
    {.title = "from outside, fields beyond the caps of the rule that refuses",
     .rule = &rule_local_spoof,
     .mail_from = "<>",
     .fields = {"From: " ALICE},
     .dropped = 1,
     .says = "not asked"},
    {.title = "keys cannot be read",
     .rule = &rule_dkim,
     .mail_from = "<>",
     .dkim = {.keys = FACT_UNAVAILABLE, .domain = {"example.com", 11}},
     .says = "unavailable keys-unknown 451"},
    {.title = "no key, a domain of others",
     .rule = &rule_dkim,
     .mail_from = "<>",
     .says = "pass not-ours"},
    {.title = "no key, a domain of ours",
     .rule = &rule_dkim,
     .mail_from = "<>",
     .dkim = {.domain = {"example.com", 11}},
     .says = "violation no-key 451"},
};

static void gather(struct arena *arena, const struct missing_case *one, struct field *fields,
                   struct facts *facts)
{
    *facts = (struct facts){.site = &site, .dkim = one->dkim};
    facts->login.state = one->login;
    facts->login.name = one->login == FACT_KNOWN ? BYTES(ALICE) : (struct bytes){NULL, 0};
    address_parse_path(arena, bytes_of(one->mail_from), &facts->envelope.sender);
    size_t count = 0;
    for (; count < 3 && one->fields[count]; count++) {
        struct bytes line = bytes_of(one->fields[count]);
        size_t colon = bytes_find(line, ':');
        fields[count] =
            (struct field){bytes_slice(line, 0, colon), bytes_slice(line, colon + 1, line.len), 1};
    }
    facts->header = (struct facts_header){
        .fields = fields, .count = count, .dropped = one->dropped, .too_large = one->too_large};
    assert_true(identities_collect(arena, facts));
    if (one->uncollected)
        facts->identity_count = 0;
    for (size_t i = 0; i < facts->identity_count; i++)
        facts->identities[i].ownership = one->answers[i];
}

static void says_what_is_missing(void **state)
{
    static const char *const words[] = {"not asked", "pass", "violation", "unavailable"};
    (void)state;
    for (size_t i = 0; i < sizeof missing_cases / sizeof *missing_cases; i++) {
        const struct missing_case *one = &missing_cases[i];
        struct arena *arena = arena_new(1 << 20);
        struct rule_settings *settings = calloc(1, one->rule->settings_size);
        struct verdict verdict = {0};
        struct field fields[3];
        struct facts facts;
        struct error error;
        char said[200];
        gather(arena, one, fields, &facts);
        assert_true(rule_rows_defaults(one->rule, rule_rows_new(one->rule, arena), arena, settings,
                                       &error));
        one->rule->judge(&facts, settings, arena, &verdict);
        int used = snprintf(said, sizeof said, "%s%s%s", words[verdict.outcome],
                            verdict.reason ? " " : "", verdict.reason ? verdict.reason : "");
        if (verdict.outcome > OUTCOME_PASS)
            snprintf(said + used, sizeof said - (size_t)used, " %d", verdict.code);
        if (strcmp(said, one->says) != 0)
            fail_msg("%s: it says \"%s\", not \"%s\"", one->title, said, one->says);
        free(settings);
        arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(says_what_is_missing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
