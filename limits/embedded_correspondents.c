/* How many people a login has written to, by the file. */
#include <string.h>

#include "limits/embedded_private.h"
#include "limits/keeper.h"

#define OF_LOGIN 8 /* the first bytes of a correspondent's key */

static bool read_known(const MDB_val *key, const MDB_val *value, struct known *ret_known)
{
    if (key->mv_size != CORRESPONDENT_KEY || value->mv_size != 2 * sizeof(uint32_t))
        return false;
    memcpy(ret_known->key, key->mv_data, CORRESPONDENT_KEY);
    memcpy(&ret_known->first, value->mv_data, sizeof ret_known->first);
    memcpy(&ret_known->last, (const char *)value->mv_data + sizeof ret_known->first,
           sizeof ret_known->last);
    return true;
}

static int count(const struct embedded *embedded, MDB_cursor *cursor,
                 const uint8_t whose[CORRESPONDENT_KEY], int64_t now, int64_t known_after,
                 struct embedded_count *ret_count)
{
    MDB_val key = {OF_LOGIN, (void *)(uintptr_t)whose}, value;
    struct known known;
    int status = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    for (; !status && key.mv_size >= OF_LOGIN && memcmp(key.mv_data, whose, OF_LOGIN) == 0;
         status = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
        if (!read_known(&key, &value, &known))
            continue;
        int64_t since = known_since(&known, now, embedded->remember);
        ret_count->remembered += since != 0;
        ret_count->known += since != 0 && since <= now - known_after;
    }
    return status == MDB_NOTFOUND ? 0 : status;
}

bool embedded_count_correspondents(struct embedded *embedded, struct bytes login, int64_t now,
                                   int64_t known_after, struct embedded_count *ret_count,
                                   struct error *error)
{
    char buffer[LIMITS_NAME_MAX];
    uint8_t whose[CORRESPONDENT_KEY];
    MDB_cursor *cursor;
    *ret_count = (struct embedded_count){-1, -1};
    if (!embedded->keeper)
        return true;
    *ret_count = (struct embedded_count){0};
    embedded_correspondent(embedded, embedded_name(embedded, SUBJECT_LOGIN, login, buffer),
                           (struct bytes){NULL, 0}, whose);
    struct file *file = &embedded->keeper->file;
    MDB_txn *txn = file_read(file);
    if (!txn)
        return error_set(error, "%s can't be read just now", file->folder);
    int status = mdb_cursor_open(txn, file->correspondents, &cursor);
    if (!status) {
        status = count(embedded, cursor, whose, now, known_after, ret_count);
        mdb_cursor_close(cursor);
    }
    file_read_end(file, txn);
    return !status || error_set(error, "%s: %s", file->folder, file_reason(status));
}
