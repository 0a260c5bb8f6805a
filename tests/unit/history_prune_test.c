/* The database on the disk stays young and small. */
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "history_fixture.h"

#define DAY 86400000LL
#define NOON 1795176000000 /* 2026-11-20 12:00 UTC */
#define NO_LIMIT INT64_MAX

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

static void test_prune_by_age(void **state)
{
    (void)state;
    const char *path = fixture_path("age.db");
    struct store *store = fixture_store(path);
    fixture_insert(store, "2026-11-20", 1300, 100);
    fixture_insert(store, "2026-11-18", 1300, 100); /* imported later, and older */
    fixture_insert(store, "2026-11-19", 10, 100);
    prune(store, NOON - 36 * 3600000LL, NO_LIMIT);
    assert_int_equal(fixture_number(path, "SELECT count(*) FROM decisions"), 1310);
    assert_int_equal(
        fixture_number(path, "SELECT count(*) FROM decisions WHERE id LIKE '2026-11-18%'"), 0);
    assert_int_equal(fixture_number(path, "SELECT count(*) FROM records"), 1310);
    assert_int_equal(fixture_number(path, "SELECT count(*) FROM verdicts"), 1310);
    assert_int_equal(fixture_number(path, "SELECT count(*) FROM addresses"), 1310);
    assert_int_equal(fixture_number(path, "SELECT count(*) FROM signatures"), 1310);
    prune(store, NOON + DAY, NO_LIMIT);
    assert_int_equal(fixture_number(path, "SELECT count(*) FROM decisions"), 0);
    fixture_insert(store, "2026-11-20", 1, 0);
    assert_true(fixture_number(path, "SELECT seq FROM decisions") > 2610); /* never given twice */
    store_close(store);
    assert_true(fixture_number(path, "PRAGMA page_count") < 100);
}

static int64_t size_with_journal(const char *path)
{
    struct stat status;
    char journal[300];
    snprintf(journal, sizeof journal, "%s-wal", path);
    int64_t size = stat(journal, &status) == 0 ? status.st_size : 0;
    return size +
           fixture_number(path, "PRAGMA page_count") * fixture_number(path, "PRAGMA page_size");
}

/* A slice never takes long, and the newest stay. */
static void test_prune_by_size(void **state)
{
    (void)state;
    struct error error;
    bool more;
    const int64_t most = 32 << 20;
    const char *path = fixture_path("size.db");
    struct store *store = fixture_store(path);
    for (int day = 1; day <= 9; day++) {
        char text[20];
        snprintf(text, sizeof text, "2026-11-%02d", day);
        fixture_insert(store, text, 1500, 2000);
    }
    int64_t before = fixture_number(path, "SELECT count(*) FROM decisions");
    assert_int_equal(store_prune(store, 0, most, &more, &error), STORE_DONE);
    assert_true(more);
    assert_int_equal(fixture_number(path, "SELECT count(*) FROM decisions"), before - 500);
    prune(store, 0, most);
    int64_t left = fixture_number(path, "SELECT count(*) FROM decisions");
    assert_true(left > 4000);
    assert_int_equal(
        fixture_number(path, "SELECT count(*) FROM decisions WHERE id LIKE '2026-11-09%'"), 1500);
    assert_int_equal(
        fixture_number(path, "SELECT count(*) FROM decisions WHERE id LIKE '2026-11-01%'"), 0);
    for (int round = 0; round < 20; round++) {
        char text[20];
        snprintf(text, sizeof text, "2026-12-%02d", round + 1);
        fixture_insert(store, text, 400, 2000);
        prune(store, 0, most);
        int64_t size = size_with_journal(path);
        if (size > most + most / 4)
            fail_msg("%lld bytes after round %d", (long long)size, round);
    }
    store_close(store);
    assert_true(size_with_journal(path) <= most);
    assert_true(fixture_number(path, "SELECT count(*) FROM decisions") > 4000);
}

/* A long question keeps the journal from being written back: that must not cost all the rows. */
static void test_prune_beside_a_reader(void **state)
{
    (void)state;
    const int64_t most = 8 << 20;
    sqlite3 *reader;
    const char *path = fixture_path("reader.db");
    struct store *store = fixture_store(path);
    fixture_insert(store, "2026-11-01", 1000, 2000);
    assert_int_equal(sqlite3_open(path, &reader), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM decisions", NULL, NULL, NULL), SQLITE_OK);
    for (int round = 0; round < 10; round++) {
        char text[20];
        snprintf(text, sizeof text, "2026-12-%02d", round + 1);
        fixture_insert(store, text, 1000, 2000);
        prune(store, 0, most);
    }
    assert_true(size_with_journal(path) > 2 * most);
    assert_true(fixture_number(path, "SELECT count(*) FROM decisions") > 700);
    sqlite3_close(reader);
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
        cmocka_unit_test(test_prune_by_age),
        cmocka_unit_test(test_prune_by_size),
        cmocka_unit_test(test_prune_beside_a_reader),
    };
    return cmocka_run_group_tests(tests, NULL, done);
}
