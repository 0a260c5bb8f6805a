/* Rows of others that take addresses out of a login's extensions and domains. */
#include <string.h>

#include "tables/grants_private.h"
#include "tables/logins.h"

/* Some row without a pattern has the key, and names the login. */
static bool some_row_names(const struct grants_state *walk, struct bytes key)
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

static bool ask_domain(const struct grants_state *walk, struct bytes domain)
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

static bool domain_names_login(const struct grants_state *walk, struct bytes domain)
{
    if (!domain.len || domain.len > GRANTS_DOMAIN_LEN)
        return false;
    unsigned slot = 0;
    for (size_t i = 0; i < domain.len; i++)
        slot = slot * 31 + (unsigned char)domain.data[i];
    struct known_domain *known = &walk->domains[slot % GRANTS_DOMAINS];
    if (!bytes_equal((struct bytes){known->text, known->len}, domain)) {
        known->named = ask_domain(walk, domain);
        known->len = (unsigned char)domain.len;
        memcpy(known->text, domain.data, domain.len);
    }
    return known->named;
}

/* Cheap, and false for nearly every row of a large table: whether an +extension or @domain row of
 * the login's could cover this key. */
static bool may_be_covered(const struct grants_state *walk, struct bytes key)
{
    size_t at = key.len;
    while (at && key.data[at - 1] != '@')
        at--;
    if (at < 2)
        return false;
    struct bytes local = bytes_slice(key, 0, at - 1);
    return sender_keys_strip(walk->senders->delimiters, local).len > 0 ||
           (walk->has_domain && domain_names_login(walk, bytes_slice(key, at, key.len)));
}

/* Whether what is asked for from that form on would be the login's; ret_source says by which row.
 */
static bool falls_to_login(const struct grants_state *walk, const struct sender_keys *keys,
                           enum sender_key_form form, struct bytes *ret_source)
{
    struct senders_place place = {.key = grant_key_first(keys, form)};
    struct table_answer answer;
    bool found = senders_answer(walk->senders, walk->arena, keys, &place, &answer) == TABLE_FOUND &&
                 logins_have(walk->arena, answer.value, walk->login);
    *ret_source = answer.source;
    return found;
}

bool grants_except(const struct grants_state *walk, const struct table_row *row)
{
    struct grant_key key;
    struct sender_keys extended;
    struct grant grant = {.address = row->key, .state = GRANT_EXCEPTED};
    if (!may_be_covered(walk, row->key) ||
        !grant_key_read(walk->senders, walk->senders->tables[walk->table], walk->arena, row->key,
                        &key, &grant.by) ||
        key.domain)
        return true;
    grant.by = table_row_source(walk->arena, row);
    grant.extensions = grant_key_extensions(walk->senders, walk->arena, &key.mailbox, &extended);
    struct standing whole = grants_standing(walk, row, &key.keys, SENDER_KEY_WHOLE);
    if (whole.state == GRANT_UNKNOWN) {
        grant.state = GRANT_UNKNOWN;
        grant.by = whole.by;
    }
    if (whole.state == GRANT_HOLDS || whole.state == GRANT_UNKNOWN)
        return !falls_to_login(walk, &key.keys, SENDER_KEY_STRIPPED, &grant.source) ||
               grants_give(walk, &grant);
    /* A pattern answers for the address, but not for it with an extension. */
    grant.scope = GRANT_EXTENSIONS;
    return !grant.extensions.len ||
           grants_standing(walk, row, &extended, SENDER_KEY_STRIPPED).state != GRANT_HOLDS ||
           !falls_to_login(walk, &extended, SENDER_KEY_DOMAIN, &grant.source) ||
           grants_give(walk, &grant);
}
