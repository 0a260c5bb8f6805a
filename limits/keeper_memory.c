/* What the thread does with the entries in memory: reads them again, forgets them, saves them into
 * a file that begins anew. */
#include <malloc.h>
#include <stdlib.h>

#include "limits/keeper.h"

#define SLICE ((size_t)1024)     /* slots, while the lock is held */
#define CALM_SLICES ((size_t)16) /* a tick: all slots in 4 s */
#define BATCH 128                /* entries that are read again at a time */
#define IDLE 300                 /* seconds: nobody asked for it */
#define MANY 50000               /* entries: idle ones leave earlier */
#define TOO_MANY 200000          /* ... also such as can't be written */
#define STUCK 3600               /* seconds: of those */
#define STUCK_STRANGER 60        /* ... and of addresses, which anybody can make up */

struct sweep {
    const struct keeper *keeper;
    int64_t uptime;
    int64_t now;
    bool are_many, are_too_many;
};

static bool is_needed_by_fleet(const struct entry *entry, const struct sweep *sweep)
{
    const struct shadow *shadow = entry->shadow;
    if (!shadow)
        return false;
    return shadow->unseen.count ||
           (!sweep->are_many && shadow->heard + window_seconds[WINDOW_DAY] * 1000 > sweep->now);
}

static bool is_forgotten(struct entry *entry, void *context)
{
    const struct sweep *sweep = context;
    int64_t idle = sweep->uptime - entry->used;
    /* The list of the dirty ones leads to it: it has to be written. */
    if (entry->is_dirty)
        return false;
    if (is_needed_by_fleet(entry, sweep))
        return false;
    return idle >= (sweep->are_many ? 2 : IDLE);
}

static int64_t stuck_for(const struct entry *entry)
{
    bool address = entry->kind == SUBJECT_CLIENT || entry->kind == SUBJECT_NETWORK;
    return address ? STUCK_STRANGER : STUCK;
}

/* Gives up what could not be written for long, so that it can be forgotten in the next round. */
static void drop_stuck(struct embedded *embedded, const struct sweep *sweep)
{
    struct entry **link = &embedded->entries.dirty;
    while (*link) {
        struct entry *entry = *link;
        if (sweep->uptime - entry->used < stuck_for(entry)) {
            link = &entry->next_dirty;
            continue;
        }
        *link = entry->next_dirty;
        entry->is_dirty = false;
        record_done(&entry->fresh);
    }
}

static size_t count_entries(struct embedded *embedded)
{
    pthread_mutex_lock(&embedded->lock);
    size_t count = embedded->entries.count;
    pthread_mutex_unlock(&embedded->lock);
    return count;
}

void keeper_sweep(struct keeper *keeper)
{
    struct embedded *embedded = keeper->embedded;
    struct sweep sweep = {.keeper = keeper, .uptime = embedded_uptime()};
    pthread_mutex_lock(&embedded->lock);
    sweep.now = embedded->latest;
    size_t before = embedded->entries.count;
    sweep.are_many = before > MANY;
    sweep.are_too_many = embedded->entries.count > TOO_MANY;
    if (sweep.are_too_many && keeper->is_failing)
        drop_stuck(embedded, &sweep);
    pthread_mutex_unlock(&embedded->lock);
    size_t slices = sweep.are_many ? ENTRIES_SLOTS / SLICE : CALM_SLICES;
    for (size_t i = 0; i < slices; i++) {
        pthread_mutex_lock(&embedded->lock);
        entries_sweep(&embedded->entries, keeper->sweep_slot, SLICE, is_forgotten, &sweep);
        pthread_mutex_unlock(&embedded->lock);
        keeper->sweep_slot = (keeper->sweep_slot + SLICE) % ENTRIES_SLOTS;
    }
    /* Many small pieces, which glibc would keep for itself. */
    if (sweep.are_many && count_entries(embedded) + MANY / 2 < before)
        malloc_trim(0);
}

/* Entries in some slots: no one but this thread forgets them, so they live without the lock. */
static size_t collect(struct embedded *embedded, size_t *slot, struct entry **entries, size_t room)
{
    size_t count = 0;
    pthread_mutex_lock(&embedded->lock);
    for (size_t i = 0; i < SLICE && *slot < ENTRIES_SLOTS; i++) {
        size_t in_slot = 0;
        for (struct entry *entry = embedded->entries.slots[*slot]; entry; entry = entry->next)
            in_slot++;
        if (count && count + in_slot > room)
            break;
        for (struct entry *entry = embedded->entries.slots[*slot]; entry && count < room;
             entry = entry->next)
            entries[count++] = entry;
        ++*slot;
    }
    pthread_mutex_unlock(&embedded->lock);
    return count;
}

static void read_again(struct keeper *keeper, struct entry **entries, size_t count)
{
    struct embedded *embedded = keeper->embedded;
    struct record records[BATCH];
    bool is_read[BATCH];
    for (size_t i = 0; i < count; i++) {
        const struct entry_key key = {.kind = entries[i]->kind, .name = entry_name(entries[i])};
        is_read[i] = keeper_load(keeper, &key, &records[i]);
    }
    pthread_mutex_lock(&embedded->lock);
    for (size_t i = 0; i < count; i++) {
        struct record before = entries[i]->total;
        /* What is in memory is better than nothing. */
        if (!is_read[i] || !record_merge(&records[i], &entries[i]->fresh, embedded->latest))
            continue;
        entries[i]->total = records[i];
        records[i] = before;
    }
    pthread_mutex_unlock(&embedded->lock);
    for (size_t i = 0; i < count; i++)
        record_done(&records[i]);
}

void keeper_refresh(struct keeper *keeper)
{
    struct embedded *embedded = keeper->embedded;
    struct entry *entries[BATCH];
    keeper->seen = ledger_last(&keeper->ledger);
    if (!keeper->seen)
        return;
    /* Who has read from the file before, and not put it into memory yet, reads it again. */
    pthread_mutex_lock(&embedded->lock);
    embedded->generation++;
    pthread_mutex_unlock(&embedded->lock);
    for (size_t slot = 0; slot < ENTRIES_SLOTS;) {
        size_t count = collect(embedded, &slot, entries, BATCH);
        if (count)
            read_again(keeper, entries, count);
    }
}

/* A sweep that forgets nobody: all that is in memory is fresh to the new file. */
static bool save(struct entry *entry, void *context)
{
    struct embedded *embedded = context;
    struct record all = {0};
    if (record_merge(&all, &entry->total, embedded->latest)) {
        record_done(&entry->fresh);
        entry->fresh = all;
        entries_mark_dirty(&embedded->entries, entry);
    } else {
        record_done(&all);
    }
    return false;
}

void keeper_begin_anew(struct keeper *keeper, const char *why)
{
    struct embedded *embedded = keeper->embedded;
    bool is_same = ledger_is_there(&keeper->ledger);
    char *aside;
    struct error error;
    bool is_open = ledger_open_again(&keeper->ledger, &aside, &error);
    bool is_aside = aside;
    if (aside)
        keeper_say(keeper, "%s", aside);
    free(aside);
    if (!is_open) {
        if (!keeper->is_failing)
            keeper_say(keeper, "%s. The counters are kept in memory meanwhile", error.text);
        keeper->is_failing = true;
        return;
    }
    is_same = is_same && !is_aside;
    keeper_say(keeper, "%s: %s: the counters' file %s", keeper->ledger.folder, why,
               is_same ? "is opened again" : "begins anew with what is in memory");
    keeper->prune_len = 0;
    if (is_same)
        return;
    keeper->seen = ledger_last(&keeper->ledger);
    for (size_t slot = 0; slot < ENTRIES_SLOTS; slot += SLICE) {
        pthread_mutex_lock(&embedded->lock);
        entries_sweep(&embedded->entries, slot, SLICE, save, embedded);
        pthread_mutex_unlock(&embedded->lock);
    }
}
