/* Answering who owns an address, from tables or from the login itself. */
#include "tables/senders.h"

#include <stdlib.h>
#include <string.h>

#include "tables/logins.h"
#include "tables/sender_keys.h"

struct senders {
    const struct site *site;
    char *delimiters; /* empty: no extensions */
    bool keep_case;
    struct table **tables;
    size_t table_count;
};

static bool open_tables(const struct texts *specs, struct senders *senders, struct error *error)
{
    enum table_case letters = senders->keep_case ? TABLE_KEEP_LOCAL : TABLE_FOLD_CASE;
    for (; senders->table_count < specs->count; senders->table_count++)
        if (!table_open(specs->items[senders->table_count], letters,
                        &senders->tables[senders->table_count], error))
            return false;
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
    if (!ok || !open_tables(&options->tables, senders, error)) {
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

static bool same_local(const struct senders *senders, struct bytes a, struct bytes b)
{
    return senders->keep_case ? bytes_equal(a, b) : bytes_equal_nocase(a, b);
}

/* Without tables. */
static enum ownership ask_login(const struct senders *senders, struct arena *arena,
                                struct bytes login, const struct mailbox *mailbox,
                                struct bytes *ret_source)
{
    *ret_source = BYTES("login");
    struct mailbox owner;
    if (!address_parse_plain(arena, login, &owner) || !owner.local.len)
        return OWNERSHIP_DENIED;
    if (owner.domain.len ? !bytes_equal(owner.domain, mailbox->domain)
                         : !texts_have(&senders->site->domains, mailbox->domain))
        return OWNERSHIP_DENIED;
    struct bytes stripped = {NULL, 0};
    if (mailbox->plain)
        stripped = sender_keys_strip(senders->delimiters, mailbox->local);
    return same_local(senders, owner.local, mailbox->local) ||
                   same_local(senders, owner.local, stripped)
               ? OWNERSHIP_GRANTED
               : OWNERSHIP_DENIED;
}

static enum ownership ask_tables(const struct senders *senders, struct arena *arena,
                                 struct bytes login, const struct mailbox *mailbox,
                                 struct bytes *ret_source)
{
    const struct sender_key_options options = {senders->delimiters, senders->keep_case};
    struct sender_keys keys;
    sender_keys_build(&options, arena, mailbox, &keys);
    for (size_t k = 0; k < keys.count && !arena_failed(arena); k++) {
        for (size_t t = 0; t < senders->table_count; t++) {
            if (table_matches_patterns(senders->tables[t]) && !keys.keys[k].for_patterns)
                continue;
            struct table_answer answer;
            enum table_result result =
                table_find(senders->tables[t], arena, keys.keys[k].text, &answer);
            if (result == TABLE_ABSENT)
                continue;
            *ret_source = answer.source;
            if (result == TABLE_UNAVAILABLE)
                return OWNERSHIP_UNAVAILABLE;
            return logins_have(arena, answer.value, login) ? OWNERSHIP_GRANTED : OWNERSHIP_DENIED;
        }
    }
    return OWNERSHIP_DENIED;
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
