/* Reading records for the workers. */
#include "ctl/replay/feed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/pages.h"
#include "ctl/progress.h"

struct feed {
    bool (*each)(const char *place, uint64_t line, struct bytes text, void *context);
    void *context;
    struct progress progress;
    uint64_t count;
    bool ended; /* each wanted no more */
};

static bool hand_over(struct feed *feed, const char *place, uint64_t line, struct bytes text)
{
    feed->ended = !feed->each(place, line, text, feed->context);
    progress_step(&feed->progress, ++feed->count);
    return !feed->ended && !progress_interrupted();
}

static bool feed_row(const struct history_row *row, void *context)
{
    return hand_over(context, "history", (uint64_t)row->seq, row->record);
}

static bool feed_history(struct feed *feed, const struct source_place *place,
                         const struct source_options *options, struct error *error)
{
    const struct history_filter filter = {.since = options->since, .until = options->until};
    struct history *history = NULL;
    bool fed = source_open_place(place, &history, error) &&
               pages_each(history, &filter, feed_row, feed, error);
    source_close(history);
    return fed;
}

static bool feed_lines(struct feed *feed, const char *place, FILE *file, struct error *error)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t len = 0;
    for (uint64_t number = 1; !feed->ended && !progress_interrupted(); number++) {
        errno = 0;
        len = getline(&line, &room, file);
        if (len < 0)
            break;
        if (bytes_trim((struct bytes){line, (size_t)len}).len)
            hand_over(feed, place, number, (struct bytes){line, (size_t)len});
    }
    bool good = len >= 0 || feof(file) || error_set(error, "%s: %s", place, strerror(errno));
    free(line);
    return good;
}

static bool feed_file(struct feed *feed, const char *path, struct error *error)
{
    if (strcmp(path, "-") == 0)
        return feed_lines(feed, "standard input", stdin, error);
    FILE *file = fopen(path, "re");
    if (!file)
        return error_set(error, "%s: %s", path, strerror(errno));
    bool fed = feed_lines(feed, path, file, error);
    fclose(file);
    return fed;
}

bool feed_each(const struct source_place *place, const struct source_options *options,
               bool (*each)(const char *place, uint64_t line, struct bytes text, void *context),
               void *context, struct error *error)
{
    struct feed feed = {.each = each, .context = context};
    bool fed = true;
    progress_catch(NULL);
    progress_begin(&feed.progress, "judged", 0);
    if (!place->lines)
        fed = feed_history(&feed, place, options, error);
    for (size_t i = 0; place->lines && fed && !feed.ended && i < place->count; i++)
        fed = feed_file(&feed, place->paths[i], error);
    progress_end(&feed.progress);
    if (progress_interrupted())
        return error_set(error, "interrupted");
    return fed;
}
