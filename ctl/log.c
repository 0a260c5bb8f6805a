/* submilterctl log: the decisions of the past, and those to come. */
#include "ctl/log_options.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/command.h"
#include "ctl/log_follow.h"
#include "ctl/log_rows.h"
#include "ctl/pages.h"
#include "ctl/plain.h"
#include "ctl/progress.h"

struct printing {
    struct history *history;
    const struct log_follow *follow; /* or NULL */
    struct log_rows *rows;
    struct progress progress;
    struct error *error;
    bool failed;
};

static bool print_row(const struct history_row *row, void *context)
{
    struct printing *printing = context;
    progress_end(&printing->progress);
    if (progress_interrupted())
        return false;
    if (!printing->follow || !log_follow_is_later(printing->follow, row))
        printing->failed = !log_rows_add(printing->rows, printing->history, row, printing->error);
    return !printing->failed;
}

static bool print_rows(struct printing *printing, const struct history_filter *filter,
                       struct error *error)
{
    printing->error = error;
    progress_begin(&printing->progress, "searching", 0);
    history_progress(printing->history, progress_tick, &printing->progress);
    bool found = pages_each(printing->history, filter, print_row, printing, error);
    history_progress(printing->history, NULL, NULL);
    progress_end(&printing->progress);
    if (progress_interrupted())
        return error_set(error, "interrupted");
    return found && !printing->failed && log_rows_flush(printing->rows, error);
}

static void say_nothing_found(const struct source_place *place)
{
    fputs("submilterctl: there is no such decision in ", stderr);
    for (size_t i = 0; i < place->count; i++) {
        fputs(i ? ", " : "", stderr);
        const char *path = place->paths[i];
        plain_write_value(stderr, bytes_of(strcmp(path, "-") == 0 ? "standard input" : path));
    }
    fputc('\n', stderr);
}

static bool print_all(const struct log_options *options, const struct source_place *place,
                      struct log_follow *follow, struct history **history, struct error *error)
{
    struct log_rows *rows = log_rows_new(options->json, stdout);
    struct printing printing = {.history = *history, .follow = follow, .rows = rows};
    if (!rows)
        return error_set(error, "out of memory");
    bool printed = (!follow || log_follow_begin(follow, *history, error)) &&
                   print_rows(&printing, &options->filter, error) &&
                   (!follow || log_follow_run(follow, history, &options->filter, rows, error));
    if (printed && !follow && !log_rows_any(rows))
        say_nothing_found(place);
    log_rows_free(rows);
    return printed;
}

static int run(const char *config, int argc, char **argv)
{
    struct log_options options;
    struct source_place place;
    struct log_follow *follow = NULL;
    struct history *history = NULL;
    struct error error;
    int status = 0;
    if (!log_options_read(argc, argv, &options, &error))
        return error.text[0] ? command_complain(&error, EX_USAGE) : EX_USAGE;
    if (!source_find(config, &options.source, &place, &error))
        return command_complain(&error, EX_CONFIG);
    if ((options.follow && !log_follow_new(&place, &follow, &error)) ||
        !source_open_place(&place, &history, &error))
        status = source_complain(&error, EX_NOINPUT);
    else if (!print_all(&options, &place, follow, &history, &error))
        /* Following has no other end. */
        status = follow && progress_interrupted()            ? 0
                 : !progress_interrupted() && ferror(stdout) ? EX_IOERR
                                                             : source_complain(&error, EX_IOERR);
    source_close(history);
    log_follow_free(follow);
    if (progress_interrupted())
        progress_drop_untaken();
    return status;
}

const struct command command_log = {
    .name = "log",
    .arguments = "[--login LOGIN] [--address ADDRESS] [--client CLIENT] [--rule RULE]\n"
                 "      [--reason REASON] [--action ACTION] [--would] [--id ID] [--queue-id ID]\n"
                 "      " SOURCE_ARGUMENTS "\n"
                 "      [--limit N] [--follow] [--json]",
    .summary = "shows what was decided, newest last",
    .options = log_options_help,
    .run = run,
};
