/* lmdb:PATH: PATH.lmdb, as postmap makes it and writes into it while it is read. */
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/shell.h"
#include "tables/file.h"
#include "tables/gate.h"
#include "tables/kind.h"
#include "tables/stored.h"

struct lmdb {
    MDB_env *env;
    MDB_dbi rows;
    struct gate gate;
    int fd; /* env's own */
    size_t page_size;
    size_t key_max;
};

#define META_PAGES 2
#define CUT_SHORT EIO /* the file is smaller than what stands in it */

static bool has_pages(const struct lmdb *lmdb, size_t pages)
{
    struct stat st;
    return !fstat(lmdb->fd, &st) && (size_t)st.st_size / lmdb->page_size >= pages;
}

/* Touching what is behind the end of the file would be the end of the process, and some people copy
 * a new file over the old one. */
static int begin(const struct lmdb *lmdb, MDB_txn **ret_txn)
{
    if (!has_pages(lmdb, META_PAGES))
        return CUT_SHORT;
    int status = mdb_txn_begin(lmdb->env, NULL, MDB_RDONLY, ret_txn);
    if (status)
        return status;
    MDB_envinfo info;
    status = mdb_env_info(lmdb->env, &info);
    if (!status && !has_pages(lmdb, info.me_last_pgno + 1))
        status = CUT_SHORT;
    if (status)
        mdb_txn_abort(*ret_txn);
    return status;
}

static int open_rows(struct lmdb *lmdb)
{
    MDB_stat stat;
    int status = mdb_env_stat(lmdb->env, &stat);
    if (status)
        return status;
    lmdb->page_size = stat.ms_psize;
    lmdb->key_max = (size_t)mdb_env_get_maxkeysize(lmdb->env);
    MDB_txn *txn;
    status = begin(lmdb, &txn);
    if (status)
        return status;
    status = mdb_dbi_open(txn, NULL, 0, &lmdb->rows);
    if (status)
        mdb_txn_abort(txn);
    else
        status = mdb_txn_commit(txn);
    return status;
}

static int open_env(struct lmdb *lmdb, const char *path)
{
    int status = mdb_env_create(&lmdb->env);
    if (!status)
        status = mdb_env_open(lmdb->env, path, MDB_NOSUBDIR | MDB_RDONLY | MDB_NOLOCK, 0);
    if (!status)
        status = mdb_env_get_fd(lmdb->env, &lmdb->fd);
    /* A child would take our lock along with the descriptor, which LMDB leaves open for it. */
    if (!status && fcntl(lmdb->fd, F_SETFD, FD_CLOEXEC))
        status = errno;
    return status ? status : open_rows(lmdb);
}

static void free_state(void *state)
{
    struct lmdb *lmdb = state;
    gate_done(&lmdb->gate);
    mdb_env_close(lmdb->env);
    free(lmdb);
}

static const char *reason(int status)
{
    if (status == EAGAIN)
        return "some other process has held a lock on it for a second";
    return status == CUT_SHORT ? "the file is cut short" : mdb_strerror(status);
}

static bool open_file(const char *path, const char *file, struct table *table, struct error *error)
{
    struct lmdb *lmdb = calloc(1, sizeof *lmdb);
    if (!lmdb)
        return error_set(error, "%s: out of memory", file);
    int status = open_env(lmdb, file);
    if (status || !gate_init(&lmdb->gate, lmdb->fd)) {
        mdb_env_close(lmdb->env);
        free(lmdb);
        return error_set(error,
                         "%s: cannot be read as LMDB: %s. Make it anew: rm %s; postmap lmdb:%s",
                         file, status ? reason(status) : "out of memory", shell_word(file).text,
                         shell_word(path).text);
    }
    table->state = lmdb;
    return true;
}

static bool open_table(const char *path, struct table *table, struct error *error)
{
    char *file = stored_file(path, "lmdb", error);
    bool ok = file && open_file(path, file, table, error);
    free(file);
    return ok;
}

struct query {
    struct bytes key; /* with a NUL behind it */
    struct arena *arena;
    struct bytes value;
};

static int get(const struct lmdb *lmdb, void *context)
{
    struct query *query = context;
    MDB_txn *txn;
    int status = begin(lmdb, &txn);
    if (status)
        return status;
    /* postmap writes keys with a NUL behind them on some systems, and without on others. */
    status = MDB_NOTFOUND;
    for (size_t nul = 0; nul <= 1 && status == MDB_NOTFOUND; nul++) {
        MDB_val wanted = {query->key.len + nul, (void *)(uintptr_t)query->key.data};
        MDB_val value;
        if (wanted.mv_size <= lmdb->key_max)
            status = mdb_get(txn, lmdb->rows, &wanted, &value);
        if (!status)
            query->value = arena_bytes(query->arena, stored_text(value.mv_data, value.mv_size));
    }
    mdb_txn_abort(txn);
    return status;
}

/* Another process made the file larger than our map of it. */
static int map_anew(struct lmdb *lmdb)
{
    if (!gate_enter_alone(&lmdb->gate))
        return EAGAIN;
    int status = has_pages(lmdb, META_PAGES) ? mdb_env_set_mapsize(lmdb->env, 0) : CUT_SHORT;
    gate_leave_alone(&lmdb->gate);
    return status;
}

static int through_gate(struct lmdb *lmdb, int (*reader)(const struct lmdb *, void *),
                        void *context)
{
    for (int attempt = 0; attempt < 4; attempt++) {
        if (!gate_enter(&lmdb->gate))
            return EAGAIN;
        int status = reader(lmdb, context);
        gate_leave(&lmdb->gate);
        if (status != MDB_MAP_RESIZED)
            return status;
        status = map_anew(lmdb);
        if (status)
            return status;
    }
    return MDB_MAP_RESIZED;
}

static enum table_result find(const struct table *table, struct arena *arena, struct bytes key,
                              struct table_answer *ret_answer)
{
    char *text = arena_text(arena, key); /* for the NUL behind it */
    if (!text)
        return TABLE_UNAVAILABLE;
    struct query query = {.key = {text, key.len}, .arena = arena};
    int status = through_gate(table->state, get, &query);
    if (status == MDB_NOTFOUND)
        return TABLE_ABSENT;
    if (status)
        return table_unavailable(arena, ret_answer, "%s: %s", table->name, reason(status));
    return table_found(arena, ret_answer, query.value, "%s %s", table->name, text);
}

#define BATCH_ROWS 256
#define BATCH_SIZE ((size_t)64 * 1024)
#define BATCH_CEILING ((size_t)1 << 30) /* one row may be that large */

/* Some rows, copied while the lock was held: who visits them may take his time. */
struct batch {
    struct arena *arena;
    struct bytes keys[BATCH_ROWS];
    struct bytes values[BATCH_ROWS];
    size_t count;
    char last[512]; /* the key that the batch before ended with, and this one begins behind */
    size_t last_len;
};

/* The first row behind the last key. */
static int resume(MDB_cursor *cursor, const struct batch *batch, MDB_val *key, MDB_val *value)
{
    if (!batch->last_len)
        return mdb_cursor_get(cursor, key, value, MDB_FIRST);
    *key = (MDB_val){batch->last_len, (void *)(uintptr_t)batch->last};
    int status = mdb_cursor_get(cursor, key, value, MDB_SET_RANGE);
    if (!status && key->mv_size == batch->last_len &&
        !memcmp(key->mv_data, batch->last, batch->last_len))
        status = mdb_cursor_get(cursor, key, value, MDB_NEXT);
    return status;
}

static int copy_rows(MDB_cursor *cursor, struct batch *batch)
{
    MDB_val key;
    MDB_val value;
    size_t size = 0;
    int status = resume(cursor, batch, &key, &value);
    while (!status && batch->count < BATCH_ROWS && size < BATCH_SIZE) {
        size += key.mv_size + value.mv_size;
        batch->keys[batch->count] =
            arena_bytes(batch->arena, (struct bytes){key.mv_data, key.mv_size});
        batch->values[batch->count] =
            arena_bytes(batch->arena, stored_text(value.mv_data, value.mv_size));
        if (arena_failed(batch->arena))
            return ENOMEM;
        batch->count++;
        status = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    return status;
}

static int fill_batch(const struct lmdb *lmdb, void *context)
{
    struct batch *batch = context;
    MDB_txn *txn;
    MDB_cursor *cursor;
    arena_clear(batch->arena);
    batch->count = 0;
    int status = begin(lmdb, &txn);
    if (status)
        return status;
    status = mdb_cursor_open(txn, lmdb->rows, &cursor);
    if (!status) {
        status = copy_rows(cursor, batch);
        mdb_cursor_close(cursor);
    }
    mdb_txn_abort(txn);
    return status;
}

static enum table_walk visit_batch(const struct table *table, struct batch *batch,
                                   const struct table_visitor *visitor)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct bytes key = batch->keys[i];
        const struct table_row row = {
            .key = stored_key(key.data, key.len), .value = batch->values[i], .place = table->name};
        if (table_visit(visitor, &row) == TABLE_STOPPED)
            return TABLE_STOPPED;
    }
    struct bytes last = batch->count ? batch->keys[batch->count - 1] : (struct bytes){NULL, 0};
    if (last.len)
        memcpy(batch->last, last.data, last.len);
    batch->last_len = last.len;
    return TABLE_WALKED;
}

static enum table_walk each(const struct table *table, const struct table_visitor *visitor,
                            struct error *error)
{
    struct lmdb *lmdb = table->state;
    struct batch batch = {.arena = arena_new(BATCH_CEILING)};
    int status = batch.arena && lmdb->key_max < sizeof batch.last ? 0 : ENOMEM;
    enum table_walk walk = TABLE_WALKED;
    while (!status && walk == TABLE_WALKED) {
        status = through_gate(lmdb, fill_batch, &batch);
        if (!status || status == MDB_NOTFOUND)
            walk = visit_batch(table, &batch, visitor);
    }
    arena_free(batch.arena);
    if (walk == TABLE_STOPPED || status == MDB_NOTFOUND)
        return walk;
    error_set(error, "%s: %s", table->name, reason(status));
    return TABLE_UNREADABLE;
}

const struct table_kind table_kind_lmdb = {
    .name = "lmdb",
    .databases = true,
    .open = open_table,
    .find = find,
    .each = each,
    .free = free_state,
};
