/* The subjects that are in memory. */
#ifndef LIMITS_ENTRIES_H
#define LIMITS_ENTRIES_H

#include "limits/record.h"

/* Who is meant. name as embedded_name has it. */
struct entry_key {
    enum subject_kind kind;
    struct bytes name;
    uint64_t hash;
};

/* What a fleet's host needs beside its own counts. */
struct shadow {
    int64_t others[QUANTITY_COUNT][WINDOW_COUNT];
    int64_t heard;       /* milliseconds: when the others' counts were heard of */
    struct tally unseen; /* counted while the fleet was gone */
};

struct entry {
    struct entry *next;       /* of the same slot */
    struct entry *next_dirty; /* while is_dirty */
    struct record total;      /* all that is known */
    struct record fresh;      /* what of it the file does not have */
    struct shadow *shadow;    /* NULL without a fleet */
    uint64_t hash;
    int64_t used; /* seconds of a clock that never jumps */
    enum subject_kind kind;
    bool is_dirty; /* in the list of those with something fresh */
    uint16_t name_len;
    char name[];
};

struct entries {
    struct entry **slots;
    struct entry *dirty;
    size_t count;
};

#define ENTRIES_SLOTS ((size_t)1 << 18) /* untouched ones take no memory */

MUST_CHECK bool entries_init(struct entries *entries);
void entries_done(struct entries *entries);

struct entry *entries_find(const struct entries *entries, const struct entry_key *key);

/* One that is not there yet, empty. NULL: no memory. */
struct entry *entries_add(struct entries *entries, const struct entry_key *key);

void entries_mark_dirty(struct entries *entries, struct entry *entry);

/* Asks what is to be forgotten, in some of the slots (modulo ENTRIES_SLOTS). */
void entries_sweep(struct entries *entries, size_t first_slot, size_t slot_count,
                   bool (*is_forgotten)(struct entry *entry, void *context), void *context);

struct bytes entry_name(const struct entry *entry);

/* NULL: no memory. */
struct shadow *entry_shadow(struct entry *entry);

#endif
