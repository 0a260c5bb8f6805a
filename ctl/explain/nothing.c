/* Saying that there is no such decision. */
#include "ctl/explain/nothing.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "conf/settings.h"
#include "ctl/explain/value.h"
#include "ctl/plain.h"
#include "ctl/when.h"
#include "history/find.h"

#define FILES_SHOWN 40

static bool note_time(const struct history_row *row, void *context)
{
    *(int64_t *)context = row->time;
    return false;
}

static void say_reach(const struct source_place *place, struct history *history)
{
    struct history_filter filter = {.limit = 1, .without_record = true};
    struct error ignored;
    int64_t oldest = 0;
    char text[WHEN_SIZE];
    fputs("  It was looked for in ", stderr);
    for (size_t i = 0; i < place->count; i++) {
        fputs(i ? ", " : "", stderr);
        plain_write_value(stderr, bytes_of(place->paths[i]));
    }
    if (history_find(history, &filter, note_time, &oldest, &ignored) && oldest) {
        when_local(oldest, text);
        fprintf(stderr, ", which %s back to %s.\n", place->count == 1 ? "goes" : "go", text);
    } else {
        fputs(", which holds no decision at all.\n", stderr);
    }
}

static void say_time(const struct asked *asked)
{
    char text[WHEN_SIZE];
    if (asked->kind != ASKED_ID)
        return;
    when_local(asked_time_of(asked->id), text);
    fprintf(stderr, "  An id holds its time: this one is of %s.\n", text);
}

static bool is_among(const struct source_place *place, const char *path)
{
    for (size_t i = 0; i < place->count; i++)
        if (strcmp(place->paths[i], path) == 0)
            return true;
    return false;
}

static bool is_packed(const char *path)
{
    size_t len = strlen(path);
    return len > 3 && strcmp(path + len - 3, ".gz") == 0;
}

static void say_file(const struct asked *asked, const char *path)
{
    struct bytes what = bytes_of(asked->kind == ASKED_ID ? asked->id : asked->text);
    bool packed = is_packed(path);
    fputs(packed ? "    zcat " : "    submilterctl explain --file ", stderr);
    value_print_word(stderr, bytes_of(path));
    fputs(packed ? " | submilterctl explain --file - " : " ", stderr);
    value_print_word(stderr, what);
    fputc('\n', stderr);
}

/* log.json, and what logrotate left of it. */
static void say_files(const struct asked *asked, const struct source_place *place, const char *json)
{
    char pattern[PATH_MAX + 2];
    glob_t found;
    size_t shown = 0;
    if (strlen(json) >= PATH_MAX || strpbrk(json, "*?[\\"))
        return;
    snprintf(pattern, sizeof pattern, "%s*", json);
    if (glob(pattern, 0, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc && shown < FILES_SHOWN; i++) {
        struct stat status;
        const char *path = found.gl_pathv[i];
        if (is_among(place, path) || stat(path, &status) != 0 || !S_ISREG(status.st_mode) ||
            status.st_size == 0)
            continue;
        fputs(shown++ ? "" : "  It may stand in the JSON log:\n", stderr);
        say_file(asked, path);
    }
    globfree(&found);
}

void nothing_say(const struct asked *asked, const struct source_place *place, const char *config,
                 struct history *history)
{
    struct settings *settings;
    struct error ignored;
    fprintf(stderr, "submilterctl: there is no decision with the %s ",
            asked->kind == ASKED_ID ? "id" : "queue id");
    plain_write_value(stderr, bytes_of(asked->kind == ASKED_ID ? asked->id : asked->text));
    fputc('\n', stderr);
    say_time(asked);
    say_reach(place, history);
    if (!settings_load(config, &settings, &ignored))
        return;
    if (settings->log.json)
        say_files(asked, place, settings->log.json);
    settings_unref(settings);
}
