/* Databases that change, break or are locked while threads ask them. */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/tables_fixture.h"

#define THREADS 8
#define ROWS 400
#define MANY_ROWS 300000

static void write_generation(const char *name, int generation, int rows)
{
    FILE *file = fopen(fixture_path(name), "w");
    assert_non_null(file);
    for (int i = 0; i < rows; i++)
        fprintf(file, "user%d@example.com generation%d.%d\n", i, generation, i);
    assert_int_equal(fclose(file), 0);
}

struct crowd {
    const struct table *table;
    atomic_bool over;
    atomic_long asked;
    atomic_long missed; /* absent, or some other row's value */
    atomic_int newest;
};

static bool is_lock_held(enum table_result result, const struct table_answer *answer)
{
    return result == TABLE_UNAVAILABLE && answer->source.data &&
           strstr(answer->source.data, "held a lock on it for a second");
}

static void *ask(void *argument)
{
    struct crowd *crowd = argument;
    struct arena *arena = arena_new(1 << 20);
    for (int i = 0; !atomic_load(&crowd->over); i = (i + 7) % ROWS) {
        char key[64];
        snprintf(key, sizeof key, "user%d@example.com", i);
        struct table_answer answer = {0};
        int generation = 0;
        int row = -1;
        enum table_result result = table_find(crowd->table, arena, bytes_of(key), &answer);
        if (is_lock_held(result, &answer))
            continue; /* on a busy machine */
        if (result != TABLE_FOUND ||
            sscanf(answer.value.data, "generation%d.%d", &generation, &row) != 2 || row != i)
            atomic_fetch_add(&crowd->missed, 1);
        if (generation > atomic_load(&crowd->newest))
            atomic_store(&crowd->newest, generation);
        atomic_fetch_add(&crowd->asked, 1);
        arena_clear(arena);
    }
    arena_free(arena);
    return NULL;
}

/* Threads that ask without a pause, while postmap writes again and again, at last so much that an
 * lmdb outgrows the map that readers have of it. */
static void run_crowd(const char *kind, int generations, struct crowd *crowd)
{
    write_generation("live", 0, ROWS);
    assert_true(fixture_postmap(kind, "live"));
    struct table *table = fixture_open(fixture_spec(kind, "live"));
    crowd->table = table;
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask, crowd), 0);
    for (int generation = 1; generation <= generations; generation++) {
        write_generation("live", generation,
                         generation < generations ? ROWS * generation : MANY_ROWS);
        assert_true(fixture_postmap(kind, "live"));
        if (generation % 3 == 0) /* a reload: the file is opened and closed by us again */
            table_free(fixture_open(fixture_spec(kind, "live")));
    }
    long asked = atomic_load(&crowd->asked); /* what is under way may have begun before */
    while (atomic_load(&crowd->asked) <= asked + THREADS)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    atomic_store(&crowd->over, true);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    table_free(table);
    assert_int_equal(atomic_load(&crowd->missed), 0);
    assert_true(atomic_load(&crowd->asked) > THREADS);
}

static void lmdb_is_read_while_postmap_writes(void **state)
{
    (void)state;
    struct crowd crowd = {0};
    run_crowd("lmdb", 25, &crowd);
    assert_int_equal(atomic_load(&crowd.newest), 25); /* and what it wrote is seen at once */
}

static void cdb_keeps_what_it_read(void **state)
{
    (void)state;
    struct crowd crowd = {0};
    run_crowd("cdb", 3, &crowd);
    assert_int_equal(atomic_load(&crowd.newest), 0);
}

struct appender {
    int fd;
    atomic_bool over;
};

static void *append(void *argument)
{
    struct appender *appender = argument;
    while (!atomic_load(&appender->over) && write(appender->fd, "#\n", 2) == 2)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return NULL;
}

/* Half a file is not read: what the rest says may take something away. */
static void a_file_is_not_read_while_it_is_written(void **state)
{
    (void)state;
    FILE *file = fopen(fixture_path("growing"), "w");
    assert_non_null(file);
    for (int i = 0; i < 2000000; i++)
        fputs("# long enough to be written to while it is read\n", file);
    assert_int_equal(fclose(file), 0);
    struct appender appender = {.fd = open(fixture_path("growing"), O_WRONLY | O_APPEND)};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, append, &appender), 0);
    fixture_refused(fixture_spec("texthash", "growing"), "somebody is writing into it");
    atomic_store(&appender.over, true);
    pthread_join(thread, NULL);
    close(appender.fd);
    table_free(fixture_open(fixture_spec("texthash", "growing")));
}

static enum table_result ask_once(const struct table *table, char why[300])
{
    struct arena *arena = arena_new(1 << 20);
    struct table_answer answer;
    enum table_result result = table_find(table, arena, BYTES("user1@example.com"), &answer);
    snprintf(why, 300, "%s", answer.source.data ? answer.source.data : "");
    arena_free(arena);
    return result;
}

static void a_shortened_file_is_no_answer(void **state)
{
    (void)state;
    char why[300];
    write_generation("short", 0, 3000);
    assert_true(fixture_postmap("lmdb", "short"));
    assert_true(fixture_postmap("cdb", "short"));
    struct table *lmdb = fixture_open(fixture_spec("lmdb", "short"));
    struct table *cdb = fixture_open(fixture_spec("cdb", "short"));
    static const off_t sizes[] = {30000, 8192, 5000, 0};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_int_equal(truncate(fixture_path("short.lmdb"), sizes[i]), 0);
        assert_int_equal(truncate(fixture_path("short.cdb"), sizes[i]), 0);
        assert_int_equal(ask_once(lmdb, why), TABLE_UNAVAILABLE);
        assert_non_null(strstr(why, "the file is cut short"));
        assert_int_equal(ask_once(cdb, why), TABLE_FOUND); /* it has a copy */
    }
    table_free(lmdb);
    table_free(cdb);
}

/* A child that holds postmap's lock until it is told to end. */
static pid_t lock_in_child(const char *path, int *ret_pipe)
{
    int ready[2];
    int over[2];
    assert_int_equal(pipe(ready) + pipe(over), 0);
    fflush(NULL);
    pid_t child = fork();
    if (!child) {
        int fd = open(path, O_RDWR);
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        close(over[1]);
        bool ok = fcntl(fd, F_SETLKW, &lock) == 0 && write(ready[1], "x", 1) == 1;
        char byte;
        ok = ok && read(over[0], &byte, 1) >= 0;
        _exit(!ok);
    }
    char byte;
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    close(over[0]);
    *ret_pipe = over[1];
    return child;
}

/* A child that inherits the descriptor would hold our lock when we are gone. */
static void no_child_inherits_a_file(void **state)
{
    (void)state;
    write_generation("child", 0, 3);
    const char *kinds[] = {"texthash", "lmdb", "cdb"};
    for (int i = 0; i < 3; i++) {
        if (i)
            assert_true(fixture_postmap(kinds[i], "child"));
        bool was_open[256];
        for (int fd = 0; fd < 256; fd++)
            was_open[fd] = fcntl(fd, F_GETFD) >= 0;
        struct table *table = fixture_open(fixture_spec(kinds[i], "child"));
        for (int fd = 0; fd < 256; fd++)
            if (!was_open[fd] && fcntl(fd, F_GETFD) >= 0)
                assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
        table_free(table);
        for (int fd = 0; fd < 256; fd++)
            assert_int_equal(fcntl(fd, F_GETFD) >= 0, was_open[fd]);
    }
}

static void *ask_through_lock(void *argument)
{
    char why[300];
    enum table_result result = ask_once(argument, why);
    return result == TABLE_UNAVAILABLE && strstr(why, "has held a lock") ? argument : NULL;
}

static void a_lock_is_waited_for_with_a_bound(void **state)
{
    (void)state;
    write_generation("locked", 0, 3);
    assert_true(fixture_postmap("lmdb", "locked"));
    struct table *table = fixture_open(fixture_spec("lmdb", "locked"));
    int over;
    pid_t child = lock_in_child(fixture_path("locked.lmdb"), &over);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_through_lock, table), 0);
    for (int i = 0; i < THREADS; i++) {
        void *result;
        pthread_join(threads[i], &result);
        assert_ptr_equal(result, table);
    }
    close(over);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    fixture_expect(table, "user1@example.com", "generation0.1");

    /* and a reader holds a writer's lock off only while it reads */
    child = lock_in_child(fixture_path("locked.lmdb"), &over);
    close(over);
    assert_int_equal(waitpid(child, &status, 0), child);
    table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lmdb_is_read_while_postmap_writes),
        cmocka_unit_test(cdb_keeps_what_it_read),
        cmocka_unit_test(a_file_is_not_read_while_it_is_written),
        cmocka_unit_test(a_shortened_file_is_no_answer),
        cmocka_unit_test(no_child_inherits_a_file),
        cmocka_unit_test(a_lock_is_waited_for_with_a_bound),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
