/* One database, its faults and their ends. */
#include "milter/history_file.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "history/store.h"
#include "milter/clock.h"
#include "milter/history_queue.h"
#include "milter/log.h"

#define BUSY_MILLISECONDS 2000 /* another daemon, an import */
#define FIRST_PATIENCE_MILLISECONDS 1000
#define PATIENCE_MILLISECONDS 60000
#define PRUNE_MILLISECONDS 200

static struct {
    struct store *store;
    struct history_wanted wanted;
    bool configured; /* the configuration stands in the database */
    bool broken;     /* and that was said */
    int64_t patience;
} file;

static int64_t now_milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void history_wanted_done(struct history_wanted *wanted)
{
    free(wanted->path);
    free(wanted->configuration);
    *wanted = (struct history_wanted){0};
}

void history_file_close(void)
{
    store_close(file.store);
    file.store = NULL;
    file.configured = false;
}

void history_file_use(struct history_wanted *wanted)
{
    bool same = file.wanted.path && wanted->path && strcmp(file.wanted.path, wanted->path) == 0;
    history_wanted_done(&file.wanted);
    file.wanted = *wanted;
    *wanted = (struct history_wanted){0};
    file.configured = false;
    file.patience = 0;
    file.broken = file.broken && same;
    if (!same)
        history_file_close();
}

bool history_file_is_wanted(void)
{
    return file.wanted.path != NULL;
}

bool history_file_works(void)
{
    return !file.broken;
}

/* New settings forget what was waited before; one database after the other being damaged is no
 * reason to make them without a pause. */
int64_t history_file_patience(void)
{
    return file.patience ? file.patience : FIRST_PATIENCE_MILLISECONDS;
}

static void failed(const char *why)
{
    if (!file.broken)
        log_error("history.file: %s; mail goes on, records wait for it (%zu MB of them at most, "
                  "more are lost)",
                  why, HISTORY_QUEUE_BYTES >> 20);
    file.broken = true;
    file.patience = file.patience ? 2 * file.patience : FIRST_PATIENCE_MILLISECONDS;
    if (file.patience > PATIENCE_MILLISECONDS)
        file.patience = PATIENCE_MILLISECONDS;
    history_file_close();
}

void history_file_written(unsigned long lost)
{
    if (file.broken)
        log_warning("history.file: %s is written again; %lu records were lost", file.wanted.path,
                    lost);
    else if (lost)
        log_error("history.file: %lu records were lost: %s could not keep up", lost,
                  file.wanted.path);
    file.broken = false;
    file.patience = 0;
}

/* A damaged database is of no use to anybody as it is; what it holds may be. After a hand-over the
 * other daemon may have done it: what stands at the path then is a good one. */
static void set_aside(const char *damage)
{
    struct error error;
    bool done = file.store && !store_is_there(file.store);
    history_file_close();
    if (done)
        return;
    if (!store_set_aside(file.wanted.path, now_milliseconds(), &error))
        failed(error.text);
    else
        log_error("history.file: %s: it was moved to %s.damaged-TIME, and a new one is begun",
                  damage, file.wanted.path);
}

static bool settle(enum store_result result, const struct error *error)
{
    if (result == STORE_AGAIN)
        failed(error->text);
    else if (result == STORE_DAMAGED)
        set_aside(error->text);
    return result == STORE_DONE;
}

static bool have_store(void)
{
    struct error error;
    if (file.store && !store_is_there(file.store))
        history_file_close();
    if (!file.store &&
        !settle(store_open(file.wanted.path, BUSY_MILLISECONDS, &file.store, &error), &error))
        return false;
    if (file.configured || !file.wanted.configuration)
        return true;
    file.configured =
        settle(store_add_configuration(file.store, file.wanted.hash, file.wanted.configuration,
                                       now_milliseconds(), &error),
               &error);
    return file.configured;
}

static bool write_once(const struct bytes *records, size_t count)
{
    struct error error;
    struct store_count made = {0};
    if (!have_store())
        return false;
    if (count && !settle(store_insert(file.store, records, count, &made, &error), &error))
        return false;
    if (made.unreadable)
        log_error("history.file: %zu records were lost: they could not be taken apart",
                  made.unreadable);
    return true;
}

bool history_file_write(const struct bytes *records, size_t count)
{
    if (write_once(records, count))
        return true;
    /* A new database in the place of a damaged one gets its chance at once. */
    if (history_file_works() && write_once(records, count))
        return true;
    if (history_file_works())
        failed("it is damaged again and again");
    return false;
}

bool history_file_prune(bool *ret_more)
{
    struct error error;
    int64_t until = clock_milliseconds() + PRUNE_MILLISECONDS;
    *ret_more = true;
    while (*ret_more && clock_milliseconds() < until)
        if (!settle(store_prune(file.store, now_milliseconds() - file.wanted.keep,
                                file.wanted.max_size, ret_more, &error),
                    &error))
            return false;
    return true;
}
