/* submilterctl explain: why a decision was as it was. */
#include "ctl/explain/explain.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/command.h"
#include "ctl/explain/nothing.h"
#include "ctl/explain/records.h"
#include "ctl/source.h"

#define NOT_FOUND 1

struct explaining {
    const char *config;
    struct source_options source;
    bool json;
    struct source_place place;
    struct history *history; /* NULL: not opened */
    json_t *records;
};

/* The words of a bracket that the shell has cut apart, put together; to be freed. */
static char *joined(int count, char **words)
{
    size_t len = 1;
    for (int i = 0; i < count; i++)
        len += strlen(words[i]) + 1;
    char *text = calloc(1, len);
    for (int i = 0; text && i < count; i++) {
        strcat(text, i ? " " : "");
        strcat(text, words[i]);
    }
    return text;
}

static bool read_arguments(int argc, char **argv, struct explaining *explaining, char **ret_asked,
                           struct error *error)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'}, SOURCE_LONG_OPTIONS, {0}};
    int option;
    error->text[0] = '\0';
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'j')
            explaining->json = true;
        else if (source_option(option, optarg, &explaining->source, error) <= 0)
            return false;
    }
    *ret_asked = joined(argc - optind, argv + optind);
    if (!*ret_asked)
        return error_set(error, "out of memory");
    if (bytes_trim(bytes_of(*ret_asked)).len)
        return true;
    free(*ret_asked);
    return error_set(error, "name a decision's id, a queue id, or a file with a record");
}

static int open_history(struct explaining *explaining, struct error *error)
{
    if (explaining->history)
        return 0;
    if (!source_find(explaining->config, &explaining->source, &explaining->place, error))
        return EX_CONFIG;
    return source_open_place(&explaining->place, &explaining->history, error) ? 0 : EX_NOINPUT;
}

/* 0, NOT_FOUND or what the error is. */
static int find(struct explaining *explaining, const struct asked *asked, struct error *error)
{
    size_t before = json_array_size(explaining->records);
    int status = open_history(explaining, error);
    if (status)
        return status;
    if (!records_find(explaining->history, asked, explaining->source.since,
                      explaining->source.until, explaining->records, error))
        return EX_IOERR;
    if (json_array_size(explaining->records) > before)
        return 0;
    nothing_say(asked, &explaining->place, explaining->config, explaining->history);
    return NOT_FOUND;
}

/* A file's records need no history, but know their settings by it where there is one. */
static int read_file(struct explaining *explaining, const char *path, struct error *error)
{
    json_t *ids = json_array();
    struct error ignored;
    int status = 0;
    bool read = records_read(path, explaining->records, ids, error);
    for (size_t i = 0; read && i < json_array_size(ids) && status <= NOT_FOUND; i++) {
        struct asked asked = {.kind = ASKED_ID};
        strcpy(asked.id, json_string_value(json_array_get(ids, i)));
        int found = find(explaining, &asked, error);
        status = found > status ? found : status;
    }
    json_decref(ids);
    if (read && !explaining->source.file_count && !explaining->history)
        (void)!open_history(explaining, &ignored);
    return read ? status : EX_NOINPUT;
}

static int explain_all(const struct explaining *explaining, struct error *error)
{
    for (size_t i = 0; i < json_array_size(explaining->records); i++) {
        json_t *record = json_array_get(explaining->records, i);
        struct in_force settings;
        if (!in_force_find(record, explaining->config, explaining->history, &settings, error))
            return EX_IOERR;
        bool printed = true;
        if (explaining->json)
            printed =
                explain_print_json(record, &settings, stdout) || error_set(error, "out of memory");
        else
            explain_print(record, &settings, stdout);
        in_force_done(&settings);
        if (!printed)
            return EX_OSERR;
        if (!explaining->json && i + 1 < json_array_size(explaining->records))
            fputs("\n----\n\n", stdout);
    }
    return 0;
}

static int explain(struct explaining *explaining, char *text, struct error *error)
{
    struct asked asked;
    asked_read(text, &asked);
    int status = asked.kind == ASKED_FILE ? read_file(explaining, asked.text, error)
                                          : find(explaining, &asked, error);
    int explained = status <= NOT_FOUND ? explain_all(explaining, error) : 0;
    return explained ? explained : status;
}

static int run(const char *config, int argc, char **argv)
{
    struct explaining explaining = {.config = config};
    struct error error;
    char *asked = NULL;
    if (!read_arguments(argc, argv, &explaining, &asked, &error))
        return error.text[0] ? command_complain(&error, EX_USAGE) : EX_USAGE;
    explaining.records = json_array();
    int status = explaining.records ? explain(&explaining, asked, &error)
                                    : (error_set(&error, "out of memory"), EX_OSERR);
    json_decref(explaining.records);
    source_close(explaining.history);
    free(asked);
    return status > NOT_FOUND ? source_complain(&error, status) : status;
}

const struct command command_explain = {
    .name = "explain",
    .arguments = SOURCE_ARGUMENTS "\n      [--json] ID|QUEUEID|FILE",
    .summary = "says why a decision was as it was: rules, facts, settings, edits, signatures",
    .options =
        "  ID                the decision's, as it stands in the brackets of a reply; the\n"
        "                    whole bracket will do\n"
        "  QUEUEID           the MTA's: all decisions of it\n"
        "  FILE              a record (JSON), or a text with an id in it, as a saved bounce;\n"
        "                    -: standard input\n" SOURCE_HELP
        "  --json            the record and its settings\n",
    .run = run,
};
