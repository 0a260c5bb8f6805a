/* The database on the disk: made, brought up to date, refused, filled, kept young and small. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "history/find.h"
#include "history/migrate.h"
#include "history/store.h"
#include "history_fixture.h"

#define DAY 86400000LL
#define NOON 1795176000000 /* 2026-11-20 12:00 UTC */
#define NO_LIMIT INT64_MAX

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *database;
    char *message = NULL;
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    if (sqlite3_exec(database, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    sqlite3_close(database);
}

static int64_t ask_number(const char *path, const char *sql)
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

static struct store *open_store(const char *path)
{
    struct store *store;
    struct error error;
    if (store_open(path, &store, &error) != STORE_DONE)
        fail_msg("%s", error.text);
    return store;
}

/* count records, one a minute up to noon of that day; padded with so many bytes. */
static void insert(struct store *store, const char *day, int count, int padding)
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

static void prune(struct store *store, int64_t before, int64_t max_size)
{
    struct error error;
    bool more = true;
    for (int rounds = 0; more; rounds++) {
        if (store_prune(store, before, max_size, &more, &error) != STORE_DONE)
            fail_msg("%s", error.text);
        assert_true(rounds < 10000);
    }
}

static void test_made_with_care(void **state)
{
    (void)state;
    struct stat status;
    struct store *store;
    struct error error;
    const char *path = fixture_path("made.db");
    umask(0);
    store_close(open_store(path));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0640);
    assert_int_equal(ask_number(path, "PRAGMA auto_vacuum"), 2);
    assert_int_equal(ask_number(path, "PRAGMA user_version"), MIGRATE_VERSION);
    assert_int_equal(ask_number(path, "PRAGMA application_id"), MIGRATE_APPLICATION_ID);
    const char *link = fixture_path("link.db");
    const char *target = fixture_path("target");
    fixture_write(target, NULL, 0);
    assert_int_equal(symlink(target, link), 0);
    assert_int_equal(store_open(link, &store, &error), STORE_AGAIN);
    assert_int_equal(stat(target, &status), 0);
    assert_int_equal(status.st_size, 0);
    assert_int_equal(store_open(fixture_path("no/folder.db"), &store, &error), STORE_AGAIN);
    assert_non_null(strstr(error.text, "No such file"));
}

/* What stands in the last name is ours to be careful with; its folder may be a link. */
static void test_folder_that_is_a_link(void **state)
{
    (void)state;
    char target[300];
    const char *link = fixture_path("folder");
    snprintf(target, sizeof target, "%s", link);
    *strrchr(target, '/') = '\0';
    assert_int_equal(symlink(target, link), 0);
    store_close(open_store(fixture_path("folder/through.db")));
    assert_int_equal(access(fixture_path("through.db"), F_OK), 0);
}

static void test_batch(void **state)
{
    (void)state;
    struct error error;
    struct store_count made = {0};
    const char *path = fixture_path("batch.db");
    struct store *store = open_store(path);
    insert(store, "2026-11-20", 3, 0);
    char *again = fixture_record("2026-11-20-1", "2026-11-20T10:00:00Z", "reject", "");
    char *more = fixture_record("more", "2026-11-20T10:00:00Z", "reject", "");
    const struct bytes records[] = {bytes_of(again), BYTES("{\"id\":1}"), bytes_of(more)};
    assert_int_equal(store_insert(store, records, 3, &made, &error), STORE_DONE);
    assert_int_equal(made.inserted, 1);
    assert_int_equal(made.known, 1);
    assert_int_equal(made.unreadable, 1);
    free(again);
    free(more);
    store_close(store);
    assert_int_equal(ask_number(path, "SELECT count(*) FROM decisions"), 4);
    assert_int_equal(ask_number(path, "SELECT count(*) FROM decisions WHERE action = 'reject'"), 1);
}

static void test_configurations(void **state)
{
    (void)state;
    struct error error;
    const char *path = fixture_path("configurations.db");
    struct store *store = open_store(path);
    assert_int_equal(store_add_configuration(store, "a", "first", 10, &error), STORE_DONE);
    assert_int_equal(store_add_configuration(store, "a", "other", 20, &error), STORE_DONE);
    assert_int_equal(ask_number(path, "SELECT first_seen FROM configurations WHERE text = 'first'"),
                     10);
    for (int i = 0; i < 1200; i++) {
        char hash[20];
        snprintf(hash, sizeof hash, "h%d", i);
        assert_int_equal(store_add_configuration(store, hash, "x", 100 + i, &error), STORE_DONE);
    }
    store_close(store);
    assert_int_equal(ask_number(path, "SELECT count(*) FROM configurations"), 1000);
    assert_int_equal(ask_number(path, "SELECT min(first_seen) FROM configurations"), 300);
}

static void test_prune_by_age(void **state)
{
    (void)state;
    const char *path = fixture_path("age.db");
    struct store *store = open_store(path);
    insert(store, "2026-11-20", 1300, 100);
    insert(store, "2026-11-18", 1300, 100); /* imported later, and older */
    insert(store, "2026-11-19", 10, 100);
    prune(store, NOON - 36 * 3600000LL, NO_LIMIT);
    assert_int_equal(ask_number(path, "SELECT count(*) FROM decisions"), 1310);
    assert_int_equal(ask_number(path, "SELECT count(*) FROM decisions WHERE id LIKE '2026-11-18%'"),
                     0);
    assert_int_equal(ask_number(path, "SELECT count(*) FROM verdicts"), 1310);
    assert_int_equal(ask_number(path, "SELECT count(*) FROM addresses"), 1310);
    assert_int_equal(ask_number(path, "SELECT count(*) FROM signatures"), 1310);
    prune(store, NOON + DAY, NO_LIMIT);
    assert_int_equal(ask_number(path, "SELECT count(*) FROM decisions"), 0);
    insert(store, "2026-11-20", 1, 0);
    assert_true(ask_number(path, "SELECT seq FROM decisions") > 2610); /* never given twice */
    store_close(store);
    assert_true(ask_number(path, "PRAGMA page_count") < 100);
}

static int64_t size_with_journal(const char *path)
{
    struct stat status;
    char journal[300];
    snprintf(journal, sizeof journal, "%s-wal", path);
    int64_t size = stat(journal, &status) == 0 ? status.st_size : 0;
    return size + ask_number(path, "PRAGMA page_count") * ask_number(path, "PRAGMA page_size");
}

/* A slice never takes long, and the newest stay. */
static void test_prune_by_size(void **state)
{
    (void)state;
    struct error error;
    bool more;
    const int64_t most = 32 << 20;
    const char *path = fixture_path("size.db");
    struct store *store = open_store(path);
    for (int day = 1; day <= 9; day++) {
        char text[20];
        snprintf(text, sizeof text, "2026-11-%02d", day);
        insert(store, text, 1500, 2000);
    }
    int64_t before = ask_number(path, "SELECT count(*) FROM decisions");
    assert_int_equal(store_prune(store, 0, most, &more, &error), STORE_DONE);
    assert_true(more);
    assert_int_equal(ask_number(path, "SELECT count(*) FROM decisions"), before - 500);
    prune(store, 0, most);
    int64_t left = ask_number(path, "SELECT count(*) FROM decisions");
    assert_true(left > 4000);
    assert_int_equal(ask_number(path, "SELECT count(*) FROM decisions WHERE id LIKE '2026-11-09%'"),
                     1500);
    assert_int_equal(ask_number(path, "SELECT count(*) FROM decisions WHERE id LIKE '2026-11-01%'"),
                     0);
    for (int round = 0; round < 20; round++) {
        char text[20];
        snprintf(text, sizeof text, "2026-12-%02d", round + 1);
        insert(store, text, 400, 2000);
        prune(store, 0, most);
        int64_t size = size_with_journal(path);
        if (size > most + most / 4)
            fail_msg("%lld bytes after round %d", (long long)size, round);
    }
    store_close(store);
    assert_true(size_with_journal(path) <= most);
    assert_true(ask_number(path, "SELECT count(*) FROM decisions") > 4000);
}

/* A long question keeps the journal from being written back: that must not cost all the rows. */
static void test_prune_beside_a_reader(void **state)
{
    (void)state;
    const int64_t most = 8 << 20;
    sqlite3 *reader;
    const char *path = fixture_path("reader.db");
    struct store *store = open_store(path);
    insert(store, "2026-11-01", 1000, 2000);
    assert_int_equal(sqlite3_open(path, &reader), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM decisions", NULL, NULL, NULL), SQLITE_OK);
    for (int round = 0; round < 10; round++) {
        char text[20];
        snprintf(text, sizeof text, "2026-12-%02d", round + 1);
        insert(store, text, 1000, 2000);
        prune(store, 0, most);
    }
    assert_true(size_with_journal(path) > 2 * most);
    assert_true(ask_number(path, "SELECT count(*) FROM decisions") > 700);
    sqlite3_close(reader);
    store_close(store);
}

static const struct {
    const char *sql;
    const char *write; /* what opening for writing says; NULL: it opens */
    const char *read;
} others[] = {
    {"CREATE TABLE letters (text)", "not of submilter", "not of submilter"},
    {"PRAGMA application_id = 1937072749; PRAGMA user_version = 2; CREATE TABLE decisions (x)",
     "newer submilter (schema 2", "newer submilter (schema 2"},
    {"PRAGMA application_id = 1937072749; CREATE TABLE something (x)", NULL,
     "older submilter (schema 0"},
    {"", NULL, "it is empty"},
};

static void test_other_databases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        char name[20];
        struct error error;
        struct history *history;
        struct store *store;
        snprintf(name, sizeof name, "other%zu.db", i);
        const char *path = fixture_path(name);
        fixture_write(path, NULL, 0);
        run_sql(path, others[i].sql);
        assert_false(history_open(path, &history, &error));
        if (!strstr(error.text, others[i].read))
            fail_msg("%s: %s", others[i].sql, error.text);
        enum store_result result = store_open(path, &store, &error);
        if (!others[i].write) {
            assert_int_equal(result, STORE_DONE);
            insert(store, "2026-11-20", 1, 0);
            store_close(store);
            assert_true(history_open(path, &history, &error));
            history_close(history);
            continue;
        }
        assert_int_equal(result, STORE_AGAIN);
        if (!strstr(error.text, others[i].write))
            fail_msg("%s: %s", others[i].sql, error.text);
        assert_int_equal(ask_number(path, "SELECT count(*) FROM sqlite_schema"), 1);
        assert_false(ask_number(path, "SELECT count(*) FROM pragma_journal_mode"
                                      " WHERE journal_mode = 'wal'"));
        assert_false(store_set_aside(path, NOON, &error) && i == 0);
    }
}

static void spoil(const char *path, long from, const char *with, size_t len)
{
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    fseek(file, from, SEEK_SET);
    assert_int_equal(fwrite(with, 1, len, file), len);
    fclose(file);
}

static void test_damage(void **state)
{
    (void)state;
    static const char zeros[100];
    struct error error;
    struct store *store;
    struct history *history;
    const char *path = fixture_path("damaged.db");
    store_close(open_store(path));
    spoil(path, 0, zeros, sizeof zeros);
    assert_int_equal(store_open(path, &store, &error), STORE_DAMAGED);
    assert_false(history_open(path, &history, &error));
    assert_non_null(strstr(error.text, "not a database"));
    fixture_write(fixture_path("damaged.db.damaged-20200101T000000Z"), NULL, 0);
    assert_true(store_set_aside(path, NOON, &error));
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(access(fixture_path("damaged.db.damaged-20261120T120000Z"), F_OK), 0);
    assert_int_equal(access(fixture_path("damaged.db.damaged-20200101T000000Z"), F_OK), -1);
    store_close(open_store(path));
    spoil(path, 0, "a letter, and no database", 25);
    spoil(path, 68, "none", 4);
    assert_int_equal(store_open(path, &store, &error), STORE_DAMAGED);
    assert_false(store_set_aside(path, NOON + DAY, &error));
    assert_non_null(strstr(error.text, "no database of submilter"));
    assert_int_equal(access(path, F_OK), 0);
}

static bool count_row(const struct history_row *row, void *context)
{
    (void)row;
    ++*(int *)context;
    return true;
}

/* While the daemon has it open, after it has gone, and for who may not write beside it. */
static void test_reading(void **state)
{
    (void)state;
    struct error error;
    struct history *history;
    int rows = 0;
    const char *path = fixture_path("read.db");
    struct store *store = open_store(path);
    insert(store, "2026-11-20", 5, 0);
    assert_true(history_open(path, &history, &error));
    insert(store, "2026-11-21", 5, 0);
    assert_true(history_find(history, &(struct history_filter){0}, count_row, &rows, &error));
    assert_int_equal(rows, 10);
    history_close(history);
    assert_true(store_is_there(store));
    assert_int_equal(unlink(path), 0);
    assert_false(store_is_there(store));
    store_close(store);
}

static int done(void **state)
{
    (void)state;
    fixture_done();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_made_with_care),
        cmocka_unit_test(test_folder_that_is_a_link),
        cmocka_unit_test(test_batch),
        cmocka_unit_test(test_configurations),
        cmocka_unit_test(test_prune_by_age),
        cmocka_unit_test(test_prune_by_size),
        cmocka_unit_test(test_prune_beside_a_reader),
        cmocka_unit_test(test_other_databases),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_reading),
    };
    return cmocka_run_group_tests(tests, NULL, done);
}
