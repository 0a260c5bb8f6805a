/* The thread that writes counters, and what is read beside it. */
#include "limits/keeper.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "limits/until.h"

#define TICK_MS 200   /* an admin's word is in force within one, and a little */
#define WRITE_TICKS 5 /* ... and is written once a second */

void keeper_say(struct keeper *keeper, const char *format, ...)
{
    char text[1100];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (keeper->say)
        keeper->say(text);
}

static int load_standing(struct keeper *keeper, MDB_txn *txn, struct bytes login,
                         struct record *record)
{
    if (!record_standing(record))
        return ENOMEM;
    int status = keeper_get_standing(keeper, txn, login, record->standing);
    if (!status)
        return 0;
    free(record->standing);
    record->standing = NULL;
    return status == MDB_NOTFOUND ? 0 : status;
}

static int load(struct keeper *keeper, const struct entry_key *key, struct record *record)
{
    MDB_txn *txn = ledger_read(&keeper->ledger);
    if (!txn)
        return MDB_INVALID;
    int status = keeper_get(keeper, txn, key, record);
    if (status == MDB_NOTFOUND)
        status = 0;
    if (!status && key->kind == SUBJECT_LOGIN)
        status = load_standing(keeper, txn, key->name, record);
    ledger_read_end(&keeper->ledger, txn);
    return status;
}

bool keeper_load(struct keeper *keeper, const struct entry_key *key, struct record *ret_record)
{
    *ret_record = (struct record){0};
    if (!load(keeper, key, ret_record))
        return true;
    record_done(ret_record);
    __atomic_store_n(&keeper->has_missed, true, __ATOMIC_RELAXED);
    return false;
}

bool keeper_find_correspondent(struct keeper *keeper, const uint8_t key[CORRESPONDENT_KEY],
                               struct known *ret_known)
{
    MDB_val found, wanted = {CORRESPONDENT_KEY, (void *)(uintptr_t)key};
    MDB_txn *txn = ledger_read(&keeper->ledger);
    if (!txn)
        return false;
    bool is_there = mdb_get(txn, keeper->ledger.correspondents, &wanted, &found) == 0 &&
                    known_decode(found.mv_data, found.mv_size, ret_known);
    if (is_there)
        memcpy(ret_known->key, key, CORRESPONDENT_KEY);
    ledger_read_end(&keeper->ledger, txn);
    return is_there;
}

static int drop_old_claims(MDB_txn *txn, MDB_dbi claims, int64_t now)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    int64_t until;
    int status = mdb_cursor_open(txn, claims, &cursor);
    if (status)
        return status;
    while (!(status = mdb_cursor_get(cursor, &key, &value, MDB_NEXT))) {
        memcpy(&until, value.mv_data, value.mv_size == sizeof until ? sizeof until : 0);
        if ((value.mv_size != sizeof until || until <= now) &&
            (status = mdb_cursor_del(cursor, 0)) != 0)
            break;
    }
    mdb_cursor_close(cursor);
    return status == MDB_NOTFOUND ? 0 : status;
}

static bool is_claimed(const MDB_val *value, int64_t seconds, int64_t now)
{
    int64_t until;
    if (value->mv_size != sizeof until)
        return false;
    memcpy(&until, value->mv_data, sizeof until);
    return claim_holds(until, seconds, now);
}

bool keeper_claim(struct keeper *keeper, uint64_t key, int64_t seconds, int64_t now,
                  bool *ret_is_free)
{
    MDB_txn *txn;
    MDB_val name = {sizeof key, &key}, value;
    int64_t until = now + seconds;
    int status = ledger_write(&keeper->ledger, &txn);
    if (status)
        return false;
    status = drop_old_claims(txn, keeper->ledger.claims, now);
    if (!status)
        status = mdb_get(txn, keeper->ledger.claims, &name, &value);
    *ret_is_free = status == MDB_NOTFOUND || (!status && !is_claimed(&value, seconds, now));
    if (*ret_is_free) {
        value = (MDB_val){sizeof until, &until};
        status = mdb_put(txn, keeper->ledger.claims, &name, &value, 0);
    }
    return ledger_write_end(&keeper->ledger, txn, status) == 0;
}

/* Whether to go on; *ret_writes: whether a round is due. */
static bool rest(struct keeper *keeper, int *ticks, bool *ret_writes)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += TICK_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&keeper->lock);
    int status = 0;
    while (!status && !keeper->stops && keeper->wanted == keeper->done)
        status = pthread_cond_timedwait(&keeper->woken, &keeper->lock, &until);
    bool goes_on = !keeper->stops;
    *ret_writes = ++*ticks >= WRITE_TICKS || keeper->wanted != keeper->done || !goes_on;
    pthread_mutex_unlock(&keeper->lock);
    return goes_on;
}

static void write_round(struct keeper *keeper)
{
    pthread_mutex_lock(&keeper->lock);
    uint64_t wanted = keeper->wanted;
    pthread_mutex_unlock(&keeper->lock);
    if (!ledger_is_there(&keeper->ledger))
        keeper_begin_anew(keeper, "it is gone or has become shorter");
    keeper_write_note(keeper);
    ledger_clear_readers(&keeper->ledger);
    int status = keeper_write(keeper);
    if (status && ledger_is_damage(status) && keeper->ledger.env)
        keeper_begin_anew(keeper, ledger_reason(status));
    pthread_mutex_lock(&keeper->lock);
    keeper->done = wanted;
    pthread_cond_broadcast(&keeper->synced);
    pthread_mutex_unlock(&keeper->lock);
}

static void *run(void *context)
{
    struct keeper *keeper = context;
    int ticks = 0;
    bool goes_on = true;
    while (goes_on) {
        bool writes;
        goes_on = rest(keeper, &ticks, &writes);
        if (writes) {
            write_round(keeper);
            ticks = 0;
        }
        bool has_missed = __atomic_exchange_n(&keeper->has_missed, false, __ATOMIC_RELAXED);
        if (has_missed || ledger_last(&keeper->ledger) != keeper->seen)
            keeper_refresh(keeper);
        keeper_sweep(keeper);
    }
    ledger_shut(&keeper->ledger);
    pthread_mutex_lock(&keeper->lock);
    keeper->has_ended = true;
    pthread_cond_broadcast(&keeper->synced);
    pthread_mutex_unlock(&keeper->lock);
    return NULL;
}

/* No signal of the daemon's is for it. */
static bool start_thread(struct keeper *keeper)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    keeper->has_thread = pthread_create(&keeper->thread, NULL, run, keeper) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return keeper->has_thread;
}

static void init_locks(struct keeper *keeper)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&keeper->lock, NULL);
    pthread_cond_init(&keeper->woken, &monotonic);
    pthread_cond_init(&keeper->synced, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

bool keeper_start(struct embedded *embedded, const struct limits_options *options,
                  enum ledger_use use, struct error *error)
{
    char *aside;
    struct keeper *keeper = calloc(1, sizeof *keeper);
    if (!keeper)
        return error_set(error, "out of memory");
    *keeper = (struct keeper){.embedded = embedded, .say = options->say};
    bool is_open =
        ledger_open(&keeper->ledger, options->file, options->max_size, use, &aside, error);
    if (aside)
        keeper_say(keeper, "%s", aside);
    free(aside);
    if (!is_open) {
        free(keeper);
        return false;
    }
    init_locks(keeper);
    keeper->seen = ledger_last(&keeper->ledger);
    embedded->keeper = keeper;
    if (use == LEDGER_EXISTING || start_thread(keeper))
        return true;
    keeper_free(keeper);
    embedded->keeper = NULL;
    return error_set(error, "%s: no thread can be started that writes the counters", options->file);
}

bool keeper_stop(struct keeper *keeper, int64_t by)
{
    if (!keeper->has_thread)
        return true;
    pthread_mutex_lock(&keeper->lock);
    keeper->stops = true;
    pthread_cond_signal(&keeper->woken);
    while (!keeper->has_ended && until_wait(&keeper->synced, &keeper->lock, by))
        continue;
    bool has_ended = keeper->has_ended;
    pthread_mutex_unlock(&keeper->lock);
    if (!has_ended) {
        keeper_say(
            keeper,
            "%s: what was counted last is not in the file: its disk, or another process that "
            "writes into it, has held it up for too long",
            keeper->ledger.folder);
        return false;
    }
    pthread_join(keeper->thread, NULL);
    keeper->has_thread = false;
    return true;
}

void keeper_free(struct keeper *keeper)
{
    if (!keeper->stops && keeper->embedded->correspondents.fresh.count)
        keeper_write(keeper);
    ledger_close(&keeper->ledger);
    pthread_mutex_destroy(&keeper->lock);
    pthread_cond_destroy(&keeper->woken);
    pthread_cond_destroy(&keeper->synced);
    free(keeper);
}

void keeper_sync(struct keeper *keeper)
{
    if (!keeper->has_thread)
        return;
    pthread_mutex_lock(&keeper->lock);
    /* One that is under way may have begun too early. */
    uint64_t wanted = ++keeper->wanted;
    pthread_cond_signal(&keeper->woken);
    while (keeper->done < wanted && !keeper->has_ended)
        pthread_cond_wait(&keeper->synced, &keeper->lock);
    pthread_mutex_unlock(&keeper->lock);
}
