/* submilterctl check: whether mail would be treated as the admin's files of expectations have it.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

#include "ctl/command.h"
#include "ctl/output.h"
#include "ctl/plain.h"
#include "ctl/when.h"
#include "gate/expectations.h"
#include "gate/json.h"

struct check_options {
    struct texts files; /* none: the configuration's */
    bool verbose;
    bool json;
};

static bool read_options(int argc, char **argv, struct check_options *ret_options)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'}, {"verbose", no_argument, NULL, 'v'}, {0}};
    int option;
    *ret_options = (struct check_options){0};
    while ((option = getopt_long(argc, argv, "v", options, NULL)) != -1) {
        if (option == 'j')
            ret_options->json = true;
        else if (option == 'v')
            ret_options->verbose = true;
        else
            return false;
    }
    ret_options->files =
        (struct texts){(const char *const *)argv + optind, (size_t)(argc - optind)};
    return true;
}

/* "expected" and what is instead, one below the other. */
static void print_line(const char *label, struct bytes text)
{
    printf("      %-9s ", label);
    plain_write(stdout, text);
    putchar('\n');
}

static void print_finding(void *context, const struct expectation *expectation,
                          const struct finding *finding)
{
    static const char *const words[] = {
        [EXPECTATION_HOLDS] = "pass",
        [EXPECTATION_BROKEN] = "FAIL",
        [EXPECTATION_UNTOLD] = "????",
    };
    const struct check_options *options = context;
    if (finding->result == EXPECTATION_HOLDS && !options->verbose)
        return;
    printf("%s  ", words[finding->result]);
    plain_write(stdout, bytes_of(expectation->file));
    printf(":%u  ", expectation->line);
    plain_write(stdout, expectation->text);
    putchar('\n');
    if (finding->result == EXPECTATION_BROKEN) {
        print_line("expected:", finding->unmet);
        print_line("would be:", bytes_of(finding->happens));
    } else if (finding->result == EXPECTATION_UNTOLD)
        print_line("unknown:", bytes_of(finding->happens));
}

static void write_finding(void *context, const struct expectation *expectation,
                          const struct finding *finding)
{
    static const char *const words[] = {
        [EXPECTATION_HOLDS] = "holds",
        [EXPECTATION_BROKEN] = "broken",
        [EXPECTATION_UNTOLD] = "untold",
    };
    struct json *json = context;
    bool told = finding->result != EXPECTATION_UNTOLD;
    json_open(json, NULL, '{');
    json_text(json, "file", expectation->file);
    json_int(json, "line", expectation->line);
    json_whole(json, "text", expectation->text);
    json_text(json, "result", words[finding->result]);
    if (finding->unmet.len)
        json_bytes(json, "expected", finding->unmet);
    else
        json_none(json, "expected");
    json_text(json, "would_be", finding->happens);
    json_text(json, "action", told ? action_word(finding->action) : NULL);
    json_text(json, "rule", finding->rule);
    json_text(json, "reason", finding->reason);
    json_text(json, "reply", finding->reply);
    json_text(json, "policy", finding->policy);
    json_text(json, "listener", finding->listener);
    json_close(json, '}');
}

static bool show_json(const struct expectations *expectations, struct snapshot *snapshot,
                      struct expectations_tally *ret_tally)
{
    struct json json;
    json_init(&json);
    json_open(&json, NULL, '{');
    json_open(&json, "expectations", '[');
    expectations_judge(expectations, snapshot, when_now(), write_finding, &json, ret_tally);
    json_close(&json, ']');
    json_int(&json, "hold", (int64_t)ret_tally->held);
    json_int(&json, "broken", (int64_t)ret_tally->broken);
    json_int(&json, "untold", (int64_t)ret_tally->untold);
    json_close(&json, '}');
    return output_json(&json);
}

static void show_text(const struct expectations *expectations, struct snapshot *snapshot,
                      struct check_options *options, struct expectations_tally *ret_tally)
{
    expectations_judge(expectations, snapshot, when_now(), print_finding, options, ret_tally);
    printf("%zu hold, %zu broken", ret_tally->held, ret_tally->broken);
    if (ret_tally->untold)
        printf(", %zu could not be told", ret_tally->untold);
    putchar('\n');
}

static int check(struct snapshot *snapshot, struct check_options *options)
{
    const struct settings *settings = snapshot->settings;
    const struct texts *files = options->files.count ? &options->files : &settings->expectations;
    struct expectations_tally tally;
    struct expectations *expectations;
    struct error error;
    bool good = true;
    if (!files->count) {
        error_set(&error,
                  "there is nothing to check: %s names no file of expectations; write "
                  "expectations = \"/etc/submilter/expectations\"; or name one behind \"check\"",
                  settings->path);
        return command_complain(&error, EX_CONFIG);
    }
    if (!expectations_read(files, &expectations, &error))
        return command_complain(&error, EX_CONFIG);
    if (options->json)
        good = show_json(expectations, snapshot, &tally);
    else
        show_text(expectations, snapshot, options, &tally);
    expectations_free(expectations);
    if (!good)
        return command_complain(&(struct error){"memory is out"}, EX_OSERR);
    return tally.broken || tally.untold ? 1 : 0;
}

static int run(const char *config, int argc, char **argv)
{
    struct check_options options;
    struct snapshot *snapshot;
    struct error error;
    if (!read_options(argc, argv, &options))
        return EX_USAGE;
    if (!snapshot_load(config, NULL, &snapshot, &error))
        return command_complain(&error, EX_CONFIG);
    int status = check(snapshot, &options);
    snapshot_unref(snapshot);
    return status;
}

const struct command command_check = {
    .name = "check",
    .arguments = "[-v] [--json] [FILE]...",
    .summary = "tries whether mail would be treated as the files of expectations have it",
    .run = run,
};
