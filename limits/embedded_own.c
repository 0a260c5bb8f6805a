/* Telling all that is in memory. */
#include "limits/embedded_own.h"

#include "limits/embedded_private.h"

struct telling {
    int64_t now;
    bool (*visit)(const struct embedded_own *own, void *context);
    void *context;
};

/* A sweep that forgets nobody. */
static bool tell(struct entry *entry, void *context)
{
    static const struct tally none;
    struct telling *telling = context;
    struct embedded_own own = {.kind = entry->kind, .name = entry_name(entry), .unseen = &none};
    own.standing = entry->total.standing;
    tally_expire(&entry->total.tally, telling->now);
    own.total = &entry->total.tally;
    if (entry->shadow) {
        tally_expire(&entry->shadow->unseen, telling->now);
        own.unseen = &entry->shadow->unseen;
    }
    if (telling->visit(&own, telling->context) && entry->shadow)
        tally_done(&entry->shadow->unseen);
    return false;
}

void embedded_each_own(struct embedded *embedded, int64_t now,
                       bool (*visit)(const struct embedded_own *own, void *context), void *context)
{
    enum { SLICE = 64 }; /* a short time under the lock: each visit writes out a command */
    struct telling telling = {.now = now, .visit = visit, .context = context};
    for (size_t slot = 0; slot < ENTRIES_SLOTS; slot += SLICE) {
        pthread_mutex_lock(&embedded->lock);
        entries_sweep(&embedded->entries, slot, SLICE, tell, &telling);
        pthread_mutex_unlock(&embedded->lock);
    }
}

void embedded_take_standing(struct embedded *embedded, struct bytes login,
                            const struct login_standing *standing, int64_t now)
{
    struct named_key name;
    const struct entry_key *key = &name.key;
    struct entry *entry;
    if (!embedded_key(embedded, SUBJECT_LOGIN, login, &name))
        return;
    embedded_gather(embedded, &key, 1, true, &entry);
    if (entry && record_standing(&entry->total) &&
        standing_follow(entry->total.standing, standing, now, embedded_wall_clock())) {
        if (embedded->keeper && record_standing(&entry->fresh)) {
            *entry->fresh.standing = *entry->total.standing;
            entries_mark_dirty(&embedded->entries, entry);
        }
    }
    pthread_mutex_unlock(&embedded->lock);
}
