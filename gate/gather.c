/* Asking the tables and the key store, and keeping the answers as facts. */
#include "gate/gather.h"

#include "policy/identities.h"
#include "policy/instances.h"

/* An identity before that one with the same mailbox to the byte: MAIL FROM, From and Sender mostly
 * name one. */
static const struct identity *asked_before(const struct facts *facts, size_t i)
{
    const struct mailbox *mailbox = facts->identities[i].mailbox;
    for (size_t j = 0; j < i; j++) {
        const struct mailbox *other = facts->identities[j].mailbox;
        if (bytes_equal(mailbox->local, other->local) &&
            bytes_equal(mailbox->domain, other->domain) && mailbox->plain == other->plain)
            return &facts->identities[j];
    }
    return NULL;
}

static void ask_owners(struct arena *arena, const struct snapshot *snapshot, struct facts *facts)
{
    if (facts->login.state != FACT_KNOWN)
        return;
    for (size_t i = 0; i < facts->identity_count; i++) {
        struct identity *identity = &facts->identities[i];
        const struct identity *asked = asked_before(facts, i);
        if (asked) {
            identity->ownership = asked->ownership;
            identity->source = asked->source;
            continue;
        }
        identity->ownership = senders_ask(snapshot->senders, arena, facts->login.name,
                                          identity->mailbox, &identity->source);
    }
}

void gather_envelope(struct arena *arena, const struct snapshot *snapshot, struct facts *facts)
{
    if (identities_collect(arena, facts))
        ask_owners(arena, snapshot, facts);
}

static void find_keys(const struct snapshot *snapshot, struct facts *facts)
{
    if (facts->from.reading != ADDRESS_AGREED || !facts->from.count)
        return;
    struct bytes domain = facts->from.mailboxes[0].domain;
    bool parents = snapshot->settings->dkim.parents;
    const struct key *keys;
    size_t count = keystore_find(snapshot->keystore, domain, parents, &keys);
    if (texts_have(&facts->site->domains, domain) || count)
        facts->dkim.domain = count ? bytes_of(keys->domain) : domain;
    facts->dkim.keys = count ? FACT_KNOWN : FACT_ABSENT;
}

void gather_header(struct arena *arena, const struct snapshot *snapshot, struct field *fields,
                   struct facts *facts)
{
    if (!instances_number(arena, facts->random, fields, facts->header.count) ||
        !identities_collect(arena, facts))
        return;
    ask_owners(arena, snapshot, facts);
    find_keys(snapshot, facts);
}
