/* A hash table of fixed size: growing one would hold up everybody for milliseconds. */
#include "limits/entries.h"

#include <stdlib.h>
#include <string.h>

bool entries_init(struct entries *entries)
{
    *entries = (struct entries){.slots = calloc(ENTRIES_SLOTS, sizeof *entries->slots)};
    return entries->slots;
}

static void free_entry(struct entry *entry)
{
    record_done(&entry->total);
    record_done(&entry->fresh);
    if (entry->shadow)
        tally_done(&entry->shadow->unseen);
    free(entry->shadow);
    free(entry);
}

static bool always(struct entry *entry, void *context)
{
    (void)entry;
    (void)context;
    return true;
}

void entries_done(struct entries *entries)
{
    if (entries->slots)
        entries_sweep(entries, 0, ENTRIES_SLOTS, always, NULL);
    free(entries->slots);
    *entries = (struct entries){0};
}

static struct entry **slot_of(const struct entries *entries, uint64_t hash)
{
    return &entries->slots[hash % ENTRIES_SLOTS];
}

struct bytes entry_name(const struct entry *entry)
{
    return (struct bytes){entry->name, entry->name_len};
}

struct entry *entries_find(const struct entries *entries, const struct entry_key *key)
{
    for (struct entry *entry = *slot_of(entries, key->hash); entry; entry = entry->next)
        if (entry->hash == key->hash && entry->kind == key->kind &&
            bytes_equal(entry_name(entry), key->name))
            return entry;
    return NULL;
}

struct entry *entries_add(struct entries *entries, const struct entry_key *key)
{
    struct entry *entry = calloc(1, sizeof *entry + key->name.len);
    if (!entry)
        return NULL;
    struct entry **slot = slot_of(entries, key->hash);
    entry->hash = key->hash;
    entry->kind = key->kind;
    entry->name_len = (uint16_t)key->name.len;
    memcpy(entry->name, key->name.data, key->name.len);
    entry->next = *slot;
    *slot = entry;
    entries->count++;
    return entry;
}

void entries_mark_dirty(struct entries *entries, struct entry *entry)
{
    if (entry->is_dirty)
        return;
    entry->is_dirty = true;
    entry->next_dirty = entries->dirty;
    entries->dirty = entry;
}

void entries_sweep(struct entries *entries, size_t first_slot, size_t slot_count,
                   bool (*is_forgotten)(struct entry *entry, void *context), void *context)
{
    for (size_t i = 0; i < slot_count; i++) {
        struct entry **link = &entries->slots[(first_slot + i) % ENTRIES_SLOTS];
        while (*link) {
            struct entry *entry = *link;
            if (!is_forgotten(entry, context)) {
                link = &entry->next;
                continue;
            }
            *link = entry->next;
            entries->count--;
            free_entry(entry);
        }
    }
}

struct shadow *entry_shadow(struct entry *entry)
{
    if (!entry->shadow)
        entry->shadow = calloc(1, sizeof *entry->shadow);
    return entry->shadow;
}
