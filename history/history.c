/* Opening the decisions for questions. */
#include "history/history.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "history/functions.h"
#include "history/lines.h"
#include "history/migrate.h"
#include "history/private.h"
#include "history/untrusted.h"

#define BUSY_MILLISECONDS 5000
#define PROGRESS_STEPS 20000 /* of SQLite's machine, between two calls: some milliseconds */

struct history {
    sqlite3 *database;
    volatile sig_atomic_t interrupted;
    void (*called)(void *context);
    void *context;
    char first_unreadable[1024];
};

static int on_progress(void *context)
{
    struct history *history = context;
    if (history->called && !history->interrupted)
        history->called(history->context);
    return history->interrupted;
}

static struct history *new_history(const char *name, int flags, struct error *error)
{
    struct history *history = calloc(1, sizeof *history);
    if (!history) {
        error_set(error, "out of memory");
        return NULL;
    }
    int code = sqlite3_open_v2(name, &history->database, flags, NULL);
    if (code == SQLITE_OK && functions_register(history->database, error)) {
        sqlite3_busy_timeout(history->database, BUSY_MILLISECONDS);
        sqlite3_progress_handler(history->database, PROGRESS_STEPS, on_progress, history);
        return history;
    }
    if (code != SQLITE_OK)
        error_set(error, "%s", sqlite3_errstr(code));
    history_close(history);
    return NULL;
}

void history_close(struct history *history)
{
    if (!history)
        return;
    sqlite3_close_v2(history->database);
    free(history);
}

static bool escape(const char *path, char *ret_uri, size_t size, const char *parameters)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t len = (size_t)snprintf(ret_uri, size, "file:");
    for (; *path && len + 4 < size; path++) {
        bool plain = (*path >= 'a' && *path <= 'z') || (*path >= 'A' && *path <= 'Z') ||
                     (*path >= '0' && *path <= '9') || strchr("/._-", *path);
        if (plain) {
            ret_uri[len++] = *path;
        } else {
            ret_uri[len++] = '%';
            ret_uri[len++] = digits[(unsigned char)*path >> 4];
            ret_uri[len++] = digits[(unsigned char)*path & 15];
        }
    }
    return !*path && (size_t)snprintf(ret_uri + len, size - len, "%s", parameters) < size - len;
}

static bool exists_beside(const char *path, const char *suffix)
{
    struct stat status;
    char *name = sqlite3_mprintf("%s%s", path, suffix);
    bool there = name && stat(name, &status) == 0;
    sqlite3_free(name);
    return there;
}

static bool try_open(const char *path, const char *parameters, struct history **ret_history,
                     struct error *error)
{
    char uri[3 * 4096];
    if (!escape(path, uri, sizeof uri, parameters))
        return error_set(error, "the path is too long");
    struct history *history =
        new_history(uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, error);
    if (!history)
        return false;
    if (untrusted_guard(history->database, error) && migrate_check(history->database, error)) {
        *ret_history = history;
        return true;
    }
    history_close(history);
    return false;
}

bool history_open(const char *path, struct history **ret_history, struct error *error)
{
    struct stat status;
    if (stat(path, &status) < 0)
        return error_set(error, "%s: %s%s", path, strerror(errno),
                         errno == ENOENT ? ": the daemon makes it when history.file names it, with "
                                           "the first mail"
                                         : "");
    if (!S_ISREG(status.st_mode))
        return error_set(error, "%s: it is no file", path);
    if (try_open(path, "?mode=ro", ret_history, error))
        return true;
    /* Who may only read can't make the file beside it that readers and the writer share; where
     * nobody writes none is needed. */
    if (!exists_beside(path, "-wal") && try_open(path, "?mode=ro&immutable=1", ret_history, error))
        return true;
    return error_prefix(error, "%s: ", path);
}

bool history_open_lines_watched(const char *const *paths, size_t count,
                                const struct history_watch *watch, struct history **ret_history,
                                size_t *ret_unreadable, struct error *error)
{
    struct import_count found = {0};
    struct history *history =
        new_history("", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, error);
    if (!history)
        return false;
    /* Nothing of it outlives us: no care for crashes. */
    bool loaded = sqlite3_exec(history->database,
                               "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
                               "PRAGMA cache_size = -65536",
                               NULL, NULL, NULL) == SQLITE_OK ||
                  error_set(error, "%s", sqlite3_errmsg(history->database));
    loaded = loaded && migrate_schema(history->database, error) &&
             lines_load(history->database, paths, count, 0, watch, &found, error);
    if (!loaded) {
        history_close(history);
        return false;
    }
    memcpy(history->first_unreadable, found.first_unreadable, sizeof history->first_unreadable);
    *ret_unreadable = found.unreadable;
    *ret_history = history;
    return true;
}

bool history_open_lines(const char *const *paths, size_t count, struct history **ret_history,
                        size_t *ret_unreadable, struct error *error)
{
    return history_open_lines_watched(paths, count, NULL, ret_history, ret_unreadable, error);
}

const char *history_first_unreadable(const struct history *history)
{
    return *history->first_unreadable ? history->first_unreadable : NULL;
}

void history_interrupt(struct history *history)
{
    history->interrupted = 1;
    sqlite3_interrupt(history->database);
}

bool history_is_interrupted(const struct history *history)
{
    return history->interrupted;
}

void history_progress(struct history *history, void (*called)(void *context), void *context)
{
    history->called = called;
    history->context = context;
}

sqlite3 *history_database(struct history *history)
{
    return history->database;
}

bool history_prepare(struct history *history, const char *sql, sqlite3_stmt **ret_statement,
                     struct error *error)
{
    *ret_statement = NULL;
    if (sqlite3_prepare_v2(history->database, sql, -1, ret_statement, NULL) == SQLITE_OK)
        return true;
    return error_set(error, "the history: %s", sqlite3_errmsg(history->database));
}

bool history_step(struct history *history, sqlite3_stmt *statement, bool *ret_row,
                  struct error *error)
{
    int code = history->interrupted ? SQLITE_INTERRUPT : sqlite3_step(statement);
    *ret_row = code == SQLITE_ROW;
    if (code == SQLITE_ROW || code == SQLITE_DONE)
        return true;
    return error_set(error, "the history: %s",
                     history->interrupted ? "interrupted" : sqlite3_errmsg(history->database));
}

struct bytes history_column(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return (struct bytes){text, text ? (size_t)sqlite3_column_bytes(statement, column) : 0};
}
