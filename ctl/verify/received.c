/* What came out is what was checked, and our name stands under it. */
#include "ctl/verify/received.h"

#include "ctl/reload_hint.h"
#include "ctl/verify/arrived_text.h"
#include "ctl/verify/dns_key.h"
#include "ctl/verify/probe_message.h"
#include "ctl/verify/refusal.h"
#include "ctl/verify/remedy.h"
#include "dkim/our_command.h"
#include "dkim/sigtags.h"
#include "dkim/verifier.h"

static const struct remedy changed_later = {
    "something changes messages after they were signed",
    {"doctor"},
    "smtp_header_checks, smtp_generic_maps, a content filter that hands mail back in, 8-bit "
    "conversion",
    "genericstable, MASQUERADE_AS, 8-bit conversion and the breaking of long lines, which "
    "submilter.m4 turns off; where message_id or date is off, Sendmail adds its own after signing"};

static const char *printable(const struct context *context, struct bytes text)
{
    char *room = arena_alloc(context->arena, 400);
    if (room)
        smtp_reply_append_printable(room, 400, bytes_trim(text));
    return room ? room : "";
}

static void check_from(const struct context *context, const struct facts_header *header)
{
    static const struct remedy rewritten = {NULL,
                                            {NULL},
                                            "smtp_generic_maps, canonical_maps, masquerade_domains",
                                            "genericstable, MASQUERADE_AS"};
    const struct field *field = facts_field(header, BYTES("From"), 0);
    size_t count = facts_field_count(header, BYTES("From"));
    struct address_list list = {.count = 0};
    if (field)
        address_parse_list(context->arena, field->value, &list);
    if (!field || count != 1)
        checklist_fail(context->list, CHECK_FROM, remedy_text(context, &changed_later),
                       "it has %zu From fields", count);
    else if (list.count == 1 && address_same(&list.mailboxes[0], &context->options->mailbox))
        checklist_pass(context->list, CHECK_FROM, "%s", printable(context, field->value));
    else
        checklist_fail(context->list, CHECK_FROM, remedy_text(context, &rewritten),
                       "From was %s and is now %s", context->options->address,
                       printable(context, field->value));
}

static void check_subject(const struct context *context, const struct facts_header *header,
                          struct bytes token)
{
    const struct field *field = facts_field(header, BYTES("Subject"), 0);
    const char *sent = arena_printf(context->arena, "submilterctl verify %.*s-allowed",
                                    (int)token.len, token.data);
    if (field && sent && bytes_equal(bytes_trim(field->value), bytes_of(sent)))
        checklist_pass(context->list, CHECK_SUBJECT, "%s", sent);
    else
        checklist_fail(context->list, CHECK_SUBJECT, remedy_text(context, &changed_later),
                       "Subject was \"%s\", is now %s", sent ? sent : "",
                       field ? printable(context, field->value) : "gone");
}

static void check_once(const struct context *context, const struct facts_header *header,
                       enum check check, struct bytes name, enum rule_id rule)
{
    size_t count = facts_field_count(header, name);
    const char *idle = refusal_not_enforced(context, rule, true);
    if (count == 1)
        checklist_pass(context->list, check, "%s",
                       printable(context, facts_field(header, name, 0)->value));
    else if (count)
        checklist_fail(context->list, check,
                       "a server behind submilter adds its own: submilter adds one where it is "
                       "missing, so that nobody else needs to",
                       "there are %zu of it", count);
    else
        checklist_fail(context->list, check, "submilter.conf: message_id.mode, date.mode",
                       "there is none%s%s", idle ? "; " : "", idle ? idle : "");
}

static void check_trust(const struct context *context, const struct facts_header *header,
                        struct bytes token, bool forged)
{
    const char *idle = refusal_not_enforced(context, RULE_trust_headers, true);
    const char *mark = arena_printf(context->arena, "forged by submilterctl verify %.*s",
                                    (int)token.len, token.data);
    bool there = false;
    for (size_t i = 0; mark && i < header->count; i++)
        there = there || bytes_find_nocase(header->fields[i].value, bytes_of(mark)) <
                             header->fields[i].value.len;
    if (there)
        checklist_fail(context->list, CHECK_TRUST_GONE,
                       "submilter.conf: trust_headers.mode = \"enforce\", authserv_ids with the "
                       "names that your server signs results with",
                       "the forged Authentication-Results came through%s%s", idle ? "; " : "",
                       idle ? idle : "");
    else if (forged && mark)
        checklist_pass(context->list, CHECK_TRUST_GONE,
                       "the forged Authentication-Results was taken out");
    else
        checklist_skip(context->list, CHECK_TRUST_GONE,
                       "the message was not sent with a forged field");
}

static bool is_by(const struct field *field, const struct key *key)
{
    struct sigtags tags;
    return sigtags_parse(field->value, &tags) &&
           bytes_equal_nocase(tags.domain, bytes_of(key->domain)) &&
           bytes_equal_nocase(tags.selector, bytes_of(key->selector));
}

/* The header with no signature but this key's. False: it has none. */
static bool only_with(const struct facts_header *header, const struct key *key, struct arena *arena,
                      struct facts_header *ret_header)
{
    struct field *fields = arena_alloc(arena, header->count * sizeof *fields);
    bool found = false;
    *ret_header = (struct facts_header){.fields = fields, .size = header->size};
    for (size_t i = 0; fields && i < header->count; i++) {
        const struct field *field = &header->fields[i];
        bool signature = bytes_equal_nocase(field->name, BYTES("DKIM-Signature"));
        if (signature && !is_by(field, key))
            continue;
        found = found || signature;
        fields[ret_header->count++] = *field;
    }
    return found;
}

static bool verify(const struct context *context, const struct facts_header *header,
                   struct bytes body, bool *ret_good, struct error *error)
{
    struct verifier *verifier;
    struct bytes domain = {NULL, 0};
    if (!verifier_new(context->snapshot->keystore, header, context->arena, &verifier, error))
        return false;
    bool known = verifier_body(verifier, body, error) && verifier_finish(verifier, &domain, error);
    verifier_free(verifier);
    *ret_good = domain.len > 0;
    return known;
}

static void check_key(const struct context *context, const struct arrived_text *arrived,
                      const struct key *key)
{
    struct facts_header header;
    struct error error;
    bool good = false;
    const char *idle = refusal_not_enforced(context, RULE_dkim, true);
    if (!only_with(&arrived->header, key, context->arena, &header))
        checklist_fail(context->list, CHECK_DKIM,
                       "a key that is new is used from the daemon's next reload on: " RELOAD_HINT,
                       "there is no signature of %s/%s%s%s", key->domain, key->selector,
                       idle ? "; " : "", idle ? idle : "");
    else if (!verify(context, &header, arrived->body, &good, &error))
        checklist_fail(context->list, CHECK_DKIM, "try again", "%s/%s: %s", key->domain,
                       key->selector, error.text);
    else if (good)
        checklist_pass(context->list, CHECK_DKIM,
                       "the signature of %s/%s (%s) verifies with the key in %s", key->domain,
                       key->selector, key->type == KEY_RSA ? "rsa" : "ed25519", key->path);
    else
        checklist_fail(context->list, CHECK_DKIM, remedy_text(context, &changed_later),
                       "the signature of %s/%s does not verify", key->domain, key->selector);
}

static void check_record(const struct context *context, const struct key *key)
{
    const struct verify_options *options = context->options;
    const char *text;
    struct error error = {""};
    if (options->no_dns) {
        checklist_skip(context->list, CHECK_DNS, "%s/%s: not looked up (--no-dns)", key->domain,
                       key->selector);
        return;
    }
    switch (dns_key_look(options->resolver, key->domain, key->selector, options->timeout,
                         context->arena, &text, &error)) {
    case DNS_KEY_FOUND:
        if (dns_key_same(bytes_of(text), bytes_of(key->record), context->arena, &error))
            checklist_pass(context->list, CHECK_DNS, "%s._domainkey.%s has this key", key->selector,
                           key->domain);
        else
            checklist_fail(context->list, CHECK_DNS,
                           arena_printf(context->arena,
                                        "publish what %s key show --dns prints, or take the key "
                                        "out of the folder",
                                        our_command()),
                           "%s._domainkey.%s: %s", key->selector, key->domain, error.text);
        break;
    case DNS_KEY_ABSENT:
        checklist_fail(
            context->list, CHECK_DNS,
            arena_printf(context->arena, "publish what %s key show --dns prints", our_command()),
            "%s._domainkey.%s is not in DNS", key->selector, key->domain);
        break;
    default:
        checklist_skip(context->list, CHECK_DNS, "%s._domainkey.%s could not be looked up: %s",
                       key->selector, key->domain, error.text);
        break;
    }
}

static void check_signatures(const struct context *context, const struct arrived_text *arrived)
{
    const struct snapshot *snapshot = context->snapshot;
    const struct key *keys;
    struct bytes domain = context->options->mailbox.domain;
    size_t count =
        keystore_find(snapshot->keystore, domain, snapshot->settings->dkim.parents, &keys);
    if (!count)
        checklist_fail(context->list, CHECK_DKIM,
                       arena_printf(context->arena,
                                    "make one: %s key new %.*s, and publish its record",
                                    our_command(), (int)domain.len, domain.data),
                       "there is no key for %.*s in %s", (int)domain.len, domain.data,
                       snapshot->settings->dkim.keys);
    for (size_t i = 0; i < count; i++)
        check_key(context, arrived, &keys[i]);
    for (size_t i = 0; i < count; i++)
        check_record(context, &keys[i]);
}

void received_check(const struct context *context, struct bytes text, struct bytes token)
{
    struct arrived_text arrived;
    if (!arrived_text_cut(text, context->arena, &arrived)) {
        checklist_fail(context->list, CHECK_FROM, "try again", "out of memory");
        return;
    }
    check_from(context, &arrived.header);
    check_subject(context, &arrived.header, token);
    check_once(context, &arrived.header, CHECK_MESSAGE_ID, BYTES("Message-ID"), RULE_message_id);
    check_once(context, &arrived.header, CHECK_DATE, BYTES("Date"), RULE_date);
    check_trust(context, &arrived.header, token, probe_message_was_forged(arrived.body));
    check_signatures(context, &arrived);
}
