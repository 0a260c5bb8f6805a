/* Single records of the file, read and written. */
#include <errno.h>
#include <string.h>

#include "limits/keeper.h"
#include "limits/record_codec.h"

void keeper_key(enum subject_kind kind, struct bytes name, struct ledger_key *ret_key)
{
    ret_key->bytes[0] = (char)('0' + (int)kind);
    memcpy(ret_key->bytes + 1, name.data, name.len);
    ret_key->value = (MDB_val){1 + name.len, ret_key->bytes};
}

/* Once: a file full of them would fill the log. */
static void say_unreadable(struct keeper *keeper)
{
    ledger_doubt(&keeper->ledger);
    if (__atomic_exchange_n(&keeper->has_said_unreadable, true, __ATOMIC_RELAXED))
        return;
    keeper_say(keeper,
               "%s: a record of the counters cannot be read (it is damaged, or of another version "
               "of submilter): what it held is forgotten. Further ones are not said",
               keeper->ledger.folder);
}

int keeper_get(struct keeper *keeper, MDB_txn *txn, const struct entry_key *key,
               struct record *ret_record)
{
    struct ledger_key wanted;
    MDB_val found;
    keeper_key(key->kind, key->name, &wanted);
    int status = mdb_get(txn, keeper->ledger.records, &wanted.value, &found);
    if (status && status != MDB_NOTFOUND)
        ledger_doubt(&keeper->ledger);
    if (status)
        return status;
    switch (record_decode(found.mv_data, found.mv_size, ret_record)) {
    case DECODED:
        return 0;
    case DECODED_NO_MEMORY:
        return ENOMEM;
    case DECODED_UNREADABLE:
        break;
    }
    say_unreadable(keeper);
    return MDB_NOTFOUND;
}

int keeper_get_standing(struct keeper *keeper, MDB_txn *txn, struct bytes login,
                        struct standing *ret_standing)
{
    MDB_val found, wanted = {login.len, (void *)(uintptr_t)login.data};
    int status = mdb_get(txn, keeper->ledger.standings, &wanted, &found);
    if (status && status != MDB_NOTFOUND)
        ledger_doubt(&keeper->ledger);
    if (status || standing_decode(found.mv_data, found.mv_size, ret_standing))
        return status;
    say_unreadable(keeper);
    return MDB_NOTFOUND;
}

static int put(MDB_txn *txn, MDB_dbi table, MDB_val *key, struct codec_writer *writer)
{
    MDB_val value = {writer->len, writer->data};
    return writer->is_full ? MDB_BAD_VALSIZE : mdb_put(txn, table, key, &value, 0);
}

int keeper_put(struct keeper *keeper, MDB_txn *txn, enum subject_kind kind, struct bytes name,
               const struct record *record)
{
    struct ledger_key key;
    struct codec_writer writer;
    keeper_key(kind, name, &key);
    if (!record->tally.count && !record->habits) {
        int status = mdb_del(txn, keeper->ledger.records, &key.value, NULL);
        return status == MDB_NOTFOUND ? 0 : status;
    }
    record_encode(record, &writer);
    return put(txn, keeper->ledger.records, &key.value, &writer);
}

int keeper_put_standing(struct keeper *keeper, MDB_txn *txn, struct bytes login,
                        const struct standing *standing)
{
    struct codec_writer writer;
    MDB_val key = {login.len, (void *)(uintptr_t)login.data};
    standing_encode(standing, &writer);
    return put(txn, keeper->ledger.standings, &key, &writer);
}

int keeper_put_known(struct keeper *keeper, MDB_txn *txn, const struct known *known)
{
    MDB_val key = {CORRESPONDENT_KEY, (void *)(uintptr_t)known->key}, value;
    struct known merged = *known, written;
    uint8_t data[KNOWN_SIZE];
    int status = mdb_get(txn, keeper->ledger.correspondents, &key, &value);
    if (status && status != MDB_NOTFOUND)
        return status;
    if (!status && known_decode(value.mv_data, value.mv_size, &written)) {
        known_merge(&merged, &written);
        if (merged.first == written.first && merged.last == written.last)
            return 0;
    }
    known_encode(&merged, data);
    value = (MDB_val){sizeof data, data};
    return mdb_put(txn, keeper->ledger.correspondents, &key, &value, 0);
}
