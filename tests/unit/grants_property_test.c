/* Whatever the tables: what is listed for a login is granted to it, what is granted is listed, and
 * an address's owners are those whom it is granted to. Held against senders_ask, which decides. */
#include <stdio.h>
#include <string.h>
#include <unicase.h>

#include "tests/unit/tables_fixture.h"

#include "policy/address.h"
#include "tables/grants.h"
#include "tables/logins.h"
#include "tables/owners.h"

static const char *const domains[] = {"example.com", "xn--bcher-kva.example"};
static const struct site site = {.domains = {domains, 2}};

static const char *const key_locals[] = {
    "alice",     "alice", "bob",           "Alice+x",   "bob+x",      "alice-x", "owner",
    "owner-a",   "a",     "jo..e",         "\"jo..e\"", "\"al ice\"", "jürgen",  "JÜRGEN",
    "\"alice\"", "a%b",   "mailer-daemon", "mailer",    "a.b",        "",        "",
    "",          "+x",    "a-request"};
static const char *const key_domains[] = {
    "example.com",   "example.com",  "Example.Com",  "bücher.example", "xn--bcher-kva.example",
    "other.example", "bad..example", "example.com.", "sub.example.com"};
static const char *const values[] = {"alice",
                                     "bob",
                                     "alice, bob",
                                     "ALICE",
                                     "Alice@Example.com",
                                     "info@bücher.example",
                                     "info@xn--bcher-kva.example, bob",
                                     "jörg",
                                     "nobody",
                                     "alice@bücher.example"};
static const char *const pattern_rows[] = {"/^alice@/ alice",
                                           "/^alice/ bob",
                                           "/^(.*)@example\\.com$/ $1",
                                           "/^(.*)$/ $1, bob",
                                           "!/example/ jörg",
                                           "/^(.)(.*)@x/ $1$2@example.com",
                                           "if /^a/\n/b@/ alice\nendif",
                                           "/^owner(-a)?@/ bo${1}b",
                                           "/^.*$/ nobody"};
static const char *const logins[] = {"alice",
                                     "Bob",
                                     "alice@example.com",
                                     "info@bücher.example",
                                     "jörg",
                                     "nobody",
                                     "alice@xn--bcher-kva.example",
                                     "a",
                                     "bo-ab",
                                     "jürgen",
                                     "alice+x"};
/* As in MAIL FROM. */
static const char *const locals[] = {
    "alice",    "ALICE",         "alice+x",   "alice+other", "alice-x", "alice+x-y",
    "bob",      "bob+x",         "bob-y",     "owner",       "owner-a", "owner+a",
    "a",        "a-request",     "a+b",       "\"jo..e\"",   "jürgen",  "jÜrgen",
    "jürgen+x", "\"al ice\"",    "\"alice\"", "a%b",         "a.b",     "mailer-daemon",
    "mailer",   "mailer+daemon", "+x",        "stranger",    "x+"};

#define COUNT(list) (sizeof(list) / sizeof *(list))
#define PICK(list) ((list)[chance(COUNT(list))])
#define ADDRESSES_MAX 512
#define GRANTS_MAX 256

static unsigned long long seed;

static size_t chance(size_t count)
{
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (size_t)(seed >> 33) % count;
}

struct scene {
    struct arena *arena;
    struct senders *senders;
    const char *delimiters;
    bool keep_case;
    struct mailbox addresses[ADDRESSES_MAX];
    size_t address_count;
    struct grant grants[GRANTS_MAX];
    size_t grant_count;
    char tables[4][4096]; /* what stands in them, for the failure's text */
    size_t table_count;
};

static size_t grants_seen, granted_seen, excepted_seen, hidden_seen, patterns_seen;

static bool same_letters(struct bytes a, struct bytes b)
{
    int order = -1;
    return u8_casecmp((const uint8_t *)a.data, a.len, (const uint8_t *)b.data, b.len, NULL,
                      UNINORM_NFC, &order) == 0 &&
           order == 0;
}

/* Whether a row with the key was written before: text tables have each once. */
static bool is_new(const char *text, const char *key, size_t len)
{
    for (; *text; text = strchr(text, '\n') + 1)
        if (same_letters((struct bytes){text, strcspn(text, "\t")}, (struct bytes){key, len}))
            return false;
    return true;
}

static void write_rows(char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t rows = 1 + chance(12); rows; rows--) {
        char key[200];
        const char *local = PICK(key_locals);
        int len = snprintf(key, sizeof key, "%s@%s", local, PICK(key_domains));
        for (int i = 0; i < len; i++)
            key[i] = bytes_lower(key[i]);
        if (!is_new(text, key, (size_t)len))
            continue;
        used += (size_t)snprintf(text + used, size - used, "%s\t%s\n", key, PICK(values));
    }
}

static void write_patterns(char *text, size_t size)
{
    size_t used = 0;
    for (size_t rows = 1 + chance(2); rows; rows--)
        used += (size_t)snprintf(text + used, size - used, "%s\n", PICK(pattern_rows));
}

static void make_tables(struct scene *scene, size_t number)
{
    static const char *const kinds[] = {"texthash", "texthash", "texthash", "pcre", "cdb", "lmdb"};
    char specs[4][256];
    const char *tables[4];
    for (size_t i = 0; i < scene->table_count; i++) {
        /* Making databases takes a process each. */
        const char *kind = kinds[chance(number % 20 ? 4 : 6)];
        char name[16];
        snprintf(name, sizeof name, "t%zu", i);
        if (strcmp(kind, "pcre") == 0)
            write_patterns(scene->tables[i], sizeof scene->tables[i]);
        else
            write_rows(scene->tables[i], sizeof scene->tables[i]);
        fixture_write_text(name, scene->tables[i]);
        if (strcmp(kind, "cdb") == 0 || strcmp(kind, "lmdb") == 0) {
            remove(fixture_path("t.lmdb"));
            assert_true(fixture_postmap(kind, name));
        }
        snprintf(specs[i], sizeof specs[i], "%s", fixture_spec(kind, name));
        tables[i] = specs[i];
    }
    struct senders_options options = {.tables = {tables, scene->table_count},
                                      .extensions = scene->delimiters != NULL,
                                      .recipient_delimiter = scene->delimiters,
                                      .case_sensitive_local = scene->keep_case,
                                      .site = &site};
    struct error error;
    if (!senders_open(&options, &scene->senders, &error))
        fail_msg("%s", error.text);
}

static void make_addresses(struct scene *scene)
{
    static const char *const address_domains[] = {"example.com", "BÜCHER.example", "other.example",
                                                  "sub.example.com"};
    for (size_t d = 0; d < COUNT(address_domains); d++)
        for (size_t l = 0; l < COUNT(locals); l++) {
            struct address_list list;
            const char *text = arena_printf(scene->arena, "<%s@%s>", locals[l], address_domains[d]);
            address_parse_path(scene->arena, bytes_of(text), &list);
            if (list.reading != ADDRESS_AGREED || list.count != 1)
                fail_msg("%s: %s", text, list.reason);
            scene->addresses[scene->address_count++] = list.mailboxes[0];
        }
}

static bool keep_grant(void *context, const struct grant *grant)
{
    struct scene *scene = context;
    assert_true(scene->grant_count < GRANTS_MAX);
    struct grant *copy = &scene->grants[scene->grant_count++];
    *copy = *grant;
    copy->address = arena_bytes(scene->arena, grant->address);
    copy->extensions = arena_bytes(scene->arena, grant->extensions);
    copy->source = arena_bytes(scene->arena, grant->source);
    copy->by = arena_bytes(scene->arena, grant->by);
    return true;
}

static bool same_local(const struct scene *scene, struct bytes a, struct bytes b)
{
    return a.len && (scene->keep_case ? bytes_equal(a, b) : same_letters(a, b));
}

/* john..doe@example.com stands without its quotes in tables. */
static bool read_address(struct arena *arena, struct bytes text, struct mailbox *ret_mailbox)
{
    if (address_parse_plain(arena, text, ret_mailbox))
        return true;
    size_t at = bytes_find(text, '@');
    const char *quoted = arena_printf(arena, "\"%.*s\"%.*s", (int)at, text.data,
                                      (int)(text.len - at), text.data + at);
    return address_parse_plain(arena, bytes_of(quoted), ret_mailbox);
}

static bool from_patterns(struct bytes source)
{
    return bytes_start_with_nocase(source, BYTES("pcre:"));
}

static bool covers(const struct scene *scene, const struct grant *grant,
                   const struct mailbox *mailbox)
{
    struct mailbox own;
    if (grant->scope == GRANT_PATTERN || !read_address(scene->arena, grant->address, &own) ||
        !bytes_equal(own.domain, mailbox->domain))
        return false;
    if (grant->scope == GRANT_DOMAIN)
        return mailbox->plain;
    /* Of an address in quotes that it does not need, rows are asked and patterns are not. */
    if (mailbox->plain ? grant->address.data[0] == '"' : from_patterns(grant->source))
        return false;
    struct bytes stripped = {NULL, 0};
    if (mailbox->plain && grant->extensions.len && scene->delimiters)
        stripped = sender_keys_strip(scene->delimiters, mailbox->local);
    return same_local(scene, stripped, own.local) ||
           (grant->scope == GRANT_ADDRESS && same_local(scene, mailbox->local, own.local));
}

/* The same row, or the same rule of patterns. */
static bool is_listed(const struct scene *scene, const struct mailbox *mailbox, struct bytes source)
{
    for (size_t i = 0; i < scene->grant_count; i++) {
        const struct grant *grant = &scene->grants[i];
        bool holds = grant->state == GRANT_HOLDS || grant->state == GRANT_DEPENDS;
        if (holds && bytes_equal(grant->source, source) &&
            (grant->scope == GRANT_PATTERN || covers(scene, grant, mailbox)))
            return true;
    }
    return false;
}

static bool is_excepted(const struct scene *scene, const struct mailbox *mailbox)
{
    for (size_t i = 0; i < scene->grant_count; i++)
        if (scene->grants[i].state == GRANT_EXCEPTED && covers(scene, &scene->grants[i], mailbox))
            return true;
    return false;
}

/* Whether a grant that holds promises the address. */
static bool is_promised(const struct scene *scene, const struct mailbox *mailbox,
                        struct bytes source)
{
    for (size_t i = 0; i < scene->grant_count; i++) {
        const struct grant *grant = &scene->grants[i];
        struct mailbox own;
        if (grant->state != GRANT_HOLDS || !covers(scene, grant, mailbox))
            continue;
        bool exact = grant->scope == GRANT_ADDRESS &&
                     read_address(scene->arena, grant->address, &own) &&
                     (from_patterns(source) ? bytes_equal_nocase(own.local, mailbox->local)
                                            : same_local(scene, own.local, mailbox->local));
        if (exact || (!from_patterns(source) && !is_excepted(scene, mailbox)))
            return true;
    }
    return false;
}

static void check_login(struct scene *scene, const char *login)
{
    struct error error;
    scene->grant_count = 0;
    const struct grants_visitor visitor = {.visit = keep_grant, .context = scene};
    assert_int_equal(grants_each(scene->senders, bytes_of(login), &visitor, &error), GRANTS_WALKED);
    for (size_t i = 0; i < scene->grant_count; i++) {
        grants_seen += scene->grants[i].state == GRANT_HOLDS;
        excepted_seen += scene->grants[i].state == GRANT_EXCEPTED;
        hidden_seen += scene->grants[i].state == GRANT_HIDDEN;
        patterns_seen += scene->grants[i].scope == GRANT_PATTERN;
    }
    for (size_t i = 0; i < scene->address_count; i++) {
        const struct mailbox *mailbox = &scene->addresses[i];
        struct bytes source;
        bool granted = senders_ask(scene->senders, scene->arena, bytes_of(login), mailbox,
                                   &source) == OWNERSHIP_GRANTED;
        granted_seen += granted;
        const char *wrong = NULL;
        if (granted && !is_listed(scene, mailbox, source))
            wrong = "granted and not listed";
        if (!granted && is_promised(scene, mailbox, source))
            wrong = "listed and not granted";
        if (wrong)
            fail_msg("%s: %.*s for %s, by \"%.*s\", delimiters %s, keep case %d\n%s--\n%s--\n%s",
                     wrong, (int)mailbox->raw.len, mailbox->raw.data, login, (int)source.len,
                     source.data ? source.data : "", scene->delimiters ? scene->delimiters : "none",
                     scene->keep_case, scene->tables[0], scene->tables[1], scene->tables[2]);
    }
}

struct owners_seen {
    struct arena *arena;
    struct bytes login;
    bool exact; /* without tables a login's case counts where that of addresses does */
    bool named;
};

static bool see_owner(void *context, const struct owner *owner)
{
    struct owners_seen *seen = context;
    bool same = seen->exact ? bytes_equal(owner->login, seen->login)
                            : logins_have(seen->arena, owner->login, seen->login);
    seen->named = seen->named || (!owner->hidden && same);
    return true;
}

static void check_owners(struct scene *scene, const struct mailbox *mailbox)
{
    for (size_t i = 0; i < COUNT(logins); i++) {
        struct owners_seen seen = {.arena = scene->arena,
                                   .login = bytes_of(logins[i]),
                                   .exact = scene->keep_case && !scene->table_count};
        struct bytes source;
        enum ownership expected =
            senders_ask(scene->senders, scene->arena, seen.login, mailbox, &source);
        owners_each(scene->senders, scene->arena, mailbox, see_owner, &seen, &source);
        if (seen.named != (expected == OWNERSHIP_GRANTED))
            fail_msg("%.*s for %s: %d\n%s--\n%s--\n%s", (int)mailbox->raw.len, mailbox->raw.data,
                     logins[i], seen.named, scene->tables[0], scene->tables[1], scene->tables[2]);
    }
}

static void try_scene(size_t number)
{
    static const char *const delimiters[] = {NULL, "+", "+", "+-", "-"};
    struct scene *scene = calloc(1, sizeof *scene);
    assert_non_null(scene);
    scene->arena = arena_new((size_t)256 << 20);
    scene->delimiters = PICK(delimiters);
    scene->keep_case = chance(4) == 0;
    scene->table_count = number % 50 ? 1 + chance(3) : 0;
    make_tables(scene, number);
    make_addresses(scene);
    for (size_t i = 0; i < COUNT(logins); i++)
        check_login(scene, logins[i]);
    for (size_t i = 0; i < scene->address_count; i++)
        check_owners(scene, &scene->addresses[i]);
    assert_false(arena_failed(scene->arena));
    senders_free(scene->senders);
    arena_free(scene->arena);
    free(scene);
}

static void what_is_listed_is_granted_and_the_other_way_round(void **state)
{
    (void)state;
    for (size_t number = 0; number < 250; number++) {
        seed = number;
        try_scene(number);
    }
    print_message("# %zu listed, %zu hidden, %zu excepted, %zu patterns, %zu granted\n",
                  grants_seen, hidden_seen, excepted_seen, patterns_seen, granted_seen);
    assert_true(grants_seen > 1000 && granted_seen > 1000 && hidden_seen > 100 &&
                excepted_seen > 100 && patterns_seen > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_listed_is_granted_and_the_other_way_round),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
