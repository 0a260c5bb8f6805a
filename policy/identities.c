/* Collecting the addresses that a message claims: the envelope's, the fields', the display name's.
 */
#include "policy/identities.h"

#include <string.h>

#include "policy/mention.h"

struct claimed_name {
    struct bytes name;
    enum identity_kind kind;
};

static const struct claimed_name claimed_names[] = {
    {{"From", 4}, IDENTITY_FROM},
    {{"Sender", 6}, IDENTITY_SENDER},
    {{"Resent-From", 11}, IDENTITY_RESENT_FROM},
    {{"Resent-Sender", 13}, IDENTITY_RESENT_SENDER},
};
#define CLAIMED_NAMES (sizeof claimed_names / sizeof *claimed_names)

const char *identities_word(enum identity_kind kind)
{
    for (size_t i = 0; i < CLAIMED_NAMES; i++)
        if (claimed_names[i].kind == kind)
            return claimed_names[i].name.data;
    return kind == IDENTITY_MAIL_FROM ? "MAIL FROM" : "display name";
}

static const struct claimed_name *claimed_by(const struct field *field)
{
    for (size_t i = 0; i < CLAIMED_NAMES; i++)
        if (bytes_equal_nocase(field->name, claimed_names[i].name))
            return &claimed_names[i];
    return NULL;
}

bool identities_are_in(const struct field *field)
{
    return claimed_by(field) != NULL;
}

/* There is room for FIRST_ROOM identities, and for twice as many whenever that is used up. */
#define FIRST_ROOM ((size_t)4)

static bool has_room(struct arena *arena, struct facts *facts)
{
    size_t count = facts->identity_count;
    bool full = count == 0 || (count >= FIRST_ROOM && (count & (count - 1)) == 0);
    if (!full)
        return true;
    size_t room = count ? 2 * count : FIRST_ROOM;
    struct identity *identities = arena_alloc(arena, room * sizeof *identities);
    if (!identities)
        return false;
    if (count)
        memcpy(identities, facts->identities, count * sizeof *identities);
    facts->identities = identities;
    return true;
}

static void add(struct arena *arena, struct facts *facts, enum identity_kind kind,
                const struct field *field, const struct mailbox *mailbox)
{
    if (facts->identity_count == IDENTITIES_MAX) {
        facts->identities_cut = true;
        return;
    }
    if (!has_room(arena, facts))
        return;
    facts->identities[facts->identity_count++] = (struct identity){
        .kind = kind,
        .field = field,
        .mailbox = mailbox,
        .in_domains = mailbox->domain.len && texts_have(&facts->site->domains, mailbox->domain)};
}

static void add_all(struct arena *arena, struct facts *facts, enum identity_kind kind,
                    const struct field *field, const struct address_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        add(arena, facts, kind, field, &list->mailboxes[i]);
}

static const struct identity_field *first_from(const struct facts *facts)
{
    for (size_t i = 0; i < facts->identity_field_count; i++)
        if (facts->identity_fields[i].kind == IDENTITY_FROM)
            return &facts->identity_fields[i];
    return NULL;
}

/* What is more than IDENTITIES_MAX addresses is not even read, but for the first From: 2,000
 * addresses in other scripts' domains took 8 ms. */
static bool is_to_be_read(const struct facts *facts, const struct claimed_name *claimed)
{
    return !facts->identities_cut || (claimed->kind == IDENTITY_FROM && !first_from(facts));
}

static bool parse_fields(struct arena *arena, struct facts *facts)
{
    size_t room = 0;
    for (size_t i = 0; i < facts->header.count && room < IDENTITIES_MAX; i++)
        room += claimed_by(&facts->header.fields[i]) != NULL;
    struct identity_field *fields = arena_alloc(arena, room * sizeof *fields);
    if (!fields)
        return false;
    facts->identity_fields = fields;
    for (size_t i = 0; i < facts->header.count; i++) {
        const struct field *field = &facts->header.fields[i];
        const struct claimed_name *claimed = claimed_by(field);
        if (!claimed || !is_to_be_read(facts, claimed))
            continue;
        if (facts->identity_field_count == IDENTITIES_MAX) {
            facts->identities_cut = true;
            break;
        }
        struct identity_field *parsed = &fields[facts->identity_field_count++];
        *parsed = (struct identity_field){.kind = claimed->kind, .field = field};
        address_parse_list(arena, field->value, &parsed->list);
        add_all(arena, facts, parsed->kind, field, &parsed->list);
    }
    return true;
}

/* A display name's "sales@work" is no address: its domain has no dot. */
static bool add_mention(struct arena *arena, struct facts *facts, const struct field *from,
                        const struct mention *mention)
{
    struct mailbox *mailbox = arena_alloc(arena, sizeof *mailbox);
    char *address = arena_printf(arena, "%.*s@%.*s", (int)mention->local.len, mention->local.data,
                                 (int)mention->domain.len, mention->domain.data);
    if (!mailbox || !address)
        return false;
    if (address_parse_plain(arena, bytes_of(address), mailbox) &&
        bytes_find(mailbox->domain, '.') < mailbox->domain.len)
        add(arena, facts, IDENTITY_DISPLAY_NAME, from, mailbox);
    return !arena_failed(arena);
}

static bool add_mentions(struct arena *arena, struct facts *facts, const struct field *from,
                         struct bytes display)
{
    struct bytes seen;
    struct mention mention;
    size_t at = 0;
    if (!mention_as_seen(arena, display, &seen))
        return false;
    while (!facts->identities_cut && mention_next(seen, &at, &mention))
        if (mention.local.len && !add_mention(arena, facts, from, &mention))
            return false;
    return true;
}

bool identities_collect(struct arena *arena, struct facts *facts)
{
    facts->from = (struct address_list){.reading = ADDRESS_UNPARSABLE, .reason = "missing"};
    facts->identity_fields = NULL;
    facts->identity_field_count = 0;
    facts->identities = NULL;
    facts->identity_count = 0;
    facts->identities_cut = false;

    add_all(arena, facts, IDENTITY_MAIL_FROM, NULL, &facts->envelope.sender);
    if (!parse_fields(arena, facts))
        return false;
    const struct identity_field *from = first_from(facts);
    if (from) {
        facts->from = from->list;
        for (size_t i = 0; i < from->list.count; i++)
            if (!add_mentions(arena, facts, from->field, from->list.mailboxes[i].display))
                return false;
    }
    return !arena_failed(arena);
}
