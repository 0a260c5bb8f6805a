/* Reading new records. */
#include "ctl/top/news.h"

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

int64_t news_now(const struct news *news)
{
    int64_t now = when_now();
    bool old = news->place->lines && news->newest && news->newest < now - WINDOW_LENGTH;
    return old ? news->newest + 1 : now;
}

static bool read_database(struct news *news, struct window *window, struct error *error)
{
    struct history *history;
    /* The rows after that one: imported ones may be older. */
    struct adding adding = {window, when_now() - WINDOW_LENGTH};
    if (!source_open_place(news->place, &history, error))
        return false;
    bool good = latest_begin(history, adding.from, &news->after, error) &&
                latest_rows(history, &news->after, add, &adding, error);
    source_close(history);
    return good;
}

/* The hour before the newest record: files may be old ones. */
static bool read_files(struct news *news, struct window *window, struct error *error)
{
    struct history *history;
    struct adding adding = {.window = window};
    int64_t after = 0;
    if (!source_open_place(news->place, &history, error))
        return false;
    bool good = latest_time(history, &news->newest, error);
    adding.from = news_now(news) - WINDOW_LENGTH;
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

static bool read_tail(struct news *news, struct tail *tail, struct window *window,
                      struct error *error)
{
    struct bytes lines;
    struct history *history;
    struct adding adding = {.window = window, .from = news->known + 1};
    int64_t after = 0, newest = 0;
    if (!tail_read(tail, &lines, error))
        return false;
    if (!lines.len)
        return true;
    if (!load(lines, &history, error))
        return false;
    bool good =
        latest_time(history, &newest, error) && latest_rows(history, &after, add, &adding, error);
    news->newest = newest > news->newest ? newest : news->newest;
    history_close(history);
    return good;
}

/* Before the files are read, so that no line falls between: those that are in both are known by
 * their time. */
static bool open_tails(struct news *news, struct error *error)
{
    for (size_t i = 0; i < news->place->count; i++) {
        if (strcmp(news->place->paths[i], "-") == 0)
            continue;
        if (!tail_open(&news->tails[news->tail_count], news->place->paths[i], error))
            return false;
        news->tail_count++;
    }
    return true;
}

bool news_begin(struct news *news, const struct source_place *place, struct window *window,
                struct error *error)
{
    *news = (struct news){.place = place};
    if (!place->lines)
        return read_database(news, window, error);
    if (open_tails(news, error) && read_files(news, window, error)) {
        news->known = news->newest;
        return true;
    }
    news_end(news);
    return false;
}

bool news_more(struct news *news, struct window *window, struct error *error)
{
    if (!news->place->lines)
        return read_database(news, window, error);
    for (size_t i = 0; i < news->tail_count; i++)
        if (!read_tail(news, &news->tails[i], window, error))
            return false;
    return true;
}

void news_end(struct news *news)
{
    while (news->tail_count)
        tail_close(&news->tails[--news->tail_count]);
}
