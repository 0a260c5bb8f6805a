/* Going through all rows for one login, and holding each against what would really be asked. */
#include "tables/grants.h"

#include <stdint.h>
#include <stdlib.h>
#include <unistr.h>

#include "tables/grant_pattern.h"
#include "tables/grants_private.h"
#include "tables/logins.h"

#define CEILING ((size_t)2 << 30) /* a value may be as large as its file */
#define STEP 1024

struct standing grants_standing(const struct grants_state *walk, const struct table_row *row,
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
        if (place.table == walk->table &&
            table_asks(walk->senders->tables[walk->table], walk->arena, keys->keys[place.key].text,
                       row->key) &&
            bytes_equal(answer.value, row->value))
            return (struct standing){GRANT_HOLDS, {NULL, 0}};
        return (struct standing){GRANT_HIDDEN, answer.source};
    }
    return (struct standing){GRANT_NEVER_ASKED, BYTES("the table does not find it")};
}

bool grants_give(const struct grants_state *walk, const struct grant *grant)
{
    return !arena_failed(walk->arena) && walk->visitor->visit(walk->visitor->context, grant);
}

/* Patterns are not asked for an address in quotes, even where it needs none: its row may hold for
 * that, and not for the address as people write it. */
static bool visit_quoted(const struct grants_state *walk, const struct table_row *row,
                         const struct grant_key *key, const struct grant *grant)
{
    struct mailbox quoted = key->mailbox;
    struct sender_keys keys;
    quoted.plain = false;
    senders_keys(walk->senders, walk->arena, &quoted, &keys);
    if (grants_standing(walk, row, &keys, SENDER_KEY_WHOLE).state != GRANT_HOLDS)
        return true;
    struct bytes local = key->mailbox.local;
    struct bytes domain = key->mailbox.domain;
    const struct grant own = {
        .source = grant->source,
        .address = bytes_of(arena_printf(walk->arena, "\"%.*s\"@%.*s", (int)local.len, local.data,
                                         (int)domain.len, domain.data))};
    return grants_give(walk, &own);
}

/* A row for one address, and for the same with an extension. */
static bool visit_address(const struct grants_state *walk, const struct table_row *row,
                          const struct grant_key *key, struct grant *grant)
{
    struct sender_keys extended;
    struct standing whole = grants_standing(walk, row, &key->keys, SENDER_KEY_WHOLE);
    struct bytes extensions =
        grant_key_extensions(walk->senders, walk->arena, &key->mailbox, &extended);
    struct standing with = whole;
    if (extensions.len)
        with = grants_standing(walk, row, &extended, SENDER_KEY_STRIPPED);
    bool alike = with.state == whole.state && bytes_equal(with.by, whole.by);
    grant->state = whole.state;
    grant->by = whole.by;
    if (alike)
        grant->extensions = extensions;
    if (!grants_give(walk, grant))
        return false;
    if (whole.state == GRANT_HIDDEN && key->mailbox.plain && !visit_quoted(walk, row, key, grant))
        return false;
    if (alike)
        return true;
    grant->scope = GRANT_EXTENSIONS;
    grant->state = with.state;
    grant->by = with.by;
    grant->extensions = extensions;
    return grants_give(walk, grant);
}

static bool visit_named(struct grants_state *walk, const struct table_row *row)
{
    struct grant_key key;
    struct grant grant = {.address = row->key, .source = table_row_source(walk->arena, row)};
    if (!grant_key_read(walk->senders, walk->senders->tables[walk->table], walk->arena, row->key,
                        &key, &grant.by)) {
        grant.scope = key.domain ? GRANT_DOMAIN : GRANT_ADDRESS;
        grant.state = GRANT_NEVER_ASKED;
        return grants_give(walk, &grant);
    }
    walk->has_domain = walk->has_domain || key.domain;
    walk->has_address = walk->has_address || !key.domain;
    if (!key.domain)
        return visit_address(walk, row, &key, &grant);
    struct standing standing = grants_standing(walk, row, &key.keys, SENDER_KEY_DOMAIN);
    grant.scope = GRANT_DOMAIN;
    grant.state = standing.state;
    grant.by = standing.by;
    return grants_give(walk, &grant);
}

/* A row that a database can hold and a look-up makes nothing of: whose it is can't be known. */
static bool visit_broken(const struct grants_state *walk, const struct table_row *row)
{
    struct grant_key key;
    struct bytes why;
    if (!grant_key_read(walk->senders, walk->senders->tables[walk->table], walk->arena, row->key,
                        &key, &why))
        return true;
    enum sender_key_form form = key.domain ? SENDER_KEY_DOMAIN : SENDER_KEY_WHOLE;
    struct standing standing = grants_standing(walk, row, &key.keys, form);
    if (standing.state != GRANT_UNKNOWN)
        return true;
    const struct grant grant = {.scope = key.domain ? GRANT_DOMAIN : GRANT_ADDRESS,
                                .state = GRANT_UNKNOWN,
                                .address = row->key,
                                .source = table_row_source(walk->arena, row),
                                .by = standing.by};
    return grants_give(walk, &grant);
}

static bool visit_pattern(const struct grants_state *walk, const struct table_row *row)
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
    return grants_give(walk, &grant);
}

static bool judge_row(struct grants_state *walk, const struct table_row *row)
{
    if (table_matches_patterns(walk->senders->tables[walk->table]))
        return visit_pattern(walk, row);
    bool broken = !row->value.len || u8_check((const uint8_t *)row->value.data, row->value.len);
    bool names = !broken && logins_have(walk->arena, row->value, walk->login);
    if (walk->exceptions)
        return broken || names || grants_except(walk, row);
    return broken ? visit_broken(walk, row) : !names || visit_named(walk, row);
}

static bool visit_row(void *context, const struct table_row *row)
{
    struct grants_state *walk = context;
    const struct grants_visitor *visitor = walk->visitor;
    arena_clear(walk->arena);
    if (++walk->rows % STEP == 0 && visitor->step && !visitor->step(visitor->context, walk->rows))
        return false;
    return judge_row(walk, row) && !arena_failed(walk->arena);
}

/* The login's own address at the domain: without tables what it owns, else what a pattern may grant
 * it, which no row shows. */
static bool visit_own(struct grants_state *walk, const struct mailbox *login, struct bytes domain)
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
        return grants_give(walk, &grant);
    }
    struct senders_place place = {0};
    struct table_answer answer;
    senders_keys(walk->senders, walk->arena, &mailbox, &keys);
    if (senders_answer(walk->senders, walk->arena, &keys, &place, &answer) != TABLE_FOUND ||
        !table_matches_patterns(walk->senders->tables[place.table]) ||
        !logins_have(walk->arena, answer.value, walk->login))
        return true;
    grant.source = answer.source;
    return grants_give(walk, &grant);
}

static bool visit_owns(struct grants_state *walk)
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

/* Without the tables of patterns the second time: they take nothing out. */
static enum grants_walk walk_tables(struct grants_state *walk, struct error *error)
{
    for (walk->table = 0; walk->table < walk->senders->table_count; walk->table++) {
        const struct table *table = walk->senders->tables[walk->table];
        if (walk->exceptions && table_matches_patterns(table))
            continue;
        enum table_walk result = table_each(table, visit_row, walk, error);
        if (result == TABLE_STOPPED)
            return GRANTS_STOPPED;
        if (result == TABLE_UNREADABLE)
            return GRANTS_UNAVAILABLE;
    }
    return GRANTS_WALKED;
}

static enum grants_walk go(struct grants_state *walk, struct error *error)
{
    if (!visit_owns(walk))
        return GRANTS_STOPPED;
    enum grants_walk result = walk_tables(walk, error);
    walk->exceptions = true;
    if (result == GRANTS_WALKED &&
        (walk->has_domain || (walk->has_address && walk->senders->delimiters[0])))
        result = walk_tables(walk, error);
    return result;
}

enum grants_walk grants_each(const struct senders *senders, struct bytes login,
                             const struct grants_visitor *visitor, struct error *error)
{
    struct known_domain *domains = calloc(GRANTS_DOMAINS, sizeof *domains);
    struct grants_state walk = {.senders = senders,
                                .arena = arena_new(CEILING),
                                .login = login,
                                .visitor = visitor,
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
