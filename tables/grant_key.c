/* Reading a row's key as the address for which it would be asked. */
#include "tables/grant_key.h"

#include <string.h>

static const char *parse(struct arena *arena, struct bytes key, struct grant_key *parsed)
{
    if (!key.len || bytes_find(key, '@') == key.len)
        return "a name without a domain is not asked for";
    parsed->domain = key.data[0] == '@';
    if (!sender_keys_read(arena, key, &parsed->mailbox) || !parsed->mailbox.domain.len)
        return parsed->domain ? "it is no domain name" : "it is no address";
    if (parsed->domain) {
        parsed->mailbox.local = BYTES("x");
        parsed->mailbox.plain = true;
    }
    return NULL;
}

size_t grant_key_first(const struct sender_keys *keys, enum sender_key_form form)
{
    size_t i = 0;
    while (i < keys->count && keys->keys[i].form < form)
        i++;
    return i;
}

bool grant_key_read(const struct senders *senders, const struct table *table, struct arena *arena,
                    struct bytes key, struct grant_key *ret_key, struct bytes *ret_why)
{
    *ret_key = (struct grant_key){0};
    const char *why = parse(arena, key, ret_key);
    *ret_why = bytes_of(why);
    if (why)
        return false;
    senders_keys(senders, arena, &ret_key->mailbox, &ret_key->keys);
    enum sender_key_form form = ret_key->domain ? SENDER_KEY_DOMAIN : SENDER_KEY_WHOLE;
    size_t first = grant_key_first(&ret_key->keys, form);
    for (size_t i = first; i < ret_key->keys.count && ret_key->keys.keys[i].form == form; i++)
        if (table_asks(table, arena, ret_key->keys.keys[i].text, key))
            return true;
    if (first < ret_key->keys.count)
        *ret_why = bytes_of(arena_printf(arena, "what is asked for is %.*s",
                                         (int)ret_key->keys.keys[first].text.len,
                                         ret_key->keys.keys[first].text.data));
    return false;
}

struct bytes grant_key_extensions(const struct senders *senders, struct arena *arena,
                                  const struct mailbox *mailbox, struct sender_keys *ret_keys)
{
    size_t most = strlen(senders->delimiters);
    char *found = arena_alloc(arena, most + 1);
    size_t count = 0;
    for (size_t i = 0; i < most && found; i++) {
        struct mailbox extended;
        const char *text =
            arena_printf(arena, "%.*s%cx@%.*s", (int)mailbox->local.len, mailbox->local.data,
                         senders->delimiters[i], (int)mailbox->domain.len, mailbox->domain.data);
        if (!text || !address_parse_plain(arena, bytes_of(text), &extended) || !extended.plain ||
            !bytes_equal(sender_keys_strip(senders->delimiters, extended.local), mailbox->local))
            continue;
        senders_keys(senders, arena, &extended, ret_keys);
        found[count++] = senders->delimiters[i];
    }
    return (struct bytes){found, found ? count : 0};
}
