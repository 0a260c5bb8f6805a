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
#include "dkim/our_command.h"
#include "history/status.h"

#define FILES_SHOWN 40

static void say_reach(const struct source_place *place, int64_t oldest)
{
    char text[WHEN_SIZE];
    fputs("  It was looked for in ", stderr);
    for (size_t i = 0; i < place->count; i++) {
        fputs(i ? ", " : "", stderr);
        plain_write_value(stderr, bytes_of(place->paths[i]));
    }
    if (oldest) {
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

static void say_length(const struct asked *asked)
{
    size_t len = asked->kind == ASKED_QUEUE_ID ? asked_id_length(bytes_of(asked->text)) : 0;
    if (len && len != DECISION_ID_LEN)
        fprintf(stderr, "  If it is a decision's: an id has %d characters; this has %zu.\n",
                DECISION_ID_LEN, len);
}

/* A time of which the history would have it. */
static bool is_within(const struct asked *asked, const struct history_status *held)
{
    if (asked->kind != ASKED_ID || !held->rows)
        return false;
    int64_t time = asked_time_of(asked->id);
    return time >= held->oldest && time <= held->newest;
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
    if (packed)
        fputs("    zcat ", stderr);
    else
        fprintf(stderr, "    %s explain --file ", our_command());
    value_print_word(stderr, bytes_of(path));
    if (packed)
        fprintf(stderr, " | %s explain --file - ", our_command());
    else
        fputc(' ', stderr);
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
    struct history_status held = {0};
    fprintf(stderr, "submilterctl: there is no decision with the %s ",
            asked->kind == ASKED_ID ? "id" : "queue id");
    plain_write_value(stderr, bytes_of(asked->kind == ASKED_ID ? asked->id : asked->text));
    fputc('\n', stderr);
    say_length(asked);
    say_time(asked);
    if (!history_status(history, &held, &ignored))
        held = (struct history_status){0};
    say_reach(place, held.oldest);
    if (is_within(asked, &held)) {
        fputs("  It holds decisions from before and after that time: look the id up once more.\n",
              stderr);
        return;
    }
    if (!settings_load(config, &settings, &ignored))
        return;
    if (settings->log.json)
        say_files(asked, place, settings->log.json);
    settings_unref(settings);
}
