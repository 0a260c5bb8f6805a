/* Reading new records. */
#include "ctl/top/feed.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ctl/when.h"

struct adding {
    struct window *window;
    int64_t from; /* earlier rows are known */
};

static void add(const struct latest_row *row, void *context)
{
    struct adding *adding = context;
    if (row->time >= adding->from)
        window_add(row, adding->window);
}

int64_t feed_now(const struct feed *feed)
{
    int64_t now = when_now();
    bool old = feed->place->lines && feed->newest && feed->newest < now - WINDOW_LENGTH;
    return old ? feed->newest + 1 : now;
}

static bool read_database(struct feed *feed, struct window *window, struct error *error)
{
    struct history *history;
    struct adding adding = {.window = window};
    if (!source_open_place(feed->place, &history, error))
        return false;
    bool good = latest_begin(history, when_now() - WINDOW_LENGTH, &feed->after, error) &&
                latest_rows(history, &feed->after, add, &adding, error);
    source_close(history);
    return good;
}

/* The hour before the newest record: files may be old ones. */
static bool read_files(struct feed *feed, struct window *window, struct error *error)
{
    struct history *history;
    struct adding adding = {.window = window};
    int64_t after = 0;
    if (!source_open_place(feed->place, &history, error))
        return false;
    bool good = latest_time(history, &feed->newest, error);
    adding.from = feed_now(feed) - WINDOW_LENGTH;
    good = good && latest_begin(history, adding.from, &after, error) &&
           latest_rows(history, &after, add, &adding, error);
    source_close(history);
    return good;
}

static bool load(struct bytes lines, struct history **ret_history, struct error *error)
{
    char path[40];
    const char *paths[] = {path};
    size_t unreadable;
    int fd = memfd_create("records", MFD_CLOEXEC);
    FILE *memory = fd < 0 ? NULL : fdopen(fd, "w");
    bool written =
        memory && fwrite(lines.data, 1, lines.len, memory) == lines.len && fflush(memory) == 0;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    bool loaded = (written || error_set(error, "memory for records: %s", strerror(errno))) &&
                  history_open_lines(paths, 1, ret_history, &unreadable, error);
    if (memory)
        fclose(memory);
    else if (fd >= 0)
        close(fd);
    return loaded;
}

static bool read_tail(struct feed *feed, struct tail *tail, struct window *window,
                      struct error *error)
{
    struct bytes lines;
    struct history *history;
    struct adding adding = {.window = window, .from = feed->known + 1};
    int64_t after = 0, newest = 0;
    if (!tail_read(tail, &lines, error))
        return false;
    if (!lines.len)
        return true;
    if (!load(lines, &history, error))
        return false;
    bool good =
        latest_time(history, &newest, error) && latest_rows(history, &after, add, &adding, error);
    feed->newest = newest > feed->newest ? newest : feed->newest;
    history_close(history);
    return good;
}

/* Before the files are read, so that no line falls between: those that are in both are known by
 * their time. */
static bool open_tails(struct feed *feed, struct error *error)
{
    for (size_t i = 0; i < feed->place->count; i++) {
        if (strcmp(feed->place->paths[i], "-") == 0)
            continue;
        if (!tail_open(&feed->tails[feed->tail_count], feed->place->paths[i], error))
            return false;
        feed->tail_count++;
    }
    return true;
}

bool feed_begin(struct feed *feed, const struct source_place *place, struct window *window,
                struct error *error)
{
    *feed = (struct feed){.place = place};
    if (!place->lines)
        return read_database(feed, window, error);
    if (open_tails(feed, error) && read_files(feed, window, error)) {
        feed->known = feed->newest;
        return true;
    }
    feed_end(feed);
    return false;
}

bool feed_more(struct feed *feed, struct window *window, struct error *error)
{
    if (!feed->place->lines)
        return read_database(feed, window, error);
    for (size_t i = 0; i < feed->tail_count; i++)
        if (!read_tail(feed, &feed->tails[i], window, error))
            return false;
    return true;
}

void feed_end(struct feed *feed)
{
    while (feed->tail_count)
        tail_close(&feed->tails[--feed->tail_count]);
}
