/* submilterctl report: what an admin wants to look at of the last days. */
#include "ctl/report/report.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/command.h"
#include "ctl/output.h"
#include "ctl/progress.h"
#include "ctl/report/out_file.h"
#include "ctl/source.h"
#include "ctl/when.h"

#define DAYS 7
#define TOP 10
#define TOP_MAX 1000

struct options {
    struct source_options source;
    const char *html;
    bool json;
    size_t top;
};

enum { HTML = 1, JSON, TOP_ROWS };

static bool read_top(const char *text, size_t *ret_top, struct error *error)
{
    char *end;
    long number = strtol(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || number < 1 || number > TOP_MAX)
        return error_set(error, "--top: expected a number from 1 to %d, found \"%s\"", TOP_MAX,
                         text);
    *ret_top = (size_t)number;
    return true;
}

static bool read_options(int argc, char **argv, struct options *options, struct error *error)
{
    static const struct option long_options[] = {SOURCE_LONG_OPTIONS,
                                                 {"html", required_argument, NULL, HTML},
                                                 {"json", no_argument, NULL, JSON},
                                                 {"top", required_argument, NULL, TOP_ROWS},
                                                 {0}};
    int option;
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        int taken = source_option(option, optarg, &options->source, error);
        if (taken < 0 || option == '?')
            return false;
        if (option == HTML)
            options->html = optarg;
        if (option == JSON)
            options->json = true;
        if (option == TOP_ROWS && !read_top(optarg, &options->top, error))
            return false;
    }
    if (optind < argc)
        return error_set(error, "\"%s\": report takes options only", argv[optind]);
    if (options->json && options->html)
        return error_set(error, "--json and --html: say one of them");
    if (options->source.until && options->source.until <= options->source.since)
        return error_set(error, "--until: nothing lies between it and --since");
    return options->source.since < when_now() ||
           error_set(error, "--since: that time has not come yet");
}

static bool collect(struct history *history, const struct options *options,
                    struct summary **ret_summary, struct error *error)
{
    struct progress progress;
    progress_begin(&progress, "adding up", 0);
    history_progress(history, progress_tick, &progress);
    bool good = summary_collect(history, options->source.since, options->source.until, when_now(),
                                options->top, ret_summary, error);
    history_progress(history, NULL, NULL);
    progress_end(&progress);
    return good;
}

static bool write_html(const struct summary *summary, const char *path, struct error *error)
{
    struct out_file file;
    if (!out_file_begin(&file, path, error))
        return false;
    report_html(summary, file.stream);
    return out_file_finish(&file, error);
}

static int show(const struct summary *summary, const struct options *options)
{
    struct error error = {0};
    struct report_look look;
    if (options->html)
        return write_html(summary, options->html, &error) ? 0
                                                          : command_complain(&error, EX_CANTCREAT);
    if (options->json) {
        errno = 0;
        report_json(summary, stdout);
        if (ferror(stdout) && errno)
            output_failed();
    } else {
        report_look_at(stdout, &look);
        if (!report_text(summary, &look, stdout, &error))
            return command_complain(&error, EX_OSERR);
    }
    return 0;
}

static int run(const char *config, int argc, char **argv)
{
    struct options options = {.top = TOP};
    struct error error = {0};
    struct source_place place;
    struct history *history;
    struct summary *summary;
    if (!read_options(argc, argv, &options, &error))
        return *error.text ? command_complain(&error, EX_USAGE) : EX_USAGE;
    source_default_since(&options.source, DAYS);
    if (!source_find(config, &options.source, &place, &error))
        return command_complain(&error, EX_CONFIG);
    if (!source_open_place(&place, &history, &error))
        return source_complain(&error, EX_NOINPUT);
    bool good = collect(history, &options, &summary, &error);
    source_close(history);
    if (!good)
        return source_complain(&error, EX_SOFTWARE);
    int status = show(summary, &options);
    summary_free(summary);
    return status;
}

const struct command command_report = {
    .name = "report",
    .arguments = SOURCE_ARGUMENTS " [--html FILE | --json] [--top N]",
    .summary = "what was decided in the last days: how much, why, whose mail, from where",
    .options = SOURCE_HELP
    "                    (without --since: the last 7 days)\n"
    "  --html FILE       one HTML file with plots that loads nothing; -: standard output\n"
    "  --json            the same figures as JSON\n"
    "  --top N           rows of each list; 10 without\n",
    .run = run,
};
