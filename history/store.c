/* The database that records are written to: opening it, and a transaction a batch. */
#include "history/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "history/insert.h"
#include "history/migrate.h"
#include "history/store_private.h"
#include "history/untrusted.h"

#define OPEN_TRIES 10
#define OPEN_MILLISECONDS 50
#define CONFIGURATIONS_KEPT 1000

enum store_result store_result_of(int code)
{
    code &= 0xff;
    return code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? STORE_DAMAGED : STORE_AGAIN;
}

enum store_result store_failed(const struct store *store, int code, struct error *error)
{
    error_set(error, "%s: %s", store->path, sqlite3_errmsg(store->database));
    return store_result_of(code);
}

enum store_result store_run(struct store *store, const char *sql, struct error *error)
{
    int code = sqlite3_exec(store->database, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? STORE_DONE : store_failed(store, code, error);
}

void store_roll_back(struct store *store)
{
    sqlite3_exec(store->database, "ROLLBACK", NULL, NULL, NULL);
}

/* SQLite refuses links anywhere in a path that it is not to follow: only the last name is the
 * daemon's to be careful with. */
static bool find_folder(const char *path, char ret_path[PATH_MAX], struct error *error)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX];
    char real[PATH_MAX];
    if (!slash || (size_t)(slash - path) >= sizeof folder)
        return error_set(error, "%s: write an absolute path", path);
    snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    if (!realpath(folder, real))
        return error_set(error, "%s: %s", folder, strerror(errno));
    if (snprintf(ret_path, PATH_MAX, "%s/%s", strcmp(real, "/") == 0 ? "" : real, slash + 1) >=
        PATH_MAX)
        return error_set(error, "%s: the path is too long", path);
    return true;
}

/* SQLite would make it with mode 0644. */
static bool make_file(const char *path, struct error *error)
{
    char folder[PATH_MAX];
    struct stat status;
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (fd < 0)
        return errno == EEXIST || error_set(error, "%s: %s", path, strerror(errno));
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path) + 1, path);
    bool good = geteuid() != 0 ||
                (stat(folder, &status) == 0 && fchown(fd, status.st_uid, status.st_gid) == 0);
    if (!good)
        error_set(error, "%s: %s", path, strerror(errno));
    close(fd);
    return good;
}

static enum store_result open_database(struct store *store, struct error *error)
{
    int code =
        sqlite3_open_v2(store->path, &store->database,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX, NULL);
    if (code != SQLITE_OK)
        return store_failed(store, code, error);
    sqlite3_busy_timeout(store->database, store->patience);
    sqlite3_extended_result_codes(store->database, 1);
    if (!untrusted_guard(store->database, error)) {
        error_prefix(error, "%s: ", store->path);
        return store_result_of(sqlite3_errcode(store->database));
    }
    if (sqlite3_db_readonly(store->database, "main") == 1) {
        error_set(error, "%s: it cannot be written", store->path);
        return STORE_AGAIN;
    }
    return STORE_DONE;
}

/* auto_vacuum is settled with the first table. FULL: a commit is on the disk, for an fsync a
 * second; NORMAL would lose what came after the last checkpoint when the power fails. */
static const char pragmas[] = "PRAGMA auto_vacuum = INCREMENTAL;"
                              "PRAGMA journal_mode = WAL;"
                              "PRAGMA synchronous = FULL;"
                              "PRAGMA journal_size_limit = 8388608;"
                              "PRAGMA foreign_keys = ON;"
                              "PRAGMA temp_store = MEMORY";

static enum store_result set_up(struct store *store, struct error *error)
{
    enum store_result result = open_database(store, error);
    if (result != STORE_DONE)
        return result;
    /* What is not ours is found out before anything is written to it. */
    bool ours = migrate_is_ours(store->database, error);
    if (ours && (result = store_run(store, pragmas, error)) != STORE_DONE)
        return result;
    if (ours && migrate_schema(store->database, error) &&
        insert_prepare(store->database, &store->insert, error))
        return STORE_DONE;
    error_prefix(error, "%s: ", store->path);
    return store_result_of(sqlite3_errcode(store->database));
}

/* A reader with root's rights makes the file that all share, and gives it to the database's owner a
 * moment later: in between nobody else can open it. */
static enum store_result set_up_soon(struct store *store, struct error *error)
{
    for (int tries = 1;; tries++) {
        enum store_result result = set_up(store, error);
        bool again = result == STORE_AGAIN && tries < OPEN_TRIES &&
                     (sqlite3_errcode(store->database) & 0xff) == SQLITE_CANTOPEN;
        if (!again)
            return result;
        insert_free(store->insert);
        sqlite3_close_v2(store->database);
        store->insert = NULL;
        store->database = NULL;
        sqlite3_sleep(OPEN_MILLISECONDS);
    }
}

enum store_result store_open(const char *path, int patience, struct store **ret_store,
                             struct error *error)
{
    struct store *store = calloc(1, sizeof *store);
    if (!store) {
        error_set(error, "out of memory");
        return STORE_AGAIN;
    }
    store->patience = patience;
    enum store_result result = STORE_AGAIN;
    if (find_folder(path, store->path, error) && make_file(store->path, error))
        result = set_up_soon(store, error);
    if (result == STORE_DONE)
        *ret_store = store;
    else
        store_close(store);
    return result;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    insert_free(store->insert);
    sqlite3_close_v2(store->database);
    free(store);
}

bool store_is_there(const struct store *store)
{
    int moved = 0;
    return sqlite3_file_control(store->database, "main", SQLITE_FCNTL_HAS_MOVED, &moved) !=
               SQLITE_OK ||
           !moved;
}

/* What the statement did, or why it failed, in a transaction that has begun. */
static enum store_result insert_one(struct store *store, struct bytes record,
                                    struct store_count *count, struct error *error)
{
    switch (insert_record(store->insert, record, error)) {
    case INSERT_DONE:
        count->inserted++;
        return STORE_DONE;
    case INSERT_KNOWN:
        count->known++;
        return STORE_DONE;
    case INSERT_UNREADABLE:
        count->unreadable++;
        return STORE_DONE;
    case INSERT_FAILED:
        break;
    }
    error_prefix(error, "%s: ", store->path);
    return store_result_of(sqlite3_errcode(store->database));
}

enum store_result store_insert(struct store *store, const struct bytes *records,
                               size_t record_count, struct store_count *count, struct error *error)
{
    struct store_count made = *count;
    enum store_result result = store_run(store, "BEGIN IMMEDIATE", error);
    for (size_t i = 0; result == STORE_DONE && i < record_count; i++)
        result = insert_one(store, records[i], &made, error);
    if (result == STORE_DONE)
        result = store_run(store, "COMMIT", error);
    if (result == STORE_DONE)
        *count = made;
    else
        store_roll_back(store);
    return result;
}

static int add_configuration(struct store *store, const char *hash, const char *text, int64_t now)
{
    static const char sql[] = "INSERT OR IGNORE INTO configurations (hash, first_seen, text)"
                              " VALUES (?1, ?2, ?3)";
    sqlite3_stmt *statement;
    int code = sqlite3_prepare_v2(store->database, sql, -1, &statement, NULL);
    if (code != SQLITE_OK)
        return code;
    sqlite3_bind_text(statement, 1, hash, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 2, now);
    sqlite3_bind_text(statement, 3, text, -1, SQLITE_STATIC);
    sqlite3_step(statement);
    return sqlite3_finalize(statement);
}

enum store_result store_add_configuration(struct store *store, const char *hash, const char *text,
                                          int64_t now, struct error *error)
{
    char sql[200];
    int code = add_configuration(store, hash, text, now);
    if (code != SQLITE_OK)
        return store_failed(store, code, error);
    if (sqlite3_changes(store->database) == 0)
        return STORE_DONE;
    sqlite3_snprintf((int)sizeof sql, sql,
                     "DELETE FROM configurations WHERE hash IN (SELECT hash FROM configurations"
                     " ORDER BY first_seen DESC LIMIT -1 OFFSET %d)",
                     CONFIGURATIONS_KEPT);
    return store_run(store, sql, error);
}
