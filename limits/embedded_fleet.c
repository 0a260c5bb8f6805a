/* What only a fleet's host asks of its own store, and what is said of logins and alerts. */
#include "limits/embedded.h"

#include <stdlib.h>
#include <string.h>

#include "limits/embedded_private.h"
#include "limits/keeper.h"

void embedded_raise(struct embedded *embedded, struct bytes login,
                    const struct login_standing *standing)
{
    struct named_key name;
    const struct entry_key *key = &name.key;
    struct entry *entry;
    if (!embedded_key(embedded, SUBJECT_LOGIN, login, &name))
        return;
    embedded_gather(embedded, &key, 1, true, &entry);
    if (entry && standing_is_raised_by(entry->total.standing, standing, standing->since) &&
        record_standing(&entry->total) &&
        standing_raise(entry->total.standing, standing, standing->since)) {
        entry->total.standing->raised = embedded_wall_clock();
        if (embedded->keeper && record_standing(&entry->fresh)) {
            *entry->fresh.standing = *entry->total.standing;
            entries_mark_dirty(&embedded->entries, entry);
        }
    }
    pthread_mutex_unlock(&embedded->lock);
}

struct unseen {
    int64_t now;
    bool (*visit)(enum subject_kind kind, struct bytes name, const struct tally *unseen,
                  void *context);
    void *context;
    bool stopped;
};

/* A sweep that forgets nobody. */
static bool take_unseen(struct entry *entry, void *context)
{
    struct unseen *unseen = context;
    if (unseen->stopped || !entry->shadow)
        return false;
    tally_expire(&entry->shadow->unseen, unseen->now);
    if (!entry->shadow->unseen.count)
        return false;
    if (unseen->visit(entry->kind, entry_name(entry), &entry->shadow->unseen, unseen->context))
        tally_done(&entry->shadow->unseen);
    else
        unseen->stopped = true;
    return false;
}

bool embedded_take_unseen(struct embedded *embedded, int64_t now,
                          bool (*visit)(enum subject_kind kind, struct bytes name,
                                        const struct tally *unseen, void *context),
                          void *context)
{
    enum { SLICE = 64 }; /* a short time under the lock: each visit writes out a command */
    struct unseen unseen = {.now = now, .visit = visit, .context = context};
    for (size_t slot = 0; slot < ENTRIES_SLOTS && !unseen.stopped; slot += SLICE) {
        pthread_mutex_lock(&embedded->lock);
        entries_sweep(&embedded->entries, slot, SLICE, take_unseen, &unseen);
        pthread_mutex_unlock(&embedded->lock);
    }
    return !unseen.stopped;
}

bool embedded_claim(struct embedded *embedded, const char *key, int64_t seconds, int64_t now)
{
    uint64_t hash = embedded_hash(embedded, 'k', bytes_of(key));
    bool is_free;
    if (embedded->keeper && keeper_claim(embedded->keeper, hash, seconds, now, &is_free))
        return is_free;
    return claims_claim(&embedded->claims, hash, seconds, now);
}
