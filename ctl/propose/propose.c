/* submilterctl propose senders: the table of senders that the records imply. */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "ctl/command.h"
#include "ctl/output.h"
#include "ctl/plain.h"
#include "ctl/propose/new_file.h"
#include "ctl/propose/proposal.h"
#include "ctl/source.h"

#define DAYS 30

struct arguments {
    struct source_options source;
    int64_t least_messages;
    const char *output;
    bool json;
};

static bool read_least(const char *text, int64_t *ret_least, struct error *error)
{
    char *end;
    *ret_least = strtoll(text, &end, 10);
    return (end != text && !*end && *ret_least >= 1) ||
           error_set(error, "--min: a number of messages is expected, not \"%s\"", text);
}

static bool read_option(int option, struct arguments *arguments, struct error *error)
{
    int taken = source_option(option, optarg, &arguments->source, error);
    if (taken)
        return taken > 0;
    switch (option) {
    case 'j':
        arguments->json = true;
        return true;
    case 'm':
        return read_least(optarg, &arguments->least_messages, error);
    case 'o':
        arguments->output = optarg;
        return true;
    default:
        return error_set(error, "%s", "");
    }
}

static bool read_arguments(int argc, char **argv, struct arguments *ret, struct error *error)
{
    static const struct option options[] = {SOURCE_LONG_OPTIONS,
                                            {"json", no_argument, NULL, 'j'},
                                            {"min", required_argument, NULL, 'm'},
                                            {"output", required_argument, NULL, 'o'},
                                            {0}};
    int option;
    *ret = (struct arguments){.least_messages = 1};
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (!read_option(option, ret, error))
            return false;
    if (optind + 1 == argc && strcmp(argv[optind], "senders") == 0)
        return true;
    if (optind < argc)
        return error_set(error, "propose: there is nothing but \"senders\" to propose");
    return error_set(error, "%s", "");
}

/* As the tables that there are, so that the daemon reads this one too. */
static mode_t table_mode(const struct settings *settings)
{
    struct stat status;
    for (size_t i = 0; i < settings->senders.tables.count; i++) {
        const char *path = strchr(settings->senders.tables.items[i], ':');
        if (path && stat(path + 1, &status) == 0 && S_ISREG(status.st_mode))
            return status.st_mode & 0666;
    }
    return 0644;
}

static bool write_file(const struct proposal *proposal, struct error *error)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        return error_set(error, "out of memory");
    bool written = proposal_write_table(proposal, out, error);
    if (fclose(out) != 0 && written)
        written = error_set(error, "out of memory");
    written = written && new_file_write(proposal->output, table_mode(proposal->settings),
                                        (struct bytes){text, len}, error);
    free(text);
    return written;
}

static void print_summary(const struct proposal *proposal)
{
    size_t rows = proposal_rows(proposal);
    size_t suspects = proposal_suspects(proposal);
    fputs("wrote ", stdout);
    plain_write_value(stdout, bytes_of(proposal->output));
    printf(": %zu row%s; %zu commented out\n", rows, rows == 1 ? "" : "s", suspects);
    fputs("Nothing is in force by that. To look at it: less ", stdout);
    plain_write_value(stdout, bytes_of(proposal->output));
    putchar('\n');
    proposal_write_advice(proposal, "", stdout);
}

static int print(const struct proposal *proposal, bool json, struct error *error)
{
    if (proposal->output && !write_file(proposal, error))
        return command_complain(error, EX_CANTCREAT);
    if (proposal->output)
        output_change_made();
    bool printed = true;
    if (json)
        printed = proposal_write_json(proposal, stdout, error);
    else if (proposal->output)
        print_summary(proposal);
    else
        printed = proposal_write_table(proposal, stdout, error);
    return printed ? 0 : command_complain(error, EX_OSERR);
}

/* From an open history to what is printed. */
static int propose(struct proposal *proposal, struct history *history, bool json,
                   struct error *error)
{
    const struct senders_settings *settings = &proposal->settings->senders;
    const struct senders_options options = {.tables = settings->tables,
                                            .extensions = settings->extensions,
                                            .recipient_delimiter = settings->recipient_delimiter,
                                            .case_sensitive_local = settings->case_sensitive_local,
                                            .site = &proposal->settings->site};
    struct senders *senders;
    if (!senders_open(&options, &senders, error))
        return command_complain(error, EX_CONFIG);
    int status = proposal_make(proposal, history, senders, error)
                     ? print(proposal, json, error)
                     : source_complain(error, EX_TEMPFAIL);
    senders_free(senders);
    return status;
}

static int look_back(const char *config, const struct arguments *arguments,
                     struct proposal *proposal, struct error *error)
{
    struct source_place place;
    struct history *history = NULL;
    int status;
    if (!source_find(config, &arguments->source, &place, error))
        return command_complain(error, EX_CONFIG);
    if (source_open_place(&place, &history, error))
        status = propose(proposal, history, arguments->json, error);
    else
        status = source_complain(error, EX_NOINPUT);
    source_close(history);
    return status;
}

static int run(const char *config, int argc, char **argv)
{
    struct arguments arguments;
    struct settings *settings;
    struct error error;
    char *output = NULL;
    if (!read_arguments(argc, argv, &arguments, &error))
        return *error.text ? command_complain(&error, EX_USAGE) : EX_USAGE;
    if (arguments.output && !new_file_path(arguments.output, &output, &error))
        return command_complain(&error, EX_CANTCREAT);
    if (!settings_load(config, &settings, &error)) {
        free(output);
        return command_complain(&error, EX_CONFIG);
    }
    source_default_since(&arguments.source, DAYS);
    struct proposal proposal = {.settings = settings,
                                .since = arguments.source.since,
                                .until = arguments.source.until,
                                .least_messages = arguments.least_messages,
                                .output = output};
    int status = look_back(config, &arguments, &proposal, &error);
    proposal_done(&proposal);
    settings_unref(settings);
    free(output);
    return status;
}

const struct command command_propose = {
    .name = "propose",
    .arguments = "senders [--min N] [--output FILE] [--json]\n"
                 "      " SOURCE_ARGUMENTS,
    .summary = "the table of senders that the last 30 days imply; grants nothing",
    .options = "  --min N           leaves out what was sent fewer than N times\n"
               "  --output FILE     writes the table there; never over a file that exists\n"
               "  --json            prints one object\n" SOURCE_HELP,
    .run = run,
};
