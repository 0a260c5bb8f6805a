/* Forgetting in the file, a slice a second: counters whose windows are over, what logins were like
 * too long ago, correspondents that were not written to any more, words about logins that no longer
 * hold. */
#include <string.h>

#include "limits/keeper.h"
#include "limits/record_codec.h"

#define SLICE 500 /* records */
#define DAY 86400
#define WORDS_KEPT ((int64_t)7 * DAY) /* a word that is over may still be asked for */

enum { RECORDS, CORRESPONDENTS, STANDINGS, TABLE_COUNT };

static bool is_old_record(const struct keeper *keeper, const MDB_val *value, int64_t now)
{
    struct record record = {0};
    enum decoded decoded = record_decode(value->mv_data, value->mv_size, &record);
    if (decoded == DECODED)
        record_expire(&record, now, keeper->embedded->remember);
    bool is_old = decoded == DECODED_UNREADABLE || (decoded == DECODED && record_is_empty(&record));
    record_done(&record);
    return is_old;
}

static bool is_old_correspondent(const struct keeper *keeper, const MDB_val *value, int64_t now)
{
    struct known known;
    if (!known_decode(value->mv_data, value->mv_size, &known))
        return true;
    return !known_since(&known, now / 1000, keeper->embedded->remember);
}

static bool is_old_standing(const MDB_val *value, int64_t now)
{
    struct standing standing;
    if (!standing_decode(value->mv_data, value->mv_size, &standing))
        return true;
    int64_t over = standing_over(&standing);
    return over && over + WORDS_KEPT < now / 1000;
}

static bool is_old(const struct keeper *keeper, int table, const MDB_val *value, int64_t now)
{
    if (table == RECORDS)
        return is_old_record(keeper, value, now);
    return table == STANDINGS ? is_old_standing(value, now)
                              : is_old_correspondent(keeper, value, now);
}

static void go_on_at(struct keeper *keeper, const MDB_val *key)
{
    keeper->prune_len = key && key->mv_size <= sizeof keeper->prune_key ? key->mv_size : 0;
    if (keeper->prune_len)
        memcpy(keeper->prune_key, key->mv_data, keeper->prune_len);
    else
        keeper->prune_table = (keeper->prune_table + 1) % TABLE_COUNT;
}

int keeper_prune(struct keeper *keeper, MDB_txn *txn, int64_t now, bool *ret_changed)
{
    const MDB_dbi tables[TABLE_COUNT] = {keeper->ledger.records, keeper->ledger.correspondents,
                                         keeper->ledger.standings};
    MDB_cursor *cursor;
    MDB_val key = {keeper->prune_len, keeper->prune_key}, value;
    *ret_changed = false;
    int status = mdb_cursor_open(txn, tables[keeper->prune_table], &cursor);
    if (status)
        return status;
    status = mdb_cursor_get(cursor, &key, &value, keeper->prune_len ? MDB_SET_RANGE : MDB_FIRST);
    for (int i = 0; i < SLICE && !status; i++) {
        if (is_old(keeper, keeper->prune_table, &value, now)) {
            status = mdb_cursor_del(cursor, 0);
            *ret_changed = true;
        }
        if (!status)
            status = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    if (!status || status == MDB_NOTFOUND)
        go_on_at(keeper, status ? NULL : &key);
    mdb_cursor_close(cursor);
    return status == MDB_NOTFOUND ? 0 : status;
}
