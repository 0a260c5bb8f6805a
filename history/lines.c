/* Reading JSON lines, a transaction a batch. */
#include "history/lines.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "history/insert.h"

#define WATCH_LINES 1000
#define PAUSE_MILLISECONDS 10 /* whoever waits for the lock asks again within some of them */

struct load {
    sqlite3 *database;
    struct insert *insert;
    const struct history_watch *watch;
    struct import_count *count;
    size_t batch, in_batch;
    uint64_t read, total;
};

static bool run(struct load *load, const char *sql, struct error *error)
{
    if (sqlite3_exec(load->database, sql, NULL, NULL, NULL) == SQLITE_OK)
        return true;
    return error_set(error, "%s", sqlite3_errmsg(load->database));
}

static bool take_line(struct load *load, const char *name, size_t number, struct bytes line,
                      struct error *error)
{
    struct error why;
    switch (insert_record(load->insert, line, &why)) {
    case INSERT_DONE:
        load->count->inserted++;
        break;
    case INSERT_KNOWN:
        load->count->known++;
        break;
    case INSERT_UNREADABLE:
        if (load->count->unreadable++ == 0)
            snprintf(load->count->first_unreadable, sizeof load->count->first_unreadable,
                     "%s:%zu: %.500s", name, number, why.text);
        break;
    case INSERT_FAILED:
        return error_set(error, "%s", why.text);
    }
    if (!load->batch || ++load->in_batch < load->batch)
        return true;
    load->in_batch = 0;
    return run(load, "COMMIT", error) && sqlite3_sleep(PAUSE_MILLISECONDS) >= 0 &&
           run(load, "BEGIN IMMEDIATE", error);
}

static bool go_on(const struct load *load)
{
    const struct history_watch *watch = load->watch;
    return !watch || watch->go_on(watch->context, load->read, load->total);
}

static bool load_lines(struct load *load, const char *name, FILE *file, struct error *error)
{
    char *line = NULL;
    size_t room = 0;
    bool well = true;
    for (size_t number = 1; well; number++) {
        errno = 0;
        ssize_t len = getline(&line, &room, file);
        if (len < 0)
            break;
        load->read += (size_t)len;
        well = take_line(load, name, number, (struct bytes){line, (size_t)len}, error) &&
               (number % WATCH_LINES || go_on(load) || error_set(error, "interrupted"));
    }
    if (well && !feof(file))
        well = error_set(error, "%s: %s", name, strerror(errno));
    free(line);
    return well;
}

static bool load_file(struct load *load, const char *path, struct error *error)
{
    if (strcmp(path, "-") == 0)
        return load_lines(load, "stdin", stdin, error);
    FILE *file = fopen(path, "re");
    if (!file)
        return error_set(error, "%s: %s", path, strerror(errno));
    bool loaded = load_lines(load, path, file, error);
    fclose(file);
    return loaded;
}

/* 0 where one of them has no size that is known before. */
static uint64_t total_of(const char *const *paths, size_t count)
{
    uint64_t total = 0;
    for (size_t i = 0; i < count; i++) {
        struct stat status;
        if (strcmp(paths[i], "-") == 0 || stat(paths[i], &status) < 0 || !S_ISREG(status.st_mode))
            return 0;
        total += (uint64_t)status.st_size;
    }
    return total;
}

bool lines_load(sqlite3 *database, const char *const *paths, size_t path_count, size_t batch,
                const struct history_watch *watch, struct import_count *count, struct error *error)
{
    struct load load = {.database = database,
                        .watch = watch,
                        .count = count,
                        .batch = batch,
                        .total = total_of(paths, path_count)};
    if (!insert_prepare(database, &load.insert, error))
        return false;
    bool well = run(&load, "BEGIN IMMEDIATE", error);
    for (size_t i = 0; well && i < path_count; i++)
        well = load_file(&load, paths[i], error);
    well = well && run(&load, "COMMIT", error);
    if (!well)
        sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL);
    insert_free(load.insert);
    return well;
}
