/* Reading from the tables, or from the address itself, who may use it. */
#include "tables/owners.h"

#include "tables/key.h"
#include "tables/logins.h"
#include "tables/senders_private.h"

struct asker {
    const struct senders *senders;
    struct arena *arena;
    const struct mailbox *mailbox;
    bool (*visit)(void *context, const struct owner *owner);
    void *context;
};

static bool visit_row(const struct asker *asker, const struct table_answer *answer, bool hidden)
{
    struct bytes rest = answer->value;
    struct owner owner = {.source = answer->source, .hidden = hidden};
    size_t count = 0;
    while ((owner.login = logins_next(&rest)).len) {
        count++;
        if (!asker->visit(asker->context, &owner))
            return false;
    }
    return count || asker->visit(asker->context, &owner);
}

static enum table_result ask_tables(const struct asker *asker, struct bytes *ret_reason)
{
    struct mailbox any = *asker->mailbox;
    struct sender_keys keys;
    struct senders_place place = {0};
    struct table_answer answer;
    bool hidden = false;
    any.plain = any.plain || !any.local.len;
    senders_keys(asker->senders, asker->arena, &any, &keys);
    while (!any.local.len && place.key < keys.count &&
           keys.keys[place.key].form != SENDER_KEY_DOMAIN)
        place.key++;
    enum table_result result;
    while ((result = senders_answer(asker->senders, asker->arena, &keys, &place, &answer)) !=
           TABLE_ABSENT) {
        if (result == TABLE_UNAVAILABLE && !hidden) {
            *ret_reason = answer.source;
            return TABLE_UNAVAILABLE;
        }
        if (result == TABLE_FOUND && !visit_row(asker, &answer, hidden))
            return TABLE_FOUND;
        hidden = true;
        place.table++;
    }
    return hidden ? TABLE_FOUND : TABLE_ABSENT;
}

/* Sets ret_owns where there is such a login. False: stop. */
static bool visit_login(const struct asker *asker, const char *text, bool *ret_owns)
{
    struct mailbox login;
    if (!text || !address_parse_plain(asker->arena, bytes_of(text), &login) ||
        !senders_login_owns(asker->senders, asker->arena, &login, asker->mailbox))
        return true;
    *ret_owns = true;
    const struct owner owner = {.login = bytes_of(text), .source = BYTES("login")};
    return asker->visit(asker->context, &owner);
}

static enum table_result ask_logins(const struct asker *asker)
{
    const struct mailbox *mailbox = asker->mailbox;
    if (!mailbox->local.len)
        return TABLE_ABSENT;
    struct bytes whole = senders_written(asker->senders, asker->arena, mailbox);
    whole = bytes_slice(whole, 0,
                        whole.len > mailbox->domain.len ? whole.len - mailbox->domain.len - 1 : 0);
    if (!asker->senders->keep_case)
        whole = key_lower(asker->arena, whole);
    struct bytes locals[] = {whole, {NULL, 0}};
    if (mailbox->plain)
        locals[1] = sender_keys_strip(asker->senders->delimiters, whole);
    bool owned = false;
    bool going = true;
    for (size_t i = 0; i < 2 && going && locals[i].len; i++) {
        int len = (int)locals[i].len;
        const char *address = arena_printf(asker->arena, "%.*s@%.*s", len, locals[i].data,
                                           (int)mailbox->domain.len, mailbox->domain.data);
        going = visit_login(asker, address, &owned) &&
                visit_login(asker, arena_text(asker->arena, locals[i]), &owned);
    }
    return owned ? TABLE_FOUND : TABLE_ABSENT;
}

enum table_result owners_each(const struct senders *senders, struct arena *arena,
                              const struct mailbox *mailbox,
                              bool (*visit)(void *context, const struct owner *owner),
                              void *context, struct bytes *ret_reason)
{
    const struct asker asker = {senders, arena, mailbox, visit, context};
    *ret_reason = (struct bytes){NULL, 0};
    if (!mailbox->domain.len)
        return TABLE_ABSENT;
    enum table_result result =
        senders->table_count ? ask_tables(&asker, ret_reason) : ask_logins(&asker);
    if (!arena_failed(arena))
        return result;
    *ret_reason = BYTES("out of memory");
    return TABLE_UNAVAILABLE;
}
