/* A round of writing: takes what is fresh out of the entries, adds it to what the file says, in one
 * transaction that reaches the disk, and gives what is known then back to the entries. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "limits/embedded_words.h"
#include "limits/keeper.h"

#define BATCH 256          /* entries, while the lock is held */
#define FLIGHTS_MAX 200000 /* entries a round */

/* On its way into the file. The entry stays: only this thread forgets entries. */
struct flight {
    struct entry *entry;
    struct record fresh;  /* what was taken out of it */
    struct record merged; /* what the file knows with it */
};

struct flights {
    struct flight *items;
    size_t count, room;
    int64_t now; /* milliseconds; 0: nobody has asked for anything yet */
};

static bool make_room(struct flights *flights)
{
    if (flights->count + BATCH <= flights->room)
        return true;
    size_t room = 2 * flights->room + BATCH;
    struct flight *items = reallocarray(flights->items, room, sizeof *items);
    if (!items)
        return false;
    flights->items = items;
    flights->room = room;
    return true;
}

static void take_fresh(struct embedded *embedded, struct flights *flights)
{
    bool more = true;
    while (more && flights->count < FLIGHTS_MAX && make_room(flights)) {
        pthread_mutex_lock(&embedded->lock);
        flights->now = embedded->latest;
        for (size_t i = 0; i < BATCH && embedded->entries.dirty; i++) {
            struct entry *entry = embedded->entries.dirty;
            embedded->entries.dirty = entry->next_dirty;
            entry->is_dirty = false;
            flights->items[flights->count++] =
                (struct flight){.entry = entry, .fresh = entry->fresh};
            entry->fresh = (struct record){0};
        }
        more = embedded->entries.dirty;
        pthread_mutex_unlock(&embedded->lock);
    }
}

static void give_back(struct embedded *embedded, struct flight *flight, int64_t now)
{
    struct record later = flight->entry->fresh;
    flight->entry->fresh = flight->fresh;
    flight->fresh = (struct record){0};
    /* Without memory what came in meanwhile stays out of the file, and counts all the same. */
    if (!record_merge(&flight->entry->fresh, &later, now))
        flight->entry->used = embedded_uptime();
    record_done(&later);
    entries_mark_dirty(&embedded->entries, flight->entry);
}

static void give_known(struct flight *flight, int64_t now)
{
    struct entry *entry = flight->entry;
    if (!flight->merged.standing) {
        flight->merged.standing = entry->total.standing;
        entry->total.standing = NULL;
    }
    if (!record_merge(&flight->merged, &entry->fresh, now))
        return;
    struct record before = entry->total;
    entry->total = flight->merged;
    flight->merged = before;
}

static void settle(struct embedded *embedded, struct flights *flights, bool written)
{
    for (size_t done = 0; done < flights->count;) {
        pthread_mutex_lock(&embedded->lock);
        for (size_t i = 0; i < BATCH && done < flights->count; i++, done++) {
            if (written)
                give_known(&flights->items[done], flights->now);
            else
                give_back(embedded, &flights->items[done], flights->now);
        }
        pthread_mutex_unlock(&embedded->lock);
    }
    for (size_t i = 0; i < flights->count; i++) {
        record_done(&flights->items[i].fresh);
        record_done(&flights->items[i].merged);
    }
    free(flights->items);
}

static int write_standing(struct keeper *keeper, MDB_txn *txn, struct flight *flight, int64_t now)
{
    struct bytes login = entry_name(flight->entry);
    struct standing *standing = flight->fresh.standing ? record_standing(&flight->merged) : NULL;
    if (!flight->fresh.standing)
        return 0;
    if (!standing)
        return ENOMEM;
    int status = keeper_get_standing(keeper, txn, login, standing);
    if (status == MDB_NOTFOUND)
        *standing = (struct standing){0};
    else if (status)
        return status;
    standing_merge(standing, flight->fresh.standing, now / 1000);
    return keeper_put_standing(keeper, txn, login, standing);
}

static int write_flight(struct keeper *keeper, MDB_txn *txn, struct flight *flight, int64_t now)
{
    const struct entry *entry = flight->entry;
    struct entry_key key = {.kind = entry->kind, .name = entry_name(entry)};
    struct record counted = {.tally = flight->fresh.tally, .habits = flight->fresh.habits};
    record_done(&flight->merged);
    int status = keeper_get(keeper, txn, &key, &flight->merged);
    if (status && status != MDB_NOTFOUND)
        return status;
    if (!record_merge(&flight->merged, &counted, now))
        return ENOMEM;
    if (now)
        record_expire(&flight->merged, now, keeper->embedded->remember);
    status = keeper_put(keeper, txn, key.kind, key.name, &flight->merged);
    return status ? status : write_standing(keeper, txn, flight, now);
}

static int write_known(struct keeper *keeper, MDB_txn *txn, const struct known_set *set)
{
    int status = 0;
    for (size_t i = 0; i < set->room && !status; i++)
        if (set->places[i].last)
            status = keeper_put_known(keeper, txn, &set->places[i]);
    return status;
}

static int write_all(struct keeper *keeper, struct flights *flights,
                     const struct known_set *correspondents)
{
    MDB_txn *txn;
    int status = ledger_write(&keeper->ledger, &txn);
    bool changed = flights->count || correspondents->count, pruned = false;
    if (status)
        return status;
    size_t before = mdb_txn_id(txn) - 1;
    for (size_t i = 0; i < flights->count && !status; i++)
        status = write_flight(keeper, txn, &flights->items[i], flights->now);
    if (!status)
        status = write_known(keeper, txn, correspondents);
    if (!status)
        status = embedded_words_forget(keeper->embedded, txn, &changed);
    if (!status && flights->now)
        status = keeper_prune(keeper, txn, flights->now, &pruned);
    if (!status && !changed && !pruned) {
        ledger_write_end(&keeper->ledger, txn, MDB_NOTFOUND); /* nothing to keep */
        return 0;
    }
    status = ledger_write_end(&keeper->ledger, txn, status);
    /* Somebody else wrote in between: run() will see to it. */
    if (!status && before == keeper->seen)
        keeper->seen = before + 1;
    return status;
}

/* The file is full or the disk is: an admin's or a sign's word goes first, and what is old makes
 * room. */
static void write_least(struct keeper *keeper, struct flights *flights)
{
    MDB_txn *txn;
    bool changed;
    int status = ledger_write(&keeper->ledger, &txn);
    if (status)
        return;
    for (size_t i = 0; i < flights->count && !status; i++)
        status = write_standing(keeper, txn, &flights->items[i], flights->now);
    for (int slice = 0; slice < 10 && !status && flights->now; slice++)
        status = keeper_prune(keeper, txn, flights->now, &changed);
    ledger_write_end(&keeper->ledger, txn, status);
}

static void say_state(struct keeper *keeper, int status)
{
    bool failing = status != 0;
    if (failing && !keeper->is_failing)
        keeper_say(keeper,
                   "%s: the counters cannot be written: %s. They are kept in memory meanwhile",
                   keeper->ledger.folder, ledger_reason(status));
    else if (!failing && keeper->is_failing)
        keeper_say(keeper, "%s: the counters are written again", keeper->ledger.folder);
    keeper->is_failing = failing;
}

int keeper_write(struct keeper *keeper)
{
    struct embedded *embedded = keeper->embedded;
    struct flights flights = {0};
    take_fresh(embedded, &flights);
    const struct known_set *known = correspondents_take(&embedded->correspondents);
    int status = write_all(keeper, &flights, known);
    if (status && !ledger_is_damage(status))
        write_least(keeper, &flights);
    correspondents_taken(&embedded->correspondents, status == 0);
    settle(embedded, &flights, status == 0);
    if (!status || !ledger_is_damage(status))
        say_state(keeper, status);
    return status;
}
