/* Answering who owns an address, from tables or from the login itself. */
#include "tables/senders.h"

#include <stdlib.h>
#include <string.h>

#include "tables/key.h"
#include "tables/logins.h"
#include "tables/senders_private.h"

/* The same table as it is open already, where it is current; NULL: it has to be opened. */
static struct table *take_over(const struct senders *previous, const char *spec,
                               enum table_case letters)
{
    for (size_t i = 0; previous && i < previous->table_count; i++) {
        struct table *table = previous->tables[i];
        if (strcmp(table_name(table), spec) == 0 && table_letters(table) == letters &&
            table_is_current(table))
            return table_ref(table);
    }
    return NULL;
}

static bool open_tables(const struct senders_options *options, struct senders *senders,
                        struct error *error)
{
    enum table_case letters = senders->keep_case ? TABLE_KEEP_LOCAL : TABLE_FOLD_CASE;
    for (; senders->table_count < options->tables.count; senders->table_count++) {
        const char *spec = options->tables.items[senders->table_count];
        struct table **table = &senders->tables[senders->table_count];
        *table = take_over(options->previous, spec, letters);
        if (!*table && !table_open(spec, letters, table, error))
            return false;
    }
    return true;
}

bool senders_open(const struct senders_options *options, struct senders **ret_senders,
                  struct error *error)
{
    const char *delimiters =
        options->extensions && options->recipient_delimiter ? options->recipient_delimiter : "";
    struct senders *senders = calloc(1, sizeof *senders);
    if (!senders)
        return error_set(error, "out of memory");
    senders->site = options->site;
    senders->keep_case = options->case_sensitive_local;
    senders->delimiters = strdup(delimiters);
    senders->tables = calloc(options->tables.count + 1, sizeof(struct table *));
    bool ok = (senders->delimiters && senders->tables) || error_set(error, "out of memory");
    if (!ok || !open_tables(options, senders, error)) {
        senders_free(senders);
        return false;
    }
    *ret_senders = senders;
    return true;
}

void senders_free(struct senders *senders)
{
    if (!senders)
        return;
    for (size_t i = 0; i < senders->table_count; i++)
        table_free(senders->tables[i]);
    free(senders->tables);
    free(senders->delimiters);
    free(senders);
}

static bool same_local(const struct senders *senders, struct arena *arena, struct bytes a,
                       struct bytes b)
{
    if (bytes_equal(a, b))
        return true;
    return !senders->keep_case && b.len && bytes_equal(key_lower(arena, a), key_lower(arena, b));
}

bool senders_login_owns(const struct senders *senders, struct arena *arena,
                        const struct mailbox *login, const struct mailbox *mailbox)
{
    if (!login->local.len)
        return false;
    if (login->domain.len ? !bytes_equal(login->domain, mailbox->domain)
                          : !texts_have(&senders->site->domains, mailbox->domain))
        return false;
    struct bytes stripped = {NULL, 0};
    if (mailbox->plain)
        stripped = sender_keys_strip(senders->delimiters, mailbox->local);
    return same_local(senders, arena, login->local, mailbox->local) ||
           same_local(senders, arena, login->local, stripped);
}

struct bytes senders_written(const struct senders *senders, struct arena *arena,
                             const struct mailbox *mailbox)
{
    char *text = arena_text(arena, mailbox->address);
    if (text && senders->keep_case && mailbox->local.len)
        memcpy(text + (text[0] == '"'), mailbox->local.data, mailbox->local.len);
    return bytes_of(text);
}

static enum ownership ask_login(const struct senders *senders, struct arena *arena,
                                struct bytes login, const struct mailbox *mailbox,
                                struct bytes *ret_source)
{
    *ret_source = BYTES("login");
    struct mailbox owner;
    return address_parse_plain(arena, login, &owner) &&
                   senders_login_owns(senders, arena, &owner, mailbox)
               ? OWNERSHIP_GRANTED
               : OWNERSHIP_DENIED;
}

void senders_keys(const struct senders *senders, struct arena *arena, const struct mailbox *mailbox,
                  struct sender_keys *ret_keys)
{
    const struct sender_key_options options = {senders->delimiters, senders->keep_case};
    sender_keys_build(&options, arena, mailbox, ret_keys);
}

enum table_result senders_answer(const struct senders *senders, struct arena *arena,
                                 const struct sender_keys *keys, struct senders_place *place,
                                 struct table_answer *ret_answer)
{
    for (; place->key < keys->count && !arena_failed(arena); place->key++, place->table = 0) {
        const struct sender_key *key = &keys->keys[place->key];
        for (; place->table < senders->table_count; place->table++) {
            const struct table *table = senders->tables[place->table];
            if (table_matches_patterns(table) && !key->for_patterns)
                continue;
            enum table_result result = table_find(table, arena, key->text, ret_answer);
            if (result != TABLE_ABSENT)
                return result;
        }
    }
    return TABLE_ABSENT;
}

static enum ownership ask_tables(const struct senders *senders, struct arena *arena,
                                 struct bytes login, const struct mailbox *mailbox,
                                 struct bytes *ret_source)
{
    struct sender_keys keys;
    struct senders_place place = {0};
    struct table_answer answer;
    senders_keys(senders, arena, mailbox, &keys);
    enum table_result result = senders_answer(senders, arena, &keys, &place, &answer);
    if (result == TABLE_ABSENT)
        return OWNERSHIP_DENIED;
    *ret_source = answer.source;
    if (result == TABLE_UNAVAILABLE)
        return OWNERSHIP_UNAVAILABLE;
    return logins_have(arena, answer.value, login) ? OWNERSHIP_GRANTED : OWNERSHIP_DENIED;
}

enum ownership senders_ask(const struct senders *senders, struct arena *arena, struct bytes login,
                           const struct mailbox *mailbox, struct bytes *ret_source)
{
    *ret_source = (struct bytes){NULL, 0};
    if (!login.len || !mailbox->domain.len)
        return OWNERSHIP_DENIED;
    enum ownership answer = senders->table_count
                                ? ask_tables(senders, arena, login, mailbox, ret_source)
                                : ask_login(senders, arena, login, mailbox, ret_source);
    if (!arena_failed(arena))
        return answer;
    *ret_source = BYTES("out of memory");
    return OWNERSHIP_UNAVAILABLE;
}

const struct table *senders_table(const struct senders *senders, size_t index)
{
    return index < senders->table_count ? senders->tables[index] : NULL;
}
