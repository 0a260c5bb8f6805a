/* Keeping the database young and small, a slice at a time: whoever else writes never waits long. */
#include <stdio.h>
#include <sys/stat.h>

#include "history/store_private.h"

#define SLICE_ROWS 500
#define SLICE_PAGES 2000

struct sizes {
    int64_t page, pages, free; /* bytes; pages; pages of those that are empty */
    int64_t journal;           /* bytes */
};

static bool number(struct store *store, const char *sql, int64_t *ret_number)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(store->database, sql, -1, &statement, NULL) != SQLITE_OK)
        return false;
    bool there = sqlite3_step(statement) == SQLITE_ROW;
    *ret_number = there ? sqlite3_column_int64(statement, 0) : 0;
    return sqlite3_finalize(statement) == SQLITE_OK && there;
}

static bool measure(struct store *store, struct sizes *ret_sizes)
{
    char path[sizeof store->path + 8];
    struct stat status;
    snprintf(path, sizeof path, "%s-wal", store->path);
    ret_sizes->journal = stat(path, &status) == 0 ? status.st_size : 0;
    return number(store, "PRAGMA page_size", &ret_sizes->page) && ret_sizes->page > 0 &&
           number(store, "PRAGMA page_count", &ret_sizes->pages) &&
           number(store, "PRAGMA freelist_count", &ret_sizes->free);
}

static bool has_older(struct store *store, int64_t before, bool *ret_older)
{
    char sql[100];
    int64_t found;
    sqlite3_snprintf((int)sizeof sql, sql,
                     "SELECT EXISTS (SELECT 1 FROM decisions WHERE time < %lld)",
                     (long long)before);
    bool asked = number(store, sql, &found);
    *ret_older = asked && found;
    return asked;
}

/* Pages to give back to the file system: what is over, and what mail no longer fills. */
static int64_t pages_to_return(const struct sizes *sizes, int64_t room)
{
    int64_t over = sizes->pages - room / sizes->page;
    int64_t idle = sizes->free - sizes->pages / 4;
    int64_t wanted = over > idle ? over : idle;
    if (wanted > sizes->free)
        wanted = sizes->free;
    return wanted > SLICE_PAGES ? SLICE_PAGES : wanted;
}

static enum store_result take_away(struct store *store, const char *sql, int *ret_rows,
                                   struct error *error)
{
    enum store_result result = store_run(store, sql, error);
    *ret_rows = result == STORE_DONE ? sqlite3_changes(store->database) : 0;
    return result;
}

/* The journal counts, but only so far: while a long question keeps it from being written back it
 * grows with all that is taken away. */
static int64_t room_of(const struct sizes *sizes, int64_t max_size)
{
    return max_size - (sizes->journal < max_size / 4 ? sizes->journal : max_size / 4);
}

enum store_result store_prune(struct store *store, int64_t before, int64_t max_size, bool *ret_more,
                              struct error *error)
{
    struct sizes sizes;
    bool old;
    char sql[200];
    int rows = 0;
    *ret_more = false;
    if (!measure(store, &sizes) || !has_older(store, before, &old))
        return store_failed(store, sqlite3_errcode(store->database), error);
    int64_t room = room_of(&sizes, max_size);
    bool full = (sizes.pages - sizes.free) * sizes.page > room;
    if (full || old) {
        sqlite3_snprintf((int)sizeof sql, sql,
                         "DELETE FROM decisions WHERE seq IN (SELECT seq FROM decisions"
                         " WHERE time < %lld ORDER BY time, seq LIMIT %d)",
                         full ? INT64_MAX : (long long)before, SLICE_ROWS);
        enum store_result result = take_away(store, sql, &rows, error);
        if (result != STORE_DONE || !measure(store, &sizes))
            return result != STORE_DONE
                       ? result
                       : store_failed(store, sqlite3_errcode(store->database), error);
    }
    int64_t pages = pages_to_return(&sizes, room);
    *ret_more = rows > 0 || pages == SLICE_PAGES;
    if (pages <= 0)
        return STORE_DONE;
    sqlite3_snprintf((int)sizeof sql, sql, "PRAGMA incremental_vacuum(%lld)", (long long)pages);
    return store_run(store, sql, error);
}
