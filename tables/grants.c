/* Going through all rows for one login, and holding each against what would really be asked. */
#include "tables/grants.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

#include "tables/grant_key.h"
#include "tables/grant_pattern.h"
#include "tables/logins.h"

#define CEILING ((size_t)2 << 30) /* a value may be as large as its file */
#define DOMAIN_MAX 255
#define CACHE_SIZE 256

/* Whether some @domain row names the login, of domains seen lately. */
struct known_domain {
    unsigned char len;
    bool named;
    char text[DOMAIN_MAX];
};

struct walk {
    const struct senders *senders;
    struct arena *arena; /* for one row */
    struct bytes login;
    bool (*visit)(void *context, const struct grant *grant);
    void *context;
    size_t table; /* the place of the one that is gone through */
    struct known_domain *domains;
};

/* What would be answered where the row stands. */
struct standing {
    enum grant_state state;
    struct bytes by;
};

static struct standing standing_of(const struct walk *walk, const struct table_row *row,
                                   const struct sender_keys *keys, enum sender_key_form form)
{
    struct senders_place place = {.key = grant_key_first(keys, form)};
    struct table_answer answer;
    switch (senders_answer(walk->senders, walk->arena, keys, &place, &answer)) {
    case TABLE_ABSENT:
        break;
    case TABLE_UNAVAILABLE:
        return (struct standing){GRANT_UNKNOWN, answer.source};
    case TABLE_FOUND:
        if (place.table == walk->table && bytes_equal(keys->keys[place.key].text, row->key) &&
            bytes_equal(answer.value, row->value))
            return (struct standing){GRANT_HOLDS, {NULL, 0}};
        return (struct standing){GRANT_HIDDEN, answer.source};
    }
    return (struct standing){GRANT_NEVER_ASKED, BYTES("the table does not find it")};
}

static bool give(const struct walk *walk, const struct grant *grant)
{
    return !arena_failed(walk->arena) && walk->visit(walk->context, grant);
}

/* Patterns are not asked for an address in quotes, even where it needs none: its row may hold for
 * that, and not for the address as people write it. */
static bool visit_quoted(const struct walk *walk, const struct table_row *row,
                         const struct grant_key *key, const struct grant *grant)
{
    struct mailbox quoted = key->mailbox;
    struct sender_keys keys;
    quoted.plain = false;
    senders_keys(walk->senders, walk->arena, &quoted, &keys);
    if (standing_of(walk, row, &keys, SENDER_KEY_WHOLE).state != GRANT_HOLDS)
        return true;
    struct bytes local = key->mailbox.local;
    struct bytes domain = key->mailbox.domain;
    const struct grant own = {
        .source = grant->source,
        .address = bytes_of(arena_printf(walk->arena, "\"%.*s\"@%.*s", (int)local.len, local.data,
                                         (int)domain.len, domain.data))};
    return give(walk, &own);
}

/* A row for one address, and for the same with an extension. */
static bool visit_address(const struct walk *walk, const struct table_row *row,
                          const struct grant_key *key, struct grant *grant)
{
    struct sender_keys extended;
    struct standing whole = standing_of(walk, row, &key->keys, SENDER_KEY_WHOLE);
    struct bytes extensions =
        grant_key_extensions(walk->senders, walk->arena, &key->mailbox, &extended);
    struct standing with = whole;
    if (extensions.len)
        with = standing_of(walk, row, &extended, SENDER_KEY_STRIPPED);
    bool alike = with.state == whole.state && bytes_equal(with.by, whole.by);
    grant->state = whole.state;
    grant->by = whole.by;
    if (alike)
        grant->extensions = extensions;
    if (!give(walk, grant))
        return false;
    if (whole.state == GRANT_HIDDEN && key->mailbox.plain && !visit_quoted(walk, row, key, grant))
        return false;
    if (alike)
        return true;
    grant->scope = GRANT_EXTENSIONS;
    grant->state = with.state;
    grant->by = with.by;
    grant->extensions = extensions;
    return give(walk, grant);
}

static bool visit_named(const struct walk *walk, const struct table_row *row)
{
    struct grant_key key;
    struct grant grant = {.address = row->key, .source = table_row_source(walk->arena, row)};
    if (!grant_key_read(walk->senders, walk->arena, row->key, &key, &grant.by)) {
        grant.scope = key.domain ? GRANT_DOMAIN : GRANT_ADDRESS;
        grant.state = GRANT_NEVER_ASKED;
        return give(walk, &grant);
    }
    if (!key.domain)
        return visit_address(walk, row, &key, &grant);
    struct standing standing = standing_of(walk, row, &key.keys, SENDER_KEY_DOMAIN);
    grant.scope = GRANT_DOMAIN;
    grant.state = standing.state;
    grant.by = standing.by;
    return give(walk, &grant);
}

/* A row that a database can hold and a look-up makes nothing of: whose it is can't be known. */
static bool visit_broken(const struct walk *walk, const struct table_row *row)
{
    struct grant_key key;
    struct bytes why;
    if (!grant_key_read(walk->senders, walk->arena, row->key, &key, &why))
        return true;
    enum sender_key_form form = key.domain ? SENDER_KEY_DOMAIN : SENDER_KEY_WHOLE;
    struct standing standing = standing_of(walk, row, &key.keys, form);
    if (standing.state != GRANT_UNKNOWN)
        return true;
    const struct grant grant = {.scope = key.domain ? GRANT_DOMAIN : GRANT_ADDRESS,
                                .state = GRANT_UNKNOWN,
                                .address = row->key,
                                .source = table_row_source(walk->arena, row),
                                .by = standing.by};
    return give(walk, &grant);
}

/* Some row without a pattern has the key, and names the login. */
static bool some_row_names(const struct walk *walk, struct bytes key)
{
    for (size_t i = 0; i < walk->senders->table_count; i++) {
        struct table_answer answer;
        if (!table_matches_patterns(walk->senders->tables[i]) &&
            table_find(walk->senders->tables[i], walk->arena, key, &answer) == TABLE_FOUND &&
            logins_have(walk->arena, answer.value, walk->login))
            return true;
    }
    return false;
}

static bool ask_domain(const struct walk *walk, struct bytes domain)
{
    struct mailbox mailbox = {.local = BYTES("x"), .plain = true};
    struct sender_keys keys;
    if (!address_normalise_domain(walk->arena, domain, &mailbox.domain))
        return false;
    senders_keys(walk->senders, walk->arena, &mailbox, &keys);
    for (size_t i = grant_key_first(&keys, SENDER_KEY_DOMAIN); i < keys.count; i++)
        if (some_row_names(walk, keys.keys[i].text))
            return true;
    return false;
}

static bool domain_names_login(const struct walk *walk, struct bytes domain)
{
    if (!domain.len || domain.len > DOMAIN_MAX)
        return false;
    unsigned slot = 0;
    for (size_t i = 0; i < domain.len; i++)
        slot = slot * 31 + (unsigned char)domain.data[i];
    struct known_domain *known = &walk->domains[slot % CACHE_SIZE];
    if (!bytes_equal((struct bytes){known->text, known->len}, domain)) {
        known->named = ask_domain(walk, domain);
        known->len = (unsigned char)domain.len;
        memcpy(known->text, domain.data, domain.len);
    }
    return known->named;
}

/* Cheap, and false for nearly every row of a large table: whether an +extension or @domain row of
 * the login's could cover this key. */
static bool may_be_covered(const struct walk *walk, struct bytes key)
{
    size_t at = key.len;
    while (at && key.data[at - 1] != '@')
        at--;
    if (at < 2)
        return false;
    struct bytes local = bytes_slice(key, 0, at - 1);
    return sender_keys_strip(walk->senders->delimiters, local).len > 0 ||
           domain_names_login(walk, bytes_slice(key, at, key.len));
}

/* Whether what is asked for from that form on would be the login's; ret_source says by which row.
 */
static bool falls_to_login(const struct walk *walk, const struct sender_keys *keys,
                           enum sender_key_form form, struct bytes *ret_source)
{
    struct senders_place place = {.key = grant_key_first(keys, form)};
    struct table_answer answer;
    bool found = senders_answer(walk->senders, walk->arena, keys, &place, &answer) == TABLE_FOUND &&
                 logins_have(walk->arena, answer.value, walk->login);
    *ret_source = answer.source;
    return found;
}

/* A row of others, perhaps taken out of what the login may send as. */
static bool visit_other(const struct walk *walk, const struct table_row *row)
{
    struct grant_key key;
    struct sender_keys extended;
    struct grant grant = {.address = row->key, .state = GRANT_EXCEPTED};
    if (!may_be_covered(walk, row->key) ||
        !grant_key_read(walk->senders, walk->arena, row->key, &key, &grant.by) || key.domain)
        return true;
    grant.by = table_row_source(walk->arena, row);
    grant.extensions = grant_key_extensions(walk->senders, walk->arena, &key.mailbox, &extended);
    struct standing whole = standing_of(walk, row, &key.keys, SENDER_KEY_WHOLE);
    if (whole.state == GRANT_UNKNOWN) {
        grant.state = GRANT_UNKNOWN;
        grant.by = whole.by;
    }
    if (whole.state == GRANT_HOLDS || whole.state == GRANT_UNKNOWN)
        return !falls_to_login(walk, &key.keys, SENDER_KEY_STRIPPED, &grant.source) ||
               give(walk, &grant);
    /* A pattern answers for the address, but not for it with an extension. */
    grant.scope = GRANT_EXTENSIONS;
    return !grant.extensions.len ||
           standing_of(walk, row, &extended, SENDER_KEY_STRIPPED).state != GRANT_HOLDS ||
           !falls_to_login(walk, &extended, SENDER_KEY_DOMAIN, &grant.source) || give(walk, &grant);
}

static bool visit_pattern(const struct walk *walk, const struct table_row *row)
{
    struct grant grant = {.scope = GRANT_PATTERN, .address = row->key, .where = row->where};
    bool names = row->varies ? grant_pattern_names(walk->arena, row->value, walk->login)
                             : logins_have(walk->arena, row->value, walk->login);
    if (!names) {
        if (!row->varies || !grant_pattern_may_name(walk->arena, row->value, walk->login))
            return true;
        grant.state = GRANT_DEPENDS;
        grant.result = row->value;
    }
    grant.source = table_row_source(walk->arena, row);
    return give(walk, &grant);
}

static bool judge_row(const struct walk *walk, const struct table_row *row)
{
    if (table_matches_patterns(walk->senders->tables[walk->table]))
        return visit_pattern(walk, row);
    if (!row->value.len || u8_check((const uint8_t *)row->value.data, row->value.len))
        return visit_broken(walk, row);
    if (logins_have(walk->arena, row->value, walk->login))
        return visit_named(walk, row);
    return visit_other(walk, row);
}

static bool visit_row(void *context, const struct table_row *row)
{
    const struct walk *walk = context;
    arena_clear(walk->arena);
    return judge_row(walk, row) && !arena_failed(walk->arena);
}

/* The login's own address at the domain: without tables what it owns, else what a pattern may grant
 * it, which no row shows. */
static bool visit_own(struct walk *walk, const struct mailbox *login, struct bytes domain)
{
    struct grant grant = {.scope = GRANT_ADDRESS, .source = BYTES("login")};
    struct sender_keys keys;
    struct mailbox mailbox = *login;
    mailbox.domain = domain;
    grant.address = senders_written(walk->senders, walk->arena, login);
    if (!login->domain.len)
        grant.address = bytes_of(arena_printf(walk->arena, "%.*s@%.*s", (int)grant.address.len,
                                              grant.address.data, (int)domain.len, domain.data));
    if (!walk->senders->table_count) {
        grant.extensions = grant_key_extensions(walk->senders, walk->arena, &mailbox, &keys);
        return give(walk, &grant);
    }
    struct senders_place place = {0};
    struct table_answer answer;
    senders_keys(walk->senders, walk->arena, &mailbox, &keys);
    if (senders_answer(walk->senders, walk->arena, &keys, &place, &answer) != TABLE_FOUND ||
        !table_matches_patterns(walk->senders->tables[place.table]) ||
        !logins_have(walk->arena, answer.value, walk->login))
        return true;
    grant.source = answer.source;
    return give(walk, &grant);
}

static bool visit_owns(struct walk *walk)
{
    struct mailbox login;
    const struct texts *domains = &walk->senders->site->domains;
    arena_clear(walk->arena);
    if (!address_parse_plain(walk->arena, walk->login, &login) || !login.local.len)
        return true;
    if (login.domain.len)
        return visit_own(walk, &login, login.domain);
    for (size_t i = 0; i < domains->count; i++) {
        arena_clear(walk->arena);
        if (address_parse_plain(walk->arena, walk->login, &login) &&
            !visit_own(walk, &login, bytes_of(domains->items[i])))
            return false;
    }
    return true;
}

static enum grants_walk go(struct walk *walk, struct error *error)
{
    if (!visit_owns(walk))
        return GRANTS_STOPPED;
    for (; walk->table < walk->senders->table_count; walk->table++) {
        enum table_walk result =
            table_each(walk->senders->tables[walk->table], visit_row, walk, error);
        if (result == TABLE_STOPPED)
            return GRANTS_STOPPED;
        if (result == TABLE_UNREADABLE)
            return GRANTS_UNAVAILABLE;
    }
    return GRANTS_WALKED;
}

enum grants_walk grants_each(const struct senders *senders, struct bytes login,
                             bool (*visit)(void *context, const struct grant *grant), void *context,
                             struct error *error)
{
    struct known_domain *domains = calloc(CACHE_SIZE, sizeof *domains);
    struct walk walk = {.senders = senders,
                        .arena = arena_new(CEILING),
                        .login = login,
                        .visit = visit,
                        .context = context,
                        .domains = domains};
    enum grants_walk result = GRANTS_UNAVAILABLE;
    error_set(error, "out of memory");
    if (domains && walk.arena && login.len)
        result = go(&walk, error);
    else if (!login.len)
        result = GRANTS_WALKED;
    if (result == GRANTS_STOPPED && arena_failed(walk.arena)) {
        result = GRANTS_UNAVAILABLE;
        error_set(error, "out of memory");
    }
    arena_free(walk.arena);
    free(domains);
    return result;
}
