/* Records and histories for unit tests. */
#include "history_fixture.h"

#include <dirent.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/submilter-history.XXXXXX";
static bool folder_there;

char *fixture_record(const char *id, const char *time, const char *action, const char *keys)
{
    char *text;
    if (asprintf(&text,
                 "{\"id\":\"%s\",\"time\":\"%s\",\"queue_id\":\"NOQUEUE\",\"action\":\"%s\",%s"
                 "\"usec\":7}",
                 id, time, action, keys) < 0)
        fail_msg("out of memory");
    return text;
}

const char *fixture_path(const char *name)
{
    static char paths[8][200];
    static unsigned next;
    if (!folder_there && !mkdtemp(folder))
        fail_msg("%s: no folder", folder);
    folder_there = true;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof *paths, "%s/%s", folder, name);
    return path;
}

void fixture_done(void)
{
    DIR *entries = folder_there ? opendir(folder) : NULL;
    for (struct dirent *entry; entries && (entry = readdir(entries));) {
        char path[600];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        unlink(path);
    }
    if (!entries)
        return;
    closedir(entries);
    rmdir(folder);
    folder_there = false;
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
}

void fixture_write(const char *path, const char *const *lines, size_t count)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (size_t i = 0; i < count; i++)
        fprintf(file, "%s\n", lines[i]);
    assert_int_equal(fclose(file), 0);
}

struct history *fixture_history(const char *const *lines, size_t count)
{
    struct history *history;
    struct error error;
    size_t unreadable;
    const char *path = fixture_path("lines.jsonl");
    fixture_write(path, lines, count);
    if (!history_open_lines(&path, 1, &history, &unreadable, &error))
        fail_msg("%s", error.text);
    assert_int_equal(unreadable, 0);
    return history;
}

int64_t fixture_number(const char *path, const char *sql)
{
    sqlite3 *database;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(database));
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return number;
}

struct store *fixture_store(const char *path)
{
    struct store *store;
    struct error error;
    if (store_open(path, 2000, &store, &error) != STORE_DONE)
        fail_msg("%s", error.text);
    return store;
}

void fixture_insert(struct store *store, const char *day, int count, int padding)
{
    struct error error;
    struct store_count made = {0};
    struct bytes *records = calloc((size_t)count, sizeof *records);
    char **texts = calloc((size_t)count, sizeof *texts);
    char *keys;
    assert_true(
        asprintf(&keys,
                 "\"rcpts\":[\"<a@example.net>\"],\"helo\":\"%0*d\","
                 "\"signatures\":[{\"d\":\"example.com\",\"s\":\"x\",\"a\":\"rsa-sha256\"}],"
                 "\"verdicts\":[{\"rule\":\"from\",\"outcome\":\"violation\",\"mode\":"
                 "\"observe\",\"action\":\"reject\"}],",
                 padding, 0) > 0);
    for (int i = 0; i < count; i++) {
        char id[60];
        char time[40];
        snprintf(id, sizeof id, "%s-%d", day, i);
        snprintf(time, sizeof time, "%sT%02d:%02d:%02d.000Z", day, i / 3600 % 12, i / 60 % 60,
                 i % 60);
        texts[i] = fixture_record(id, time, "accept", keys);
        records[i] = bytes_of(texts[i]);
    }
    if (store_insert(store, records, (size_t)count, &made, &error) != STORE_DONE)
        fail_msg("%s", error.text);
    assert_int_equal(made.inserted, count);
    for (int i = 0; i < count; i++)
        free(texts[i]);
    free(texts);
    free(records);
    free(keys);
}
