/* The embedded store: its subjects in memory, by name. */
#include "limits/embedded.h"
#include "limits/embedded_words.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "limits/embedded_private.h"
#include "limits/keeper.h"
#include "policy/siphash.h"

#define SKEW 10000 /* milliseconds: callers come out of order, clocks are set back a little */
#define CORRESPONDENTS_MAX 1000000
#define SWEEP_SLOTS 16        /* for each subject that is added */
#define MANY ((size_t)200000) /* subjects: what tells little of a login leaves earlier */
#define IDLE 3600             /* seconds; of those */
#define DAY_MS (INT64_C(86400) * 1000)

int64_t embedded_uptime(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

int64_t embedded_wall_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t embedded_now(struct embedded *embedded, int64_t now)
{
    if (now > embedded->latest || now < embedded->latest - SKEW)
        embedded->latest = now;
    return embedded->latest;
}

uint64_t embedded_hash(const struct embedded *embedded, char what, struct bytes text)
{
    uint8_t secret[16];
    if (!text.len)
        return 0;
    memcpy(secret, embedded->secret, sizeof secret);
    secret[0] ^= (uint8_t)what;
    uint64_t hash = siphash(secret, text.data, text.len);
    return hash ? hash : 1;
}

/* A hash of a name of any length, piece by piece, as it is folded: else a long login would be
 * another one with each capital. */
static size_t hashed_name(const struct embedded *embedded, bool folded, struct bytes name,
                          char buffer[LIMITS_NAME_MAX])
{
    struct {
        uint64_t before[2];
        char piece[240];
    } block = {0};
    for (size_t from = 0; from < name.len; from += sizeof block.piece) {
        struct bytes piece = bytes_slice(name, from, from + sizeof block.piece);
        for (size_t i = 0; i < piece.len; i++)
            block.piece[i] = folded ? bytes_lower(piece.data[i]) : piece.data[i];
        const char *data = (const char *)&block;
        size_t len = sizeof block.before + piece.len;
        uint64_t first = siphash(embedded->secret, data, len);
        block.before[1] = siphash(embedded->secret + 16, data, len);
        block.before[0] = first;
    }
    char text[34];
    int len = snprintf(text, sizeof text, "~%016llx%016llx", (unsigned long long)block.before[0],
                       (unsigned long long)block.before[1]);
    memcpy(buffer, text, (size_t)len);
    return (size_t)len;
}

struct bytes embedded_name(const struct embedded *embedded, enum subject_kind kind,
                           struct bytes name, char buffer[LIMITS_NAME_MAX])
{
    bool folded = kind == SUBJECT_LOGIN || kind == SUBJECT_DOMAIN;
    if (name.len > LIMITS_NAME_MAX)
        return (struct bytes){buffer, hashed_name(embedded, folded, name, buffer)};
    for (size_t i = 0; i < name.len; i++)
        buffer[i] = folded ? bytes_lower(name.data[i]) : name.data[i];
    return (struct bytes){buffer, name.len};
}

void embedded_correspondent(const struct embedded *embedded, struct bytes login, struct bytes rcpt,
                            uint8_t ret_key[CORRESPONDENT_KEY])
{
    uint64_t whose = siphash(embedded->secret, login.data, login.len);
    uint8_t secret[16];
    memcpy(secret, embedded->secret + 16, sizeof secret);
    for (size_t i = 0; i < sizeof whose; i++)
        secret[i] ^= (uint8_t)(whose >> 8 * i);
    uint64_t who = siphash(secret, rcpt.data, rcpt.len);
    memcpy(ret_key, &whose, sizeof whose);
    memcpy(ret_key + 8, &who, sizeof who);
}

bool embedded_key(const struct embedded *embedded, enum subject_kind kind, struct bytes name,
                  struct named_key *ret_key)
{
    if (!name.len)
        return false;
    ret_key->key.kind = kind;
    ret_key->key.name = embedded_name(embedded, kind, name, ret_key->buffer);
    ret_key->key.hash = embedded_hash(embedded, (char)('0' + (int)kind), ret_key->key.name);
    return true;
}

/* With the lock held. Whether somebody is missing. */
static bool find(struct embedded *embedded, const struct entry_key *const *keys, size_t count,
                 struct entry **entries)
{
    bool missing = false;
    int64_t uptime = embedded_uptime();
    for (size_t i = 0; i < count; i++) {
        entries[i] = keys[i] ? entries_find(&embedded->entries, keys[i]) : NULL;
        if (entries[i])
            entries[i]->used = uptime; /* not to be forgotten while the lock is let go */
        missing = missing || (keys[i] && !entries[i]);
    }
    return missing;
}

/* Without the lock: the disk may have to be read. */
static void load(struct embedded *embedded, const struct entry_key *const *keys, size_t count,
                 struct entry **entries, struct record *records)
{
    for (size_t i = 0; i < count; i++)
        if (keys[i] && !entries[i])
            keeper_load(embedded->keeper, keys[i], &records[i]);
}

/* With the lock held: what nobody else has put there meanwhile. */
static void put_in(struct embedded *embedded, const struct entry_key *const *keys, size_t count,
                   struct record *records)
{
    for (size_t i = 0; i < count; i++) {
        struct entry *entry = NULL;
        if (!record_is_empty(&records[i]) && !entries_find(&embedded->entries, keys[i]))
            entry = entries_add(&embedded->entries, keys[i]);
        if (entry) {
            entry->total = records[i];
            entry->used = embedded_uptime();
        } else {
            record_done(&records[i]);
        }
        records[i] = (struct record){0};
    }
}

static bool is_forgotten(struct entry *entry, void *context)
{
    const struct embedded *embedded = context;
    const struct shadow *shadow = entry->shadow;
    const struct record *total = &entry->total;
    record_expire(&entry->total, embedded->latest, embedded->remember);
    if (shadow && shadow->unseen.count)
        return false;
    if (embedded->entries.count > MANY && !total->habits && !total->standing &&
        embedded_uptime() - entry->used >= IDLE)
        return true;
    return record_is_empty(total) && (!shadow || shadow->heard + DAY_MS <= embedded->latest);
}

/* With the lock held. Without a file there is no thread that forgets: each subject that comes in,
 * and clients choose their domains, lets go of those whose windows are over. */
static void forget_some(struct embedded *embedded)
{
    if (embedded->keeper || !embedded->latest)
        return;
    entries_sweep(&embedded->entries, embedded->sweep_slot, SWEEP_SLOTS, is_forgotten, embedded);
    embedded->sweep_slot = (embedded->sweep_slot + SWEEP_SLOTS) % ENTRIES_SLOTS;
}

/* With the lock held. Whether one that was there has been forgotten since: a disk was slow. */
static bool is_gone(const struct embedded *embedded, const struct entry_key *const *keys,
                    size_t count, struct entry *const *entries)
{
    for (size_t i = 0; i < count; i++)
        if (entries[i] && !entries_find(&embedded->entries, keys[i]))
            return true;
    return false;
}

void embedded_gather(struct embedded *embedded, const struct entry_key *const *keys, size_t count,
                     bool create, struct entry **entries)
{
    int64_t uptime = embedded_uptime();
    uint64_t generation;
    struct record records[SUBJECT_COUNT];
    assert(count <= SUBJECT_COUNT);
    memset(records, 0, sizeof records);
    pthread_mutex_lock(&embedded->lock);
    bool missing = find(embedded, keys, count, entries);
    while (missing && embedded->keeper) {
        generation = embedded->generation;
        pthread_mutex_unlock(&embedded->lock);
        load(embedded, keys, count, entries, records);
        pthread_mutex_lock(&embedded->lock);
        missing = generation != embedded->generation || is_gone(embedded, keys, count, entries);
        for (size_t i = 0; missing && i < count; i++)
            record_done(&records[i]);
        if (missing)
            missing = find(embedded, keys, count, entries);
    }
    if (missing && create)
        forget_some(embedded);
    put_in(embedded, keys, count, records);
    find(embedded, keys, count, entries);
    for (size_t i = 0; i < count; i++) {
        if (!entries[i] && keys[i] && create)
            entries[i] = entries_add(&embedded->entries, keys[i]);
        if (entries[i])
            entries[i]->used = uptime;
    }
}

static bool init(const struct limits_options *options, struct embedded **ret_embedded,
                 struct error *error)
{
    struct embedded *embedded = calloc(1, sizeof *embedded);
    if (!embedded || !entries_init(&embedded->entries)) {
        free(embedded);
        return error_set(error, "out of memory");
    }
    memcpy(embedded->secret, options->secret, sizeof embedded->secret);
    embedded->remember = options->remember;
    embedded->known_after = options->known_after;
    pthread_mutex_init(&embedded->lock, NULL);
    correspondents_init(&embedded->correspondents, CORRESPONDENTS_MAX);
    claims_init(&embedded->claims);
    *ret_embedded = embedded;
    return true;
}

static bool open_with(const struct limits_options *options, enum ledger_use use,
                      struct embedded **ret_embedded, struct error *error)
{
    if (!init(options, ret_embedded, error))
        return false;
    if (!options->file || !*options->file || keeper_start(*ret_embedded, options, use, error))
        return true;
    embedded_close(*ret_embedded);
    *ret_embedded = NULL;
    return false;
}

bool embedded_open(const struct limits_options *options, struct embedded **ret_embedded,
                   struct error *error)
{
    return open_with(options, LEDGER_MAKE, ret_embedded, error);
}

bool embedded_open_admin(const struct limits_options *options, struct embedded **ret_embedded,
                         struct error *error)
{
    if (!options->file || !*options->file)
        return error_set(error, "the counters are kept in the daemon's memory alone: set "
                                "counters.file, so that they can be looked at");
    return open_with(options, LEDGER_EXISTING, ret_embedded, error);
}

bool embedded_stop(struct embedded *embedded, int64_t by)
{
    return !embedded->keeper || keeper_stop(embedded->keeper, by);
}

void embedded_close(struct embedded *embedded)
{
    if (!embedded || !embedded_stop(embedded, LIMITS_FOREVER))
        return;
    if (embedded->keeper)
        keeper_free(embedded->keeper);
    entries_done(&embedded->entries);
    correspondents_done(&embedded->correspondents);
    claims_done(&embedded->claims);
    embedded_words_free(embedded->heard);
    pthread_mutex_destroy(&embedded->lock);
    free(embedded);
}
