/* The database on the disk: made, brought up to date, refused, filled. */
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

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *database;
    char *message = NULL;
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    if (sqlite3_exec(database, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    sqlite3_close(database);
}

static void test_made_with_care(void **state)
{
    (void)state;
    struct stat status;
    struct store *store;
    struct error error;
    const char *path = fixture_path("made.db");
    umask(0);
    store_close(fixture_store(path));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0640);
    assert_int_equal(fixture_number(path, "PRAGMA auto_vacuum"), 2);
    assert_int_equal(fixture_number(path, "PRAGMA user_version"), MIGRATE_VERSION);
    assert_int_equal(fixture_number(path, "PRAGMA application_id"), MIGRATE_APPLICATION_ID);
    const char *link = fixture_path("link.db");
    const char *target = fixture_path("target");
    fixture_write(target, NULL, 0);
    assert_int_equal(symlink(target, link), 0);
    assert_int_equal(store_open(link, 2000, &store, &error), STORE_AGAIN);
    assert_int_equal(stat(target, &status), 0);
    assert_int_equal(status.st_size, 0);
    assert_int_equal(store_open(fixture_path("no/folder.db"), 2000, &store, &error), STORE_AGAIN);
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
    store_close(fixture_store(fixture_path("folder/through.db")));
    assert_int_equal(access(fixture_path("through.db"), F_OK), 0);
}

static void test_batch(void **state)
{
    (void)state;
    struct error error;
    struct store_count made = {0};
    const char *path = fixture_path("batch.db");
    struct store *store = fixture_store(path);
    fixture_insert(store, "2026-11-20", 3, 0);
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
    assert_int_equal(fixture_number(path, "SELECT count(*) FROM decisions"), 4);
    assert_int_equal(fixture_number(path, "SELECT count(*) FROM decisions WHERE action = 'reject'"),
                     1);
}

static void test_configurations(void **state)
{
    (void)state;
    struct error error;
    const char *path = fixture_path("configurations.db");
    struct store *store = fixture_store(path);
    assert_int_equal(store_add_configuration(store, "a", "first", 10, &error), STORE_DONE);
    assert_int_equal(store_add_configuration(store, "a", "other", 20, &error), STORE_DONE);
    assert_int_equal(
        fixture_number(path, "SELECT first_seen FROM configurations WHERE text = 'first'"), 10);
    for (int i = 0; i < 1200; i++) {
        char hash[20];
        snprintf(hash, sizeof hash, "h%d", i);
        assert_int_equal(store_add_configuration(store, hash, "x", 100 + i, &error), STORE_DONE);
    }
    store_close(store);
    assert_int_equal(fixture_number(path, "SELECT count(*) FROM configurations"), 1000);
    assert_int_equal(fixture_number(path, "SELECT min(first_seen) FROM configurations"), 300);
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
        enum store_result result = store_open(path, 2000, &store, &error);
        if (!others[i].write) {
            assert_int_equal(result, STORE_DONE);
            fixture_insert(store, "2026-11-20", 1, 0);
            store_close(store);
            assert_true(history_open(path, &history, &error));
            history_close(history);
            continue;
        }
        assert_int_equal(result, STORE_AGAIN);
        if (!strstr(error.text, others[i].write))
            fail_msg("%s: %s", others[i].sql, error.text);
        assert_int_equal(fixture_number(path, "SELECT count(*) FROM sqlite_schema"), 1);
        assert_false(fixture_number(path, "SELECT count(*) FROM pragma_journal_mode"
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
    store_close(fixture_store(path));
    spoil(path, 0, zeros, sizeof zeros);
    assert_int_equal(store_open(path, 2000, &store, &error), STORE_DAMAGED);
    assert_false(history_open(path, &history, &error));
    assert_non_null(strstr(error.text, "not a database"));
    fixture_write(fixture_path("damaged.db.damaged-20200101T000000Z"), NULL, 0);
    assert_true(store_set_aside(path, NOON, &error));
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(access(fixture_path("damaged.db.damaged-20261120T120000Z"), F_OK), 0);
    assert_int_equal(access(fixture_path("damaged.db.damaged-20200101T000000Z"), F_OK), -1);
    store_close(fixture_store(path));
    spoil(path, 0, "a letter, and no database", 25);
    spoil(path, 68, "none", 4);
    assert_int_equal(store_open(path, 2000, &store, &error), STORE_DAMAGED);
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
    struct store *store = fixture_store(path);
    fixture_insert(store, "2026-11-20", 5, 0);
    assert_true(history_open(path, &history, &error));
    fixture_insert(store, "2026-11-21", 5, 0);
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
        cmocka_unit_test(test_made_with_care),  cmocka_unit_test(test_folder_that_is_a_link),
        cmocka_unit_test(test_batch),           cmocka_unit_test(test_configurations),
        cmocka_unit_test(test_other_databases), cmocka_unit_test(test_damage),
        cmocka_unit_test(test_reading),
    };
    return cmocka_run_group_tests(tests, NULL, done);
}
