/* submilterctl history: what the daemon's database holds, and putting older records into it. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "conf/settings.h"
#include "ctl/command.h"
#include "ctl/output.h"
#include "ctl/plain.h"
#include "ctl/progress.h"
#include "ctl/source.h"
#include "ctl/when.h"
#include "dkim/our_command.h"
#include "gate/json.h"
#include "history/import.h"
#include "history/status.h"
#include "policy/shell.h"

struct report {
    const struct history_settings *settings;
    struct history_status status;
    int64_t journal; /* bytes */
};

static void json_time(struct json *json, const char *name, int64_t ms)
{
    char text[WHEN_SIZE];
    when_utc(ms, text);
    json_text(json, name, ms ? text : NULL);
}

static int print_json(const struct report *report)
{
    struct json json;
    json_init(&json);
    json_open(&json, NULL, '{');
    json_whole(&json, "file", bytes_of(report->settings->file));
    json_int(&json, "schema", report->status.schema);
    json_int(&json, "rows", report->status.rows);
    json_time(&json, "oldest", report->status.oldest);
    json_time(&json, "newest", report->status.newest);
    json_int(&json, "configurations", report->status.configurations);
    json_int(&json, "size", report->status.size);
    json_int(&json, "free", report->status.free);
    json_int(&json, "journal", report->journal);
    json_int(&json, "max_size", report->settings->max_size);
    json_int(&json, "keep", report->settings->keep);
    json_close(&json, '}');
    return output_json(&json) ? 0 : command_complain(&(struct error){"memory is out"}, EX_OSERR);
}

static void print_time(const char *name, int64_t ms)
{
    char text[WHEN_SIZE] = "";
    when_local(ms, text);
    printf("%-16s%s\n", name, ms ? text : "none");
}

static void print_text(const struct report *report)
{
    const struct history_status *status = &report->status;
    printf("%-16s", "file");
    plain_write(stdout, bytes_of(report->settings->file));
    printf("\n%-16s%" PRId64 "\n", "decisions", status->rows);
    print_time("oldest", status->oldest);
    print_time("newest", status->newest);
    printf("%-16s%" PRId64 "\n", "configurations", status->configurations);
    printf("%-16s%" PRId64 " MB, %" PRId64 " MB of it free; %" PRId64
           " MB of journal; at most %" PRId64 " MB\n",
           "size", status->size >> 20, status->free >> 20, report->journal >> 20,
           report->settings->max_size >> 20);
    int64_t days = report->settings->keep / 86400;
    printf("%-16s%" PRId64 " day%s\n", "kept for", days, days == 1 ? "" : "s");
    printf("%-16s%" PRId64 "\n", "schema", status->schema);
}

static int64_t journal_of(const char *path)
{
    char name[4200];
    struct stat status;
    snprintf(name, sizeof name, "%s-wal", path);
    return stat(name, &status) == 0 ? status.st_size : 0;
}

static int show(const struct history_settings *settings, bool json)
{
    struct report report = {.settings = settings};
    struct history *history;
    struct error error;
    if (!history_open(settings->file, &history, &error)) {
        source_advise(settings->file, "", &error);
        return command_complain(&error, EX_NOINPUT);
    }
    progress_catch(history);
    bool counted = history_status(history, &report.status, &error);
    source_close(history);
    if (!counted)
        return source_complain(&error, EX_IOERR);
    report.journal = journal_of(settings->file);
    if (json)
        return print_json(&report);
    print_text(&report);
    return 0;
}

static bool go_on(void *context, uint64_t read, uint64_t total)
{
    struct progress *progress = context;
    progress->total = total;
    progress_step(progress, read);
    return !progress_interrupted();
}

static int import(const struct history_settings *settings, const char *const *files, size_t count)
{
    struct progress progress;
    const struct history_watch watch = {go_on, &progress};
    struct import_count done;
    struct error error;
    progress_catch(NULL);
    progress_begin(&progress, "read", 0);
    bool well = import_files(settings->file, files, count, &watch, &done, &error);
    progress_end(&progress);
    if (done.inserted)
        output_change_made();
    printf("%zu %s imported, %zu %s there already, %zu %s could not be read\n", done.inserted,
           done.inserted == 1 ? "record was" : "records were", done.known,
           done.known == 1 ? "was" : "were", done.unreadable,
           done.unreadable == 1 ? "line" : "lines");
    output_flush();
    if (done.unreadable) {
        fputs("submilterctl: ", stderr);
        plain_write(stderr, bytes_of(done.first_unreadable));
        fputc('\n', stderr);
    }
    if (!well && !progress_interrupted())
        source_advise(settings->file, "", &error);
    if (!well)
        return source_complain(&error, EX_NOINPUT);
    return done.unreadable ? EX_DATAERR : 0;
}

static bool check_arguments(char **argv, int count, bool json, struct error *error)
{
    if (count == 0)
        return true;
    if (strcmp(argv[0], "import") != 0)
        return error_set(error,
                         "\"%.200s\": history does nothing of that name; alone it shows what it "
                         "holds, and import FILE... puts records into it",
                         argv[0]);
    if (json)
        return error_set(error, "import: --json goes with what the history holds only");
    return count > 1 || error_set(error, "import: files of records are expected");
}

static int run(const char *config, int argc, char **argv)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {0}};
    struct settings *settings;
    struct error error;
    bool json = false;
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option != 'j')
            return EX_USAGE;
        json = true;
    }
    bool imports = optind < argc && strcmp(argv[optind], "import") == 0;
    if (!check_arguments(argv + optind, argc - optind, json, &error))
        return command_complain(&error, EX_USAGE);
    if (!settings_load(config, &settings, &error))
        return command_complain(&error, EX_CONFIG);
    int status;
    if (!settings->history.file) {
        error_set(&error, "%s: history.file is not set, so there is no history%s%s%s%s",
                  settings->path, settings->log.json ? "; other commands read log.json: " : "",
                  settings->log.json ? our_command() : "", settings->log.json ? " log --file " : "",
                  settings->log.json ? shell_word(settings->log.json).text : "");
        status = command_complain(&error, EX_CONFIG);
    } else if (imports) {
        status = import(&settings->history, (const char *const *)argv + optind + 1,
                        (size_t)(argc - optind - 1));
    } else {
        status = show(&settings->history, json);
    }
    settings_unref(settings);
    return status;
}

const struct command command_history = {
    .name = "history",
    .arguments = "[--json] | import FILE...",
    .summary = "shows what the history holds; import: puts records of log.json's files into it",
    .run = run,
};
