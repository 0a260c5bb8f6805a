/* Addresses one after the other, held against the domains and the tables. */
#include "ctl/propose/addresses.h"

#include <idn2.h>
#include <stdlib.h>

#include "ctl/propose/writable.h"
#include "policy/lookalike.h"

#define ARENA_MAX ((size_t)16 << 20) /* for one address */
/* Comparisons of look-alikes, which are slow. A domain that is not ours is suspect without. */
#define LOOKALIKES_MAX 200000

struct reader {
    const struct settings *settings;
    const struct senders *senders;
    struct names *names;
    struct addresses *addresses;
    struct arena *arena;   /* cleared for each address */
    struct names *domains; /* that are not ours */
    const char **imitated; /* by the numbers of domains */
    size_t lookalikes_left;
};

/* Of an A-label domain what people see. */
static struct bytes shown_domain(struct arena *arena, struct bytes domain)
{
    const char *text = arena_text(arena, domain);
    char *unicode = NULL;
    if (!text || idn2_to_unicode_8z8z(text, &unicode, 0) != IDN2_OK)
        return domain;
    struct bytes shown = arena_bytes(arena, bytes_of(unicode));
    idn2_free(unicode);
    return shown;
}

static const char *find_imitated(struct reader *reader, struct bytes domain)
{
    const struct texts *ours = &reader->settings->site.domains;
    if (reader->lookalikes_left < ours->count)
        return NULL;
    reader->lookalikes_left -= ours->count;
    struct bytes shown = shown_domain(reader->arena, domain);
    for (size_t i = 0; i < ours->count; i++)
        if (lookalike_same(reader->arena, shown,
                           shown_domain(reader->arena, bytes_of(ours->items[i]))))
            return ours->items[i];
    return NULL;
}

/* Each domain is looked at once. False when memory is out. */
static bool imitates(struct reader *reader, struct bytes domain, const char **ret_imitated)
{
    uint32_t known = names_count(reader->domains);
    uint32_t number = names_add(reader->domains, domain);
    if (number == NAMES_NONE)
        return false;
    if (number == known || !reader->imitated) {
        const char **imitated = reallocarray(reader->imitated, (size_t)known + 1, sizeof *imitated);
        if (!imitated)
            return false;
        reader->imitated = imitated;
        imitated[number] = find_imitated(reader, domain);
    }
    *ret_imitated = reader->imitated[number];
    return true;
}

/* Whether a row answers for the address as it stands, with its extension. */
static bool has_own_row(struct reader *reader, const struct mailbox *mailbox, bool *ret_has,
                        struct error *error)
{
    struct sender_keys keys;
    const struct table *table;
    *ret_has = false;
    senders_keys(reader->senders, reader->arena, mailbox, &keys);
    for (size_t i = 0; (table = senders_table(reader->senders, i)) && !*ret_has; i++) {
        for (size_t k = 0; k < keys.count && keys.keys[k].form == SENDER_KEY_WHOLE; k++) {
            struct table_answer answer;
            if (table_matches_patterns(table) && !keys.keys[k].for_patterns)
                continue;
            enum table_result result = table_find(table, reader->arena, keys.keys[k].text, &answer);
            if (result == TABLE_UNAVAILABLE)
                return error_set(error, "a table of senders does not answer: %.*s",
                                 (int)answer.source.len, answer.source.data);
            *ret_has = *ret_has || result == TABLE_FOUND;
        }
    }
    return true;
}

/* Only where no row answers for the whole address does one for its base hold. Without tables none
 * is joined: what stands in for them, patterns, answers for whole addresses. */
static bool find_base(struct reader *reader, const struct mailbox *mailbox, uint32_t *ret_base,
                      struct error *error)
{
    const struct senders_settings *settings = &reader->settings->senders;
    if (!settings->extensions || !settings->recipient_delimiter || !settings->tables.count)
        return true;
    struct bytes local = sender_keys_strip(settings->recipient_delimiter, mailbox->local);
    const char *text = arena_printf(reader->arena, "%.*s@%.*s", (int)local.len, local.data,
                                    (int)mailbox->domain.len, mailbox->domain.data);
    struct mailbox base;
    if (!text)
        return error_set(error, "out of memory");
    if (!local.len ||
        writable_address(reader->arena, bytes_of(text), settings->case_sensitive_local, &base))
        return true;
    bool own_row;
    if (!has_own_row(reader, mailbox, &own_row, error))
        return false;
    if (own_row)
        return true;
    /* As the record writes it, and not with the capitals of a local part. */
    *ret_base = names_add(reader->names, base.address);
    return *ret_base != NAMES_NONE || error_set(error, "out of memory");
}

static bool read_address(struct reader *reader, struct bytes text, struct address *ret_address,
                         struct error *error)
{
    struct mailbox mailbox;
    arena_clear(reader->arena);
    ret_address->base = NAMES_NONE;
    ret_address->unwritable = writable_address(
        reader->arena, text, reader->settings->senders.case_sensitive_local, &mailbox);
    if (ret_address->unwritable)
        return true;
    ret_address->ours = texts_have(&reader->settings->site.domains, mailbox.domain);
    bool well = (ret_address->ours || imitates(reader, mailbox.domain, &ret_address->imitates) ||
                 error_set(error, "out of memory")) &&
                find_base(reader, &mailbox, &ret_address->base, error);
    return well && (!arena_failed(reader->arena) || error_set(error, "out of memory"));
}

static bool read_all(struct reader *reader, struct error *error)
{
    struct addresses *addresses = reader->addresses;
    while (addresses->count < names_count(reader->names)) {
        size_t count = names_count(reader->names);
        struct address *items = reallocarray(addresses->items, count, sizeof *items);
        if (!items)
            return error_set(error, "out of memory");
        addresses->items = items;
        for (; addresses->count < count; addresses->count++) {
            items[addresses->count] = (struct address){0};
            struct bytes text = names_text(reader->names, (uint32_t)addresses->count);
            if (!read_address(reader, text, &items[addresses->count], error))
                return false;
        }
    }
    return true;
}

bool addresses_read(const struct settings *settings, const struct senders *senders,
                    struct names *names, struct addresses *ret_addresses, struct error *error)
{
    *ret_addresses = (struct addresses){NULL, 0};
    struct reader reader = {.settings = settings,
                            .senders = senders,
                            .names = names,
                            .addresses = ret_addresses,
                            .arena = arena_new(ARENA_MAX),
                            .domains = names_new(),
                            .lookalikes_left = LOOKALIKES_MAX};
    bool read = (reader.arena && reader.domains) || error_set(error, "out of memory");
    read = read && read_all(&reader, error);
    arena_free(reader.arena);
    names_free(reader.domains);
    free(reader.imitated);
    return read;
}

void addresses_done(struct addresses *addresses)
{
    free(addresses->items);
}
