/* Asking the tables and the key store, and keeping the answers as facts. */
#include "gate/gather.h"

#include <stdlib.h>
#include <string.h>

#include "policy/identities.h"
#include "policy/instances.h"

static void ask_owners(struct arena *arena, const struct snapshot *snapshot, struct facts *facts)
{
    if (facts->login.state != FACT_KNOWN)
        return;
    for (size_t i = 0; i < facts->identity_count; i++) {
        struct identity *identity = &facts->identities[i];
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
    if (!instances_number(arena, fields, facts->header.count) || !identities_collect(arena, facts))
        return;
    ask_owners(arena, snapshot, facts);
    find_keys(snapshot, facts);
}
