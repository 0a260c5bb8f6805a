/* Advice for the admin; the user's stands in the reply. */
#include "ctl/explain/advice.h"

#include <string.h>

#include "ctl/explain/value.h"
#include "ctl/explain/verdicts.h"
#include "dkim/our_command.h"
#include "policy/rule.h"

struct advice {
    const char *rule, *reason; /* reason NULL: any */
    const char *sentence;
    const char *option;  /* of the rule's, or NULL */
    const char *command; /* of submilterctl, that the sentence ends with; NULL: none */
};

/* What advice is asked about. */
struct subject {
    struct bytes rule, reason;
    const json_t *verdict; /* or NULL */
    bool would;            /* it is only observed */
};

static const struct advice advices[] = {
    {"tls", "none",
     "What can't do TLS can have a listener of its own, by its address, with a policy that allows "
     "it.",
     NULL, NULL},
    {"tls", "version", "Older versions are taken where this says so:", "min_version", NULL},
    {"tls", "cipher", "What is taken stands in:", "ciphers", NULL},
    {"tls", "cipher-bits", "What is taken stands in:", "min_cipher_bits", NULL},
    {"tls", "certificate", "That certificates are asked for is settled by:", "client_certificate",
     NULL},
    {"auth", "none",
     "What can't log in can have a listener of its own, by its address, with a policy that allows "
     "it.",
     NULL, NULL},
    {"auth", "mechanism", "The mechanisms that are taken:", "mechanisms", NULL},
    {"envelope", "null-sender", "Whether <> is taken from people who logged in:", "allow_null",
     NULL},
    {"recipients", "too-many", "How many one message may have:", "max", NULL},
    {"recipients", "forbidden-domain", "Where nobody may write to:", "forbidden_domains", NULL},
    {"header_syntax", "too-many-fields", "The limit:", "max_fields", NULL},
    {"header_syntax", "too-large", "The limit:", "max_size", NULL},
    {"header_syntax", "field-too-large", "The limit:", "max_field_size", NULL},
    {"header_syntax", "long-line", "The limit:", "max_line", NULL},
    {"header_syntax", "too-many-received", "The limit:", "max_received", NULL},
    {"header_once", "repeated", "Fields that may stand more than once all the same:", "tolerated",
     NULL},
    {"from", "several-mailboxes", "Whether From may hold several addresses:", "allow_several",
     NULL},
    {"display_name", "protected-name", "Whose address may bear such a name:", "protected_owners",
     NULL},
    {"dkim", "no-key", "What happens to mail of a domain without a key:", "on_missing_key", NULL},
    {"dkim", "keys-unknown", "What keeps the keys from being read is found by:", NULL, "doctor"},
    {"local_spoof", NULL,
     "Another server that sends for these domains has to log in, to sign with their keys, or to "
     "have a\n"
     "    listener of its own, by its address.",
     NULL, NULL},
    {"trust_headers", NULL, "The fields that are meant:", "fields", NULL},
    {"privacy", NULL, "The fields that are meant:", "fields", NULL},
    {"body_syntax", "long-line", "The limit:", "max_line", NULL},
    {"limits", "contain",
     "What it may send before only recipients that it knows get more:", "contain", NULL},
    {"limits", "login", "What a login may send:", "login", NULL},
    {"limits", "group", "What a group's logins may send together:", "group", NULL},
    {"limits", "domain", "What may be sent from one domain:", "domain", NULL},
    {"limits", "client", "What one client's address may send:", "client", NULL},
    {"limits", "network", "What the clients of one network may send:", "network", NULL},
    {"limits", "host", "What may be sent in all:", "host", NULL},
    {"login_state", NULL, "Once the account is its owner's alone (a new password), thaw it:", NULL,
     "login thaw"},
    {"internal", NULL,
     "It is a fault of this host, and no judgement on the mail. Its log tells more, and:", NULL,
     "doctor"},
};

static void print_path(const json_t *record, struct bytes rule, const char *option, FILE *out)
{
    fputs("policies.", out);
    value_print(out, value_text(record, "policy"));
    fputc('.', out);
    value_print(out, rule);
    fprintf(out, ".%s", option);
}

static void print_known(const json_t *record, struct bytes rule, struct bytes reason, FILE *out)
{
    for (size_t i = 0; i < sizeof advices / sizeof *advices; i++) {
        const struct advice *advice = &advices[i];
        if (!bytes_equal(rule, bytes_of(advice->rule)) ||
            (advice->reason && !bytes_equal(reason, bytes_of(advice->reason))))
            continue;
        fprintf(out, "  - %s", advice->sentence);
        if (advice->option) {
            fputc(' ', out);
            print_path(record, rule, advice->option, out);
        }
        if (advice->command)
            fprintf(out, " %s %s", our_command(), advice->command);
        fputc('\n', out);
    }
}

/* Of an address that is not the login's. */
static void print_ownership(const json_t *record, const json_t *verdict, FILE *out)
{
    struct bytes login = value_text(record, "login"), address = value_text(verdict, "fact");
    if (!address.len)
        return;
    if (login.len) {
        fputs("  - If ", out);
        value_print(out, login);
        fputs(" is to use ", out);
        value_print(out, address);
        fputs(", its row of the senders' tables has to name that login, and the daemon be "
              "reloaded.\n",
              out);
    }
    fprintf(out, "  - Who may use it now: %s who ", our_command());
    value_print_word(out, address);
    fputc('\n', out);
}

static void print_key(const json_t *verdict, FILE *out)
{
    fprintf(out, "  - A key is made by: %s key new ", our_command());
    value_print_word(out, value_text(verdict, "fact"));
    fputc('\n', out);
}

/* Of a limit of the login's own, or its group's for each of its logins. */
static void print_limit(const json_t *record, const struct subject *subject, FILE *out)
{
    struct bytes login = value_text(record, "login");
    const json_t *group = json_object_get(json_object_get(record, "limits"), "group");
    if (!login.len || (!bytes_equal(subject->reason, BYTES("login")) &&
                       !bytes_equal(subject->reason, BYTES("contain"))))
        return;
    fputs("  - For some logins only: a group of theirs, with rules: { limits: { ", out);
    value_print(out, subject->reason);
    fputs(" = [ ... ]; }; }", out);
    if (json_is_object(group)) {
        fputs("; this one is in ", out);
        value_print(out, value_text(group, "name"));
    }
    fputc('\n', out);
    if (subject->would)
        return;
    fprintf(out, "  - To forget what it sent until now, so that its mail goes on: %s limits reset ",
            our_command());
    value_print_word(out, login);
    fputc('\n', out);
}

/* Whom else it meets, and how it would be without. */
static void print_others(const json_t *record, const struct rule *rule,
                         const struct subject *subject, FILE *out)
{
    fprintf(out, "  - Whom else it %s: %s log --since 7d %s--rule %s --reason ",
            subject->would ? "would meet" : "meets", our_command(),
            subject->would ? "--would " : "", rule->name);
    value_print_word(out, subject->reason);
    fputc('\n', out);
    if (subject->would || rule == &rule_login_state) /* observed, it would stop no thief */
        return;
    fputs("  - With ", out);
    print_path(record, bytes_of(rule->name), "mode", out);
    fputs(" = \"observe\" it would be recorded and not applied.\n", out);
}

/* A rule of ours; NULL: the record is of another version. */
static const struct rule *rule_of(struct bytes name)
{
    for (size_t i = 0; i < RULE_COUNT; i++)
        if (bytes_equal(name, bytes_of(rules[i]->name)))
            return rules[i];
    return NULL;
}

static void print_advice(const json_t *record, const struct subject *subject, FILE *out)
{
    const struct rule *rule = rule_of(subject->rule);
    const json_t *verdict = rule ? subject->verdict : NULL;
    if (verdict && bytes_equal(subject->reason, BYTES("not-owned")))
        print_ownership(record, verdict, out);
    if (verdict && rule == &rule_dkim && bytes_equal(subject->reason, BYTES("no-key")))
        print_key(verdict, out);
    if (bytes_equal(subject->reason, BYTES("owner-unknown")))
        fprintf(out, "  - A table did not answer; mail waits until it does: %s doctor\n",
                our_command());
    print_known(record, subject->rule, subject->reason, out);
    if (rule == &rule_limits)
        print_limit(record, subject, out);
    if (verdict)
        print_others(record, rule, subject, out);
    else if (!bytes_equal(subject->rule, BYTES("internal")))
        fputs("  - This submilter has no such rule: the record is another version's.\n", out);
}

static void print_title(const struct subject *subject, const char *what, FILE *out)
{
    fputs("  ", out);
    value_print(out, subject->rule);
    fputc('.', out);
    value_print(out, subject->reason);
    fprintf(out, ", which %s:\n", what);
}

static void print_for_admin(const json_t *record, FILE *out)
{
    const json_t *worse[VERDICTS_WORSE_MAX];
    size_t count = verdicts_worse(record, worse);
    const struct rule *rule = rule_of(value_text(record, "rule"));
    struct subject decided = {value_text(record, "rule"), value_text(record, "reason"),
                              rule ? verdicts_of(record, rule->name) : NULL, false};
    if (count || decided.rule.len)
        fputs("\nWhat you can do:\n", out);
    for (size_t i = 0; i < count; i++) {
        struct subject subject = {value_text(worse[i], "rule"), value_text(worse[i], "reason"),
                                  worse[i], true};
        print_title(&subject, "is only observed and would have stopped it", out);
        print_advice(record, &subject, out);
    }
    if (count && decided.rule.len)
        print_title(&decided, "settled what came of it", out);
    if (decided.rule.len)
        print_advice(record, &decided, out);
}

/* What the client read, which says what a user can do. */
static void print_reply(const json_t *record, FILE *out)
{
    struct bytes reply = value_text(record, "reply");
    if (!reply.len)
        return;
    fputs("\nThe client was told, which says what the user can do:\n  ", out);
    value_print(out, reply);
    fputc('\n', out);
}

static void print_observed(const json_t *record, FILE *out)
{
    const json_t *verdicts = json_object_get(record, "verdicts");
    const json_t *worse[VERDICTS_WORSE_MAX];
    size_t worse_count = verdicts_worse(record, worse);
    bool any = false;
    for (size_t i = 0; i < json_array_size(verdicts); i++) {
        const json_t *verdict = json_array_get(verdicts, i);
        bool told = false; /* above */
        for (size_t j = 0; j < worse_count; j++)
            told = told || worse[j] == verdict;
        if (told || !verdicts_would(verdict))
            continue;
        fputs(any ? "" : "\nOnly observed, and nothing came of it:\n", out);
        any = true;
        fputs("  - ", out);
        value_print(out, value_text(verdict, "rule"));
        fprintf(out, ": whom it would meet: %s log --since 7d --would --rule ", our_command());
        value_print_word(out, value_text(verdict, "rule"));
        fputc('\n', out);
    }
}

void advice_print(const json_t *record, FILE *out)
{
    print_reply(record, out);
    print_for_admin(record, out);
    print_observed(record, out);
}
