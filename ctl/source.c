/* Finding and opening the records of the past. */
#include "ctl/source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conf/settings.h"
#include "ctl/command.h"
#include "ctl/progress.h"
#include "ctl/when.h"
#include "history/history.h"
#include "policy/shell.h"

int source_option(int option, const char *argument, struct source_options *options,
                  struct error *error)
{
    switch (option) {
    case SOURCE_SINCE:
        return when_parse(argument, when_now(), &options->since, error) ||
                       error_prefix(error, "--since: ")
                   ? 1
                   : -1;
    case SOURCE_UNTIL:
        return when_parse(argument, when_now(), &options->until, error) ||
                       error_prefix(error, "--until: ")
                   ? 1
                   : -1;
    case SOURCE_FILE:
        if (options->file_count == SOURCE_FILES_MAX) {
            error_set(error, "--file: at most %d of them", SOURCE_FILES_MAX);
            return -1;
        }
        options->files[options->file_count++] = argument;
        return 1;
    default:
        return 0;
    }
}

void source_default_since(struct source_options *options, int days)
{
    if (!options->since)
        options->since = (options->until ? options->until : when_now()) - days * INT64_C(86400000);
}

static bool from_settings(const struct settings *settings, struct source_place *ret_place,
                          struct error *error)
{
    const char *path = settings->history.file ? settings->history.file : settings->log.json;
    ret_place->lines = !settings->history.file;
    if (!path)
        return error_set(error,
                         "%s: neither history.file nor log.json is set, so no decisions are kept: "
                         "set history.file, or name a file of records with --file",
                         settings->path);
    if (strlen(path) >= sizeof ret_place->path)
        return error_set(error, "%s: the name is too long", path);
    strcpy(ret_place->path, path);
    const char *json = ret_place->lines ? NULL : settings->log.json;
    if (json && strlen(json) < sizeof ret_place->json)
        strcpy(ret_place->json, json);
    ret_place->paths[0] = ret_place->path;
    ret_place->count = 1;
    return true;
}

bool source_find(const char *config, const struct source_options *options,
                 struct source_place *ret_place, struct error *error)
{
    struct settings *settings;
    ret_place->json[0] = '\0';
    ret_place->lines = options->file_count > 0;
    ret_place->count = options->file_count;
    memcpy(ret_place->paths, options->files, sizeof ret_place->paths);
    if (options->file_count)
        return true;
    if (!settings_load(config, &settings, error))
        return false;
    bool found = from_settings(settings, ret_place, error);
    settings_unref(settings);
    return found;
}

static bool go_on(void *context, uint64_t read, uint64_t total)
{
    struct progress *progress = context;
    progress->total = total / 1000000;
    progress->done = read / 1000000;
    progress_tick(progress);
    return !progress_interrupted();
}

static bool open_lines(const struct source_place *place, struct history **ret_history,
                       struct error *error)
{
    size_t unreadable = 0;
    struct progress progress;
    struct history_watch watch = {go_on, &progress};
    progress_begin(&progress, "read", 0);
    progress.unit = "MB";
    bool opened = history_open_lines_watched(place->paths, place->count, &watch, ret_history,
                                             &unreadable, error);
    progress_end(&progress);
    if (!opened || !unreadable)
        return opened;
    struct error left_out;
    error_set(&left_out, "%zu %s left out; the first: %s", unreadable,
              unreadable == 1 ? "line is no record and" : "lines are no records and",
              history_first_unreadable(*ret_history));
    command_complain(&left_out, 0);
    return true;
}

/* SQLite does not say why; to anybody but root it is the rights. */
static bool is_forbidden(const char *path, const struct error *error)
{
    if (geteuid() == 0)
        return false;
    return (access(path, R_OK) != 0 && errno == EACCES) ||
           strstr(error->text, "unable to open database file");
}

void source_advise(const char *path, const char *json, struct error *error)
{
    size_t len = strlen(error->text);
    if (is_forbidden(path, error))
        snprintf(error->text + len, sizeof error->text - len, "; be root or in group adm");
    else if (*json)
        snprintf(error->text + len, sizeof error->text - len,
                 "; log.json has decisions too: --file %s", shell_word(json).text);
}

bool source_open_place(const struct source_place *place, struct history **ret_history,
                       struct error *error)
{
    /* Standard input may come from somebody who types. A database is waited for no longer than some
     * seconds, and whoever asks it may have a terminal to give back. */
    progress_catch_at_once(place->lines);
    progress_catch(NULL);
    bool opened = false;
    if (progress_interrupted())
        error_set(error, "interrupted");
    else
        opened = place->lines ? open_lines(place, ret_history, error)
                              : history_open(place->paths[0], ret_history, error);
    progress_catch_at_once(false);
    if (!opened) {
        if (!progress_interrupted())
            source_advise(place->paths[0], place->json, error);
        return false;
    }
    progress_catch(*ret_history);
    if (!progress_interrupted())
        return true;
    source_close(*ret_history);
    *ret_history = NULL;
    return error_set(error, "interrupted");
}

void source_close(struct history *history)
{
    progress_catch(NULL);
    history_close(history);
}

int source_complain(const struct error *error, int status)
{
    return progress_interrupted() ? progress_status() : command_complain(error, status);
}

bool source_open(const char *config, const struct source_options *options,
                 struct history **ret_history, struct error *error)
{
    struct source_place place;
    return source_find(config, options, &place, error) &&
           source_open_place(&place, ret_history, error);
}
