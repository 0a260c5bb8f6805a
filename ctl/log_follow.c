/* Following the database, or files of JSON lines. */
#include "ctl/log_follow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ctl/pages.h"
#include "ctl/progress.h"
#include "ctl/tail.h"
#include "history/changes.h"
#include "history/history.h"

#define POLL_MS 200

/* 5 s: between its first byte and its tables a new database has no rows to show. */
#define TRIES 25

struct log_follow {
    struct source_place place;
    int64_t newest;  /* the database: the last row that was there or was shown */
    int64_t version; /* its count of changes when rows were last looked for; -1: they never were */
    ino_t inode;     /* the database's: a damaged one is moved aside and begun anew */
    unsigned tries;  /* of opening that new one */
    struct tail tails[SOURCE_FILES_MAX];
    size_t tail_count;
};

struct asked {
    struct history *history;
    struct history *known; /* the JSON lines that were read before; or NULL */
    struct log_rows *rows;
    int64_t newest;
    struct error *error;
    bool failed;
};

static ino_t inode_of(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? status.st_ino : 0;
}

static bool open_tails(struct log_follow *follow, struct error *error)
{
    for (; follow->tail_count < follow->place.count; follow->tail_count++)
        if (!tail_open(&follow->tails[follow->tail_count], follow->place.paths[follow->tail_count],
                       error))
            return false;
    return true;
}

bool log_follow_new(const struct source_place *place, struct log_follow **ret_follow,
                    struct error *error)
{
    struct log_follow *follow = calloc(1, sizeof *follow);
    if (!follow)
        return error_set(error, "out of memory");
    follow->place = *place;
    if (place->paths[0] == place->path)
        follow->place.paths[0] = follow->place.path;
    follow->inode = inode_of(place->paths[0]);
    follow->version = -1;
    if (!place->lines || open_tails(follow, error)) {
        *ret_follow = follow;
        return true;
    }
    log_follow_free(follow);
    return false;
}

bool log_follow_begin(struct log_follow *follow, struct history *history, struct error *error)
{
    return follow->place.lines || changes_newest(history, &follow->newest, error);
}

void log_follow_free(struct log_follow *follow)
{
    if (!follow)
        return;
    for (size_t i = 0; i < follow->tail_count; i++)
        tail_close(&follow->tails[i]);
    free(follow);
}

bool log_follow_is_later(const struct log_follow *follow, const struct history_row *row)
{
    return !follow->place.lines && row->seq > follow->newest;
}

static bool find_known(const struct history_row *row, void *context)
{
    (void)row;
    *(bool *)context = true;
    return false;
}

/* Lines that came while the files were being read are in both. */
static bool is_known(struct asked *asked, const struct history_row *row)
{
    char id[64];
    bool known = false;
    struct history_filter filter = {.id = id, .limit = 1, .without_record = true};
    if (!asked->known || row->id.len >= sizeof id)
        return false;
    snprintf(id, sizeof id, "%.*s", (int)row->id.len, row->id.data);
    if (!history_find(asked->known, &filter, find_known, &known, asked->error))
        asked->failed = true;
    return known;
}

static bool add(const struct history_row *row, void *context)
{
    struct asked *asked = context;
    asked->newest = row->seq > asked->newest ? row->seq : asked->newest;
    if (is_known(asked, row))
        return true;
    if (!asked->failed)
        asked->failed = !log_rows_add(asked->rows, asked->history, row, asked->error);
    return !asked->failed;
}

static bool add_all(struct asked *asked, const struct history_filter *filter, struct error *error)
{
    asked->error = error;
    return pages_each(asked->history, filter, add, asked, error) && !asked->failed &&
           log_rows_flush(asked->rows, error);
}

static void rest(void)
{
    const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
    nanosleep(&pause, NULL);
}

/* Another database has the name: from its first row on. */
static bool follow_new_database(struct log_follow *follow, struct history **history,
                                struct error *error)
{
    struct history *next;
    ino_t inode = inode_of(follow->place.paths[0]);
    if (!inode || inode == follow->inode)
        return true;
    if (!source_open_place(&follow->place, &next, error)) {
        progress_catch(*history);
        return ++follow->tries < TRIES && !progress_interrupted();
    }
    history_close(*history);
    *history = next;
    follow->inode = inode;
    follow->newest = 0;
    follow->version = -1;
    follow->tries = 0;
    return true;
}

static bool show_new_rows(struct log_follow *follow, struct history *history,
                          const struct history_filter *filter, struct log_rows *rows,
                          struct error *error)
{
    struct asked asked = {.history = history, .rows = rows};
    struct history_filter later = *filter;
    int64_t newest;
    if (!changes_newest(history, &newest, error))
        return false;
    if (newest < follow->newest) /* all old rows were given up: numbers begin anew */
        follow->newest = 0;
    later.after_seq = follow->newest;
    if (newest == follow->newest)
        return true;
    if (!add_all(&asked, &later, error))
        return false;
    follow->newest = newest > asked.newest ? newest : asked.newest;
    return true;
}

static bool follow_database(struct log_follow *follow, struct history **history,
                            const struct history_filter *filter, struct log_rows *rows,
                            struct error *error)
{
    while (!progress_interrupted()) {
        int64_t version;
        if (!changes_version(*history, &version, error))
            return false;
        if (version != follow->version && !show_new_rows(follow, *history, filter, rows, error))
            return false;
        follow->version = version;
        rest();
        if (!follow_new_database(follow, history, error))
            return false;
    }
    return true;
}

/* Loaded as any file is, so that the same filter is asked. */
static bool load(struct bytes lines, struct history **ret_history, struct error *error)
{
    char path[40];
    const char *paths[] = {path};
    size_t unreadable;
    int fd = memfd_create("records", MFD_CLOEXEC);
    if (fd < 0)
        return error_set(error, "memory for records: %s", strerror(errno));
    bool loaded = true;
    for (size_t done = 0; loaded && done < lines.len;) {
        ssize_t put = write(fd, lines.data + done, lines.len - done);
        loaded = put > 0 || error_set(error, "memory for records: %s", strerror(errno));
        done += loaded ? (size_t)put : 0;
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    loaded = loaded && history_open_lines(paths, 1, ret_history, &unreadable, error);
    close(fd);
    return loaded;
}

static bool show_lines(struct tail *tail, struct history *known,
                       const struct history_filter *filter, struct log_rows *rows, bool *ret_any,
                       struct error *error)
{
    struct bytes lines;
    struct asked asked = {.rows = rows, .known = known};
    *ret_any = false;
    if (!tail_read(tail, &lines, error) || (lines.len && !load(lines, &asked.history, error)))
        return false;
    if (!lines.len)
        return true;
    *ret_any = true;
    bool shown = add_all(&asked, filter, error);
    history_close(asked.history);
    return shown;
}

static bool follow_lines(struct log_follow *follow, struct history **history,
                         const struct history_filter *filter, struct log_rows *rows,
                         struct error *error)
{
    while (!progress_interrupted()) {
        bool any = false;
        for (size_t i = 0; i < follow->tail_count; i++) {
            bool read;
            if (!show_lines(&follow->tails[i], *history, filter, rows, &read, error))
                return false;
            any = any || read;
        }
        if (any)
            continue;
        source_close(*history); /* what was read before has come to its end: none is known twice */
        *history = NULL;
        rest();
    }
    return true;
}

bool log_follow_run(struct log_follow *follow, struct history **history,
                    const struct history_filter *filter, struct log_rows *rows, struct error *error)
{
    struct history_filter all = *filter;
    all.limit = 0;
    bool followed = follow->place.lines ? follow_lines(follow, history, &all, rows, error)
                                        : follow_database(follow, history, &all, rows, error);
    source_close(*history);
    *history = NULL;
    return followed || progress_interrupted();
}
