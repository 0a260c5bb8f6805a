/* submilterctl ready: who still uses what a stricter setting would refuse. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/command.h"
#include "ctl/progress.h"
#include "ctl/ready/show.h"

#define DAYS 7

struct arguments {
    struct source_options source;
    const char *policy; /* NULL: all that go back to submission */
    bool json;
    struct ready_change change; /* word NULL: the words are asked for */
};

static bool read_option(int option, struct arguments *arguments, struct error *error)
{
    int taken = source_option(option, optarg, &arguments->source, error);
    if (taken)
        return taken > 0;
    if (option == 'j')
        arguments->json = true;
    else if (option == 'p')
        arguments->policy = optarg;
    else
        return error_set(error, "%s", "");
    return true;
}

static bool read_arguments(int argc, char **argv, struct arguments *ret, struct error *error)
{
    static const struct option options[] = {SOURCE_LONG_OPTIONS,
                                            {"json", no_argument, NULL, 'j'},
                                            {"policy", required_argument, NULL, 'p'},
                                            {0}};
    int option;
    *ret = (struct arguments){0};
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (!read_option(option, ret, error))
            return false;
    if (optind == argc)
        return true;
    return ready_read((const char *const *)argv + optind, (size_t)(argc - optind), &ret->change,
                      error);
}

struct counting {
    const struct impact *impact;
    struct affected *affected;
    bool failed;
};

static bool is_wanted(const struct readiness_row *message, void *context)
{
    struct counting *counting = context;
    return affected_wants(counting->affected, counting->impact, message, &counting->failed);
}

static bool count_row(const struct readiness_row *row, void *context)
{
    struct counting *counting = context;
    counting->failed = counting->failed ||
                       !affected_add(counting->affected, row, impact_of(counting->impact, row));
    return !counting->failed && !progress_interrupted();
}

static bool ask(struct history *history, const struct source_options *source,
                const struct impact *impact, struct affected *affected,
                struct readiness_extent *ret_extent, struct error *error)
{
    struct counting counting = {impact, affected, false};
    const struct history_filter filter = {.since = source->since, .until = source->until};
    const struct readiness_question question = {is_wanted, count_row, &counting};
    struct progress progress;
    progress_begin(&progress, "read", 0);
    history_progress(history, progress_tick, &progress);
    bool asked = readiness_extent(history, &filter, ret_extent, error) &&
                 readiness_ask(history, &filter, &question, error);
    history_progress(history, NULL, NULL);
    progress_end(&progress);
    if (asked && progress_interrupted())
        return error_set(error, "interrupted");
    return asked && (!counting.failed || error_set(error, "out of memory"));
}

/* What the change does to the policy's own settings. */
static bool describe(struct show_ready *show, struct arena *arena, struct error *error)
{
    const struct impact *impact = show->impact;
    show->policy = impact->policy ? impact->policy : "submission";
    const struct policy *policy =
        settings_policy(impact->settings, show->policy, (struct bytes){NULL, 0});
    if (!policy)
        return error_set(error, "--policy: there is no policy \"%s\"", show->policy);
    const struct rule_settings *today = policy->settings[impact->change->word->rule];
    const struct rule_settings *changed =
        ready_apply(impact->change, today, (struct ready_reach){true, true}, arena);
    show->setting = changed ? ready_setting(impact->change, changed, arena) : NULL;
    show->mode = today->mode == MODE_ENFORCE ? NULL : mode_word(today->mode);
    return show->setting || error_set(error, "out of memory");
}

static bool find_unused(struct show_ready *show, struct history *history, struct arena *arena,
                        struct error *error)
{
    const struct history_filter filter = {.since = show->source->since,
                                          .until = show->source->until};
    const struct policy *policy =
        settings_policy(show->impact->settings, show->policy, (struct bytes){NULL, 0});
    return unused_find(show->impact->change, policy, history, &filter, arena, &show->unused, error);
}

static int answer(struct arguments *arguments, const struct show_ready *described,
                  struct history *history, struct arena *arena, struct error *error)
{
    struct affected affected;
    struct readiness_extent extent;
    struct show_ready show = *described;
    bool well = affected_init(&affected) || error_set(error, "out of memory");
    well = well && ask(history, &arguments->source, show.impact, &affected, &extent, error) &&
           find_unused(&show, history, arena, error);
    if (well) {
        affected_sort(&affected);
        show.affected = &affected;
        show.extent = &extent;
        well = arguments->json ? show_ready_json(&show, error) : show_ready_text(&show, error);
    }
    int status = well ? affected.count > 0 : source_complain(error, EX_IOERR);
    affected_done(&affected);
    return status;
}

static int look_back(const char *config, struct arguments *arguments, struct settings *settings,
                     struct arena *arena, struct error *error)
{
    struct arena *rows = arena_new((size_t)1 << 20);
    struct history *history = NULL;
    struct source_place place;
    struct impact impact = {settings, &arguments->change, arguments->policy, rows};
    struct show_ready show = {.impact = &impact, .source = &arguments->source};
    int status;
    if (!rows)
        status = EX_OSERR;
    else if (!describe(&show, arena, error))
        status = command_complain(error, EX_USAGE);
    else if (!source_find(config, &arguments->source, &place, error))
        status = command_complain(error, EX_CONFIG);
    else if (!source_open_place(&place, &history, error))
        status = source_complain(error, EX_NOINPUT);
    else
        status = answer(arguments, &show, history, arena, error);
    source_close(history);
    arena_free(rows);
    return status;
}

static int run(const char *config, int argc, char **argv)
{
    struct arguments arguments;
    struct settings *settings;
    struct error error;
    if (!read_arguments(argc, argv, &arguments, &error))
        return *error.text ? command_complain(&error, EX_USAGE) : EX_USAGE;
    if (!arguments.change.word)
        return show_ready_words(&error) ? 0 : command_complain(&error, EX_OSERR);
    if (!settings_load(config, &settings, &error))
        return command_complain(&error, EX_CONFIG);
    source_default_since(&arguments.source, DAYS);
    struct arena *arena = arena_new((size_t)1 << 20);
    int status = EX_OSERR;
    if (arena)
        status = look_back(config, &arguments, settings, arena, &error);
    arena_free(arena);
    settings_unref(settings);
    return status;
}

const struct command command_ready = {
    .name = "ready",
    .arguments = "[WORD [ARGUMENT]...] [--policy POLICY] [--json]\n"
                 "      " SOURCE_ARGUMENTS,
    .summary = "who still uses what a stricter setting would refuse: tls1.3, no-plain, ...; "
               "without a word: the words",
    .options = "  --policy POLICY   whose setting is changed; by default submission's\n"
               "  --json            one object\n" SOURCE_HELP,
    .run = run,
};
