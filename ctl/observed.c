/* submilterctl observed: what rules in observe would have refused. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "conf/modes.h"
#include "ctl/command.h"
#include "ctl/observed/tally.h"
#include "ctl/output.h"
#include "ctl/plain.h"
#include "ctl/progress.h"
#include "ctl/source.h"
#include "ctl/when.h"
#include "dkim/our_command.h"

#define DAYS 7
#define EXIT_WOULD_REFUSE 1
#define MOST_PEOPLE 200
#define MOST_BYTES ((size_t)512 * 1024 * 1024)

struct observed_arguments {
    struct source_options source;
    const char *login;
    const char *rule;
    bool json;
};

/* What a rule did where it was observed. */
struct standing {
    const char *rule;
    const char *policy;
    int64_t judged;
    int64_t passed;  /* would have been refused or deferred */
    int64_t refused; /* were so by another rule anyway */
    int64_t mended;  /* would have been mended */
    bool enforced_now;
};

static bool equal(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static struct standing standing_of(const struct tally *tally, const struct tally_judged *judged)
{
    struct standing standing = {judged->rule,        judged->policy, judged->decisions, 0, 0, 0,
                                judged->enforced_now};
    for (size_t i = 0; i < tally->count; i++) {
        const struct tally_row *row = &tally->rows[i];
        if (!equal(row->rule, judged->rule) || !equal(row->policy, judged->policy))
            continue;
        if (equal(row->action, "fix")) {
            standing.mended += row->passed;
            continue;
        }
        standing.passed += row->passed;
        standing.refused += row->refused;
    }
    return standing;
}

static void print_ready(const struct tally *tally)
{
    const char *title = "\nReady to enforce, as nothing would have been refused or deferred:\n";
    for (size_t i = 0; i < tally->judged_count; i++) {
        const struct standing ready = standing_of(tally, &tally->judged[i]);
        if (ready.passed)
            continue;
        printf("%s  ", title);
        plain_write_value(stdout, bytes_of(ready.rule ? ready.rule : "?"));
        fputs(" in ", stdout);
        plain_write_value(stdout, bytes_of(ready.policy ? ready.policy : "?"));
        printf(": %" PRId64 " judged", ready.judged);
        title = "";
        if (ready.mended)
            printf(", %" PRId64 " would have been mended", ready.mended);
        if (ready.refused)
            printf(", %" PRId64 " %s refused or deferred by other rules anyway", ready.refused,
                   ready.refused == 1 ? "was" : "were");
        puts(ready.enforced_now ? " (enforced now)" : "");
    }
}

static void print_nothing(const struct tally *tally, const char *login)
{
    if (!login || tally->decisions) {
        puts("No rule was observed in that time: mode = \"observe\" has it judged and recorded.");
        return;
    }
    fputs("Nothing is known of the login ", stdout);
    plain_write_value(stdout, bytes_of(login));
    puts(" in that time.");
}

static bool print_text(const struct tally *tally, const struct observed_arguments *arguments,
                       struct error *error)
{
    const struct source_options *source = &arguments->source;
    char since[WHEN_SIZE];
    when_local_zone(source->since, since);
    printf("Since %s", since);
    if (source->until) {
        when_local_zone(source->until, since);
        printf(", until %s", since);
    }
    printf(": %" PRId64 " decision%s.\n", tally->decisions, tally->decisions == 1 ? "" : "s");
    if (!tally->judged_count) {
        print_nothing(tally, arguments->login);
        return true;
    }
    int64_t messages = tally_messages(tally, 0, tally->count);
    if (messages) {
        puts("\nRules in observe would have refused or held back (or slowed or frozen the login "
             "for), of what\nwent through:\n");
        if (!tally_print_reasons(tally, stdout, error))
            return false;
        printf("\nWhom that would have met (%s explain ID shows a message):\n\n", our_command());
        if (!tally_print_people(tally, MOST_PEOPLE, stdout, error))
            return false;
    }
    print_ready(tally);
    return true;
}

static bool print_json(const struct tally *tally, const struct source_options *source,
                       struct error *error)
{
    char text[WHEN_SIZE];
    struct json json;
    json_init(&json);
    json_open(&json, NULL, '{');
    when_utc(source->since, text);
    json_text(&json, "since", text);
    when_utc(source->until, text);
    json_text(&json, "until", source->until ? text : NULL);
    json_int(&json, "decisions", tally->decisions);
    tally_write_json(tally, &json);
    json_open(&json, "ready", '[');
    for (size_t i = 0; i < tally->judged_count; i++) {
        const struct standing ready = standing_of(tally, &tally->judged[i]);
        if (ready.passed)
            continue;
        json_open(&json, NULL, '{');
        json_text(&json, "rule", ready.rule);
        json_text(&json, "policy", ready.policy);
        json_int(&json, "judged", ready.judged);
        json_int(&json, "would_mend", ready.mended);
        json_int(&json, "refused_anyway", ready.refused);
        json_bool(&json, "enforced_now", ready.enforced_now);
        json_close(&json, '}');
    }
    json_close(&json, ']');
    json_close(&json, '}');
    return output_json(&json) || error_set(error, "memory is out");
}

static int show(const struct observed_arguments *arguments, const struct tally *tally)
{
    struct error error;
    bool printed = arguments->json ? print_json(tally, &arguments->source, &error)
                                   : print_text(tally, arguments, &error);
    if (!printed)
        return command_complain(&error, EX_OSERR);
    return tally_messages(tally, 0, tally->count) ? EXIT_WOULD_REFUSE : 0;
}

/* A configuration that does not load now is no fault of this question. */
static void mark_enforced(const char *config, struct tally *tally)
{
    struct settings *settings;
    struct error ignored;
    if (!settings_load(config, &settings, &ignored))
        return;
    tally_mark_enforced(tally, settings);
    settings_unref(settings);
}

static int look(const char *config, struct observed_arguments *arguments, struct arena *arena)
{
    struct error error;
    struct history *history = NULL;
    struct tally tally = {0};
    struct progress progress;
    source_default_since(&arguments->source, DAYS);
    const struct history_filter filter = {.since = arguments->source.since,
                                          .until = arguments->source.until,
                                          .login = arguments->login,
                                          .rule = arguments->rule};
    struct source_place place;
    if (!source_find(config, &arguments->source, &place, &error))
        return command_complain(&error, EX_CONFIG);
    if (!source_open_place(&place, &history, &error))
        return source_complain(&error, EX_NOINPUT);
    progress_begin(&progress, "looking", 0);
    history_progress(history, progress_tick, &progress);
    bool taken = tally_take(arena, history, &filter, NULL, &tally, &error);
    progress_end(&progress);
    mark_enforced(config, &tally);
    int status = taken ? show(arguments, &tally) : source_complain(&error, EX_SOFTWARE);
    tally_clear(&tally);
    source_close(history);
    return status;
}

static int read_option(int option, struct observed_arguments *arguments)
{
    struct error error;
    int taken = source_option(option, optarg, &arguments->source, &error);
    if (taken < 0)
        return command_complain(&error, EX_USAGE);
    if (option == 'l')
        arguments->login = optarg;
    else if (option == 'r')
        arguments->rule = optarg;
    else if (option == 'j')
        arguments->json = true;
    else if (!taken)
        return EX_USAGE;
    return 0;
}

static int run(const char *config, int argc, char **argv)
{
    static const struct option options[] = {SOURCE_LONG_OPTIONS,
                                            {"login", required_argument, NULL, 'l'},
                                            {"rule", required_argument, NULL, 'r'},
                                            {"json", no_argument, NULL, 'j'},
                                            {0}};
    struct observed_arguments arguments = {0};
    struct error error;
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        int status = read_option(option, &arguments);
        if (status)
            return status;
    }
    if (optind < argc)
        return EX_USAGE;
    if (arguments.rule && modes_rule_named(arguments.rule, &error) == RULE_COUNT)
        return command_complain(&error, EX_USAGE);
    struct arena *arena = arena_new(MOST_BYTES);
    if (!arena)
        return command_complain(&(struct error){"memory is out"}, EX_OSERR);
    int status = look(config, &arguments, arena);
    arena_free(arena);
    return status;
}

const struct command command_observed = {
    .name = "observed",
    .arguments = SOURCE_ARGUMENTS "\n      [--login LOGIN] [--rule RULE] [--json]",
    .summary = "what rules in observe would have refused, of whom, and which are ready to enforce",
    .options = SOURCE_HELP "  --login LOGIN     what this login sent\n"
                           "  --rule RULE       what this rule would have refused\n"
                           "  --json            one JSON object\n",
    .run = run,
};
