/* Which addresses are collected from a header, in which order, and what bounds them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/identities.h"

#define FIELDS_MAX 100

static const char *const site_domains[] = {"example.com", "xn--bcher-kva.example"};
static const struct site site = {.domains = {site_domains, 2}};

struct collect_case {
    const char *mail_from;
    const char *fields[8]; /* "Name: value" */
    const char *found; /* "kind address" of each, "*" behind those in our domains; "; " between */
};

static const struct collect_case collect_cases[] = {
    {"<>", {NULL}, ""},
    {"<alice@example.com>", {NULL}, "MAIL FROM alice@example.com*; "},
    {"<>", {"From: Alice@Example.COM"}, "From alice@example.com*; "},
    {"<a@example.net>",
     {"Sender: b@example.com", "From: c@example.org", "resent-from: d@example.com, e@example.com"},
     "MAIL FROM a@example.net; Sender b@example.com*; From c@example.org; "
     "Resent-From d@example.com*; Resent-From e@example.com*; "},
    {"<>",
     {"Resent-Sender: a@example.com", "Resent-From: b@example.com", "Resent-From: c@example.com",
      "FROM: d@example.com", "From: e@example.com"},
     "Resent-Sender a@example.com*; Resent-From b@example.com*; Resent-From c@example.com*; "
     "From d@example.com*; From e@example.com*; "},
    {"<>",
     {"From: \"ceo@example.com\" <alice@example.com>"},
     "From alice@example.com*; display name ceo@example.com*; "},
    {"<>",
     {"From: \"a@example.net b@work c@example.com\" <alice@example.com>"},
     "From alice@example.com*; display name a@example.net; display name c@example.com*; "},
    {"<>",
     {"From: a@b\xc3\xbc"
      "cher.example"},
     "From a@xn--bcher-kva.example*; "},
    {"<>", {"From: a@sub.example.com"}, "From a@sub.example.com; "},
    {"<>", {"To: a@example.com", "Reply-To: b@example.com", "From : c@example.com"}, ""},
    {"<>", {"From:"}, ""},
};

struct header {
    struct field fields[FIELDS_MAX];
    char *copies[FIELDS_MAX];
    size_t count;
};

/* Exactly as long as the field, so that a sanitizer sees who reads on. */
static void header_add(struct header *header, const char *line)
{
    size_t colon = strcspn(line, ":");
    size_t len = strlen(line);
    char *copy = malloc(len);
    memcpy(copy, line, len);
    header->copies[header->count] = copy;
    header->fields[header->count++] =
        (struct field){{copy, colon}, {copy + colon + 1, len - colon - 1}, 1};
}

static void header_done(struct header *header)
{
    for (size_t i = 0; i < header->count; i++)
        free(header->copies[i]);
}

static void collect(struct arena *arena, const char *mail_from, const struct header *header,
                    struct facts *ret_facts)
{
    *ret_facts =
        (struct facts){.site = &site, .header = {.fields = header->fields, .count = header->count}};
    address_parse_path(arena, bytes_of(mail_from), &ret_facts->envelope.sender);
    assert_true(identities_collect(arena, ret_facts));
}

static void collects_every_claim(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    (void)state;
    for (size_t i = 0; i < sizeof collect_cases / sizeof *collect_cases; i++) {
        char found[1000] = "";
        struct header header = {.count = 0};
        struct facts facts;
        for (size_t j = 0; j < 8 && collect_cases[i].fields[j]; j++)
            header_add(&header, collect_cases[i].fields[j]);
        collect(arena, collect_cases[i].mail_from, &header, &facts);
        for (size_t j = 0; j < facts.identity_count; j++) {
            const struct identity *identity = &facts.identities[j];
            size_t used = strlen(found);
            snprintf(found + used, sizeof found - used, "%s %.*s%s; ",
                     identities_word(identity->kind), (int)identity->mailbox->address.len,
                     identity->mailbox->address.data, identity->in_domains ? "*" : "");
            assert_int_equal(identity->ownership, OWNERSHIP_NOT_ASKED);
            assert_true((identity->field == NULL) == (identity->kind == IDENTITY_MAIL_FROM));
        }
        assert_string_equal(found, collect_cases[i].found);
        header_done(&header);
    }
    arena_free(arena);
}

static void keeps_the_first_from(void **state)
{
    struct arena *arena = arena_new(1 << 20);
    struct header header = {.count = 0};
    struct facts facts;
    (void)state;
    collect(arena, "<>", &header, &facts);
    assert_int_equal(facts.from.reading, ADDRESS_UNPARSABLE);
    assert_int_equal(facts.from.count, 0);
    header_add(&header, "Sender: b@example.com");
    header_add(&header, "From: a@example.com");
    header_add(&header, "From: c@example.com");
    collect(arena, "<>", &header, &facts);
    assert_int_equal(facts.from.reading, ADDRESS_AGREED);
    assert_int_equal(facts.from.count, 1);
    assert_true(bytes_equal(facts.from.mailboxes[0].address, BYTES("a@example.com")));
    assert_int_equal(facts.identity_field_count, 3);
    header_done(&header);
    arena_free(arena);
}

static void bounds_fields_and_addresses(void **state)
{
    struct arena *arena = arena_new(8 << 20);
    struct header header = {.count = 0};
    struct facts facts;
    (void)state;
    for (size_t i = 0; i < IDENTITIES_MAX; i++)
        header_add(&header, "Resent-From: a@example.com");
    collect(arena, "<>", &header, &facts);
    assert_int_equal(facts.identity_count, IDENTITIES_MAX);
    assert_false(facts.identities_cut);
    header_add(&header, "From: a@example.com");
    collect(arena, "<>", &header, &facts);
    assert_int_equal(facts.identity_count, IDENTITIES_MAX);
    assert_true(facts.identities_cut);
    header_done(&header);

    header.count = 0;
    char line[4000] = "From: \"";
    for (size_t i = 0; i < IDENTITIES_MAX; i++)
        strcat(line, "ceo@example.com ");
    strcat(line, "\" <a@example.com>");
    header_add(&header, line);
    collect(arena, "<>", &header, &facts);
    assert_int_equal(facts.identity_count, IDENTITIES_MAX);
    assert_true(facts.identities_cut);
    header_done(&header);
    arena_free(arena);
}

/* Thousands of addresses would cost milliseconds: what is beyond the bound is not read. */
static void reads_no_more_than_the_bound(void **state)
{
    struct arena *arena = arena_new(8 << 20);
    struct header header = {.count = 0};
    struct facts facts;
    (void)state;
    char line[4000] = "Resent-From: a@example.com";
    for (size_t i = 0; i < IDENTITIES_MAX; i++)
        strcat(line, ", a@example.com");
    header_add(&header, line);
    header_add(&header, "Resent-Sender: a@example.com");
    header_add(&header, "From: a@example.com");
    header_add(&header, "From: b@example.com");
    collect(arena, "<>", &header, &facts);
    assert_true(facts.identities_cut);
    assert_int_equal(facts.identity_field_count, 2);
    assert_true(bytes_equal(facts.from.mailboxes[0].address, BYTES("a@example.com")));
    header_done(&header);
    arena_free(arena);
}

/* Every allocation fails once; false comes back, and the arena knows. */
static void survives_without_memory(void **state)
{
    struct header header = {.count = 0};
    (void)state;
    header_add(&header, "From: \"ceo@example.com\" <alice@example.com>");
    header_add(&header, "Sender: alice@example.com");
    for (size_t ceiling = 0; ceiling < 1 << 16; ceiling += 64) {
        struct arena *arena = arena_new(ceiling);
        struct facts facts = {.site = &site,
                              .header = {.fields = header.fields, .count = header.count}};
        bool collected = identities_collect(arena, &facts);
        assert_true(collected != arena_failed(arena));
        arena_free(arena);
    }
    header_done(&header);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(collects_every_claim),
        cmocka_unit_test(keeps_the_first_from),
        cmocka_unit_test(bounds_fields_and_addresses),
        cmocka_unit_test(reads_no_more_than_the_bound),
        cmocka_unit_test(survives_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
