/* submilterctl limits learn: whom logins have written to, from the decisions of the past. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

#include "ctl/command.h"
#include "ctl/limits/admin.h"
#include "ctl/limits/command.h"
#include "ctl/limits/learned.h"
#include "ctl/output.h"
#include "ctl/pages.h"
#include "ctl/progress.h"
#include "ctl/source.h"
#include "ctl/when.h"
#include "gate/json.h"

struct walk {
    struct learned learned;
    struct progress progress;
    struct error *error;
    bool failed;
};

static bool visit(const struct history_row *row, void *context)
{
    struct walk *walk = context;
    walk->failed = !learned_row(&walk->learned, row, walk->error);
    progress_step(&walk->progress, (uint64_t)walk->learned.decisions);
    return !walk->failed && !progress_interrupted();
}

/* What is older than counters.remember would be forgotten at once. */
static void narrow(struct source_options *source, const struct settings *settings)
{
    int64_t oldest = when_now() - settings->counters.remember * 1000;
    if (source->since < oldest)
        source->since = oldest;
}

static bool learn(struct walk *walk, struct history *history, const struct source_options *source)
{
    const struct history_filter filter = {.since = source->since, .until = source->until};
    progress_begin(&walk->progress, "read", 0);
    bool well = pages_each(history, &filter, visit, walk, walk->error) && !walk->failed;
    progress_end(&walk->progress);
    return well && !progress_interrupted() && learned_flush(&walk->learned, walk->error) &&
           limits_settle(walk->learned.limits, walk->error);
}

static void say_unreadable(const struct learned *learned)
{
    struct error error;
    if (!learned->unreadable)
        return;
    error_set(&error, "%" PRId64 " %s left out; the first: %s", learned->unreadable,
              learned->unreadable == 1 ? "record could not be read and was"
                                       : "records could not be read and were",
              learned->first_unreadable.text);
    command_complain(&error, 0);
}

static int print(const struct learned *learned, bool as_json, struct error *error)
{
    struct json json;
    if (!as_json) {
        printf("%" PRId64 " decision%s read, %" PRId64 " message%s of logins had left; %" PRId64
               " correspondent%s remembered.\n",
               learned->decisions, learned->decisions == 1 ? " was" : "s were", learned->messages,
               learned->messages == 1 ? "" : "s", learned->pairs,
               learned->pairs == 1 ? " is" : "s are");
        return 0;
    }
    json_init(&json);
    json_open(&json, NULL, '{');
    json_int(&json, "decisions", learned->decisions);
    json_int(&json, "messages", learned->messages);
    json_int(&json, "correspondents", learned->pairs);
    json_int(&json, "unreadable", learned->unreadable);
    json_close(&json, '}');
    return output_json(&json) || error_set(error, "out of memory") ? 0 : EX_OSERR;
}

/* Files may be ones that root alone reads, and are read by then; a database is the daemon's. */
static int open_both(struct admin *admin, const struct source_place *place,
                     struct history **ret_history, struct error *error)
{
    int status = 0;
    *ret_history = NULL;
    if (place->lines && !source_open_place(place, ret_history, error))
        return EX_NOINPUT;
    status = admin_enter(admin, error);
    if (!status && !place->lines && !source_open_place(place, ret_history, error))
        status = EX_NOINPUT;
    return status;
}

static int run(struct admin *admin, const char *config, struct source_options *source, bool json,
               struct error *error)
{
    struct walk walk = {.error = error};
    struct source_place place;
    struct history *history;
    if (!source_find(config, source, &place, error))
        return EX_CONFIG;
    narrow(source, admin->settings);
    int status = open_both(admin, &place, &history, error);
    if (!status && !learned_init(&walk.learned, admin->limits)) {
        error_set(error, "out of memory");
        status = EX_OSERR;
    }
    if (!status && !learn(&walk, history, source))
        status = EX_TEMPFAIL;
    if (history)
        source_close(history);
    if (!status) {
        output_change_made();
        status = print(&walk.learned, json, error);
        output_flush();
        say_unreadable(&walk.learned);
    }
    learned_done(&walk.learned);
    return status;
}

int limits_command_learn(const char *config, int argc, char **argv)
{
    static const struct option options[] = {
        SOURCE_LONG_OPTIONS, {"json", no_argument, NULL, 'j'}, {0}};
    struct source_options source = {0};
    struct admin admin;
    struct error error;
    bool json = false;
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        int taken = source_option(option, optarg, &source, &error);
        if (taken < 0)
            return command_complain(&error, EX_USAGE);
        if (!taken && option != 'j')
            return EX_USAGE;
        json = json || option == 'j';
    }
    if (optind < argc) {
        error_set(&error, "\"%.200s\": limits learn takes options only", argv[optind]);
        return command_complain(&error, EX_USAGE);
    }
    int status = admin_configure(config, &admin, &error);
    if (status)
        return command_complain(&error, status);
    status = run(&admin, config, &source, json, &error);
    admin_close(&admin);
    return status ? source_complain(&error, status) : 0;
}
