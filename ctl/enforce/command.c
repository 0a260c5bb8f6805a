/* submilterctl enforce, and observe, its counterpart. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/command.h"
#include "ctl/enforce/enforce.h"
#include "ctl/enforce/expected.h"
#include "ctl/output.h"
#include "ctl/progress.h"
#include "ctl/setup/apply.h"
#include "ctl/setup/hold.h"
#include "dkim/our_command.h"

#define DAYS 7
#define EXIT_ASKS 1
#define MOST_BYTES ((size_t)1024 * 1024 * 1024)

struct enforce_arguments {
    struct source_options source;
    const char *daemon;
    bool yes;
    bool dry_run;
    bool json;
};

/* Each file that is to be another becomes a row; links are followed to the real one. */
static void plan_files(struct enforce *enforce)
{
    static const struct plan_access as_it_is = {.mode = 0644};
    const struct change *change = &enforce->change;
    for (size_t i = 0; i < change->file_count; i++)
        if (!bytes_equal(change->old[i].text, change->files[i].text))
            plan_file(enforce->plan, change->files[i].path, change->files[i].text, as_it_is);
}

static bool changes_files(const struct change *change)
{
    for (size_t i = 0; i < change->file_count; i++)
        if (!bytes_equal(change->old[i].text, change->files[i].text))
            return true;
    return false;
}

/* What was read at the beginning is what the edit was made of. */
static bool is_unchanged(const struct enforce *enforce, struct error *error)
{
    const struct change *change = &enforce->change;
    for (const struct plan_row *row = enforce->plan->rows; row; row = row->next) {
        bool known = false;
        for (size_t i = 0; i < change->file_count; i++)
            known = known || bytes_equal(row->from.content, change->old[i].text);
        if (row->kind == PLAN_FILE && !known)
            return error_set(error, "%s was changed by somebody else meanwhile: run it again",
                             row->path);
    }
    return true;
}

/* As setup: what comes while files are replaced waits, and then takes everything back. */
static bool carry_out(struct enforce *enforce, struct error *error)
{
    const char *folder = place_folder_of(enforce->plan->arena, enforce->wanted.config);
    struct backup kept = {.arena = enforce->plan->arena, .folder = folder, .lock = -1};
    return folder ? apply_plan(enforce->plan, &kept, false, error)
                  : error_set(error, "memory is out");
}

static int fail(struct enforce *enforce, int status)
{
    enforce->outcome = ENFORCE_FAILED;
    return status;
}

static bool may_refuse(const struct enforce *enforce)
{
    const struct measure *measure = &enforce->measure;
    return enforce->measured && (!measure->known || measure_messages(measure) > 0);
}

static int decide(const struct enforce_arguments *arguments, struct enforce *enforce)
{
    struct error *error = &enforce->error;
    const struct change *change = &enforce->change;
    bool asks = may_refuse(enforce) && !arguments->yes;
    plan_files(enforce);
    if (!plan_good(enforce->plan, error) || !is_unchanged(enforce, error))
        return fail(enforce, EX_CANTCREAT);
    enforce->outcome = !plan_pending(enforce->plan) ? ENFORCE_AS_IT_WAS
                       : arguments->dry_run         ? ENFORCE_SHOWN
                       : asks                       ? ENFORCE_ASKS
                                                    : ENFORCE_DONE;
    if (enforce->outcome == ENFORCE_AS_IT_WAS)
        return 0;
    if (enforce->outcome != ENFORCE_DONE)
        return asks ? EXIT_ASKS : 0;
    if (!reload_plan(enforce->wanted.config, arguments->daemon, change->before, change->after,
                     enforce->plan, &enforce->reload, error) ||
        !carry_out(enforce, error))
        return fail(enforce, EX_CANTCREAT);
    output_change_made();
    return enforce->reload.result == RELOAD_UNSEEN ? EX_TEMPFAIL : 0;
}

/* Only what becomes enforced can refuse more than before. */
static bool becomes_enforced(const struct change *change)
{
    for (size_t i = 0; i < change->row_count; i++)
        if (change->rows[i].after.mode == MODE_ENFORCE)
            return true;
    return false;
}

static int finish(const struct enforce_arguments *arguments, const struct enforce *enforce)
{
    if (arguments->json && !enforce_print_json(enforce))
        return command_complain(&(struct error){"memory is out"}, EX_OSERR);
    if (!arguments->json)
        enforce_print_text(enforce);
    output_flush(); /* a signal that was held ends it next */
    if (enforce->outcome == ENFORCE_FAILED && !arguments->json)
        command_complain(&enforce->error, 0);
    return enforce->status;
}

/* What some rules do ends, too, besides refusing; NULL: nothing. */
static const char *what_ends(enum rule_id rule)
{
    if (rule == RULE_dkim)
        return "nothing is signed";
    if (rule == RULE_trust_headers)
        return "forged fields are not taken out";
    return rule == RULE_login_state ? "frozen and slowed logins go on sending" : NULL;
}

static void warn(const struct enforce *enforce)
{
    const struct change *change = &enforce->change;
    for (size_t i = 0; i < change->row_count; i++) {
        const struct change_row *row = &change->rows[i];
        const struct mode_row *after = &row->after;
        if (after->mode != MODE_OBSERVE || row->before.mode == MODE_OBSERVE ||
            (after->group && after->follows) || !what_ends(row->rule))
            continue;
        plan_say(enforce->plan, PLAN_WARNING, "while %s is observed, %s in policy %s%s%s",
                 rules[row->rule]->name, what_ends(row->rule), after->policy,
                 after->group ? " for the group " : "", after->group ? after->group : "");
    }
}

static int run_in(struct arena *arena, const struct enforce_arguments *arguments,
                  struct enforce *enforce)
{
    enforce->plan = plan_new(arena, "");
    if (!enforce->plan)
        return command_complain(&(struct error){"memory is out"}, EX_OSERR);
    if (!change_prepare(arena, &enforce->wanted, &enforce->change, &enforce->error)) {
        enforce->status = fail(enforce, EX_CONFIG);
        return finish(arguments, enforce);
    }
    warn(enforce);
    if (changes_files(&enforce->change) &&
        !expected_lets_change(enforce->change.after, enforce->plan, &enforce->error)) {
        enforce->status = fail(enforce, EX_CANTCREAT);
        return finish(arguments, enforce);
    }
    enforce->measured = becomes_enforced(&enforce->change);
    if (enforce->measured && !measure_take(arena, &enforce->wanted, &enforce->change,
                                           &arguments->source, &enforce->measure))
        return progress_status();
    hold_signals();
    if (progress_interrupted()) /* before they were held */
        return progress_status();
    enforce->status = decide(arguments, enforce);
    int status = finish(arguments, enforce);
    hold_release();
    return status;
}

static bool read_rules(int argc, char **argv, struct change_wanted *wanted, struct error *error)
{
    for (int i = optind; i < argc; i++) {
        enum rule_id rule = modes_rule_named(argv[i], error);
        if (rule == RULE_COUNT)
            return false;
        bool twice = false;
        for (size_t j = 0; j < wanted->rule_count; j++)
            twice = twice || wanted->rules[j] == rule;
        if (!twice)
            wanted->rules[wanted->rule_count++] = rule;
    }
    if (!wanted->rule_count)
        return error_set(error, "name the rule; %s conf lists them", our_command());
    return !wanted->policy || !wanted->group ||
           error_set(error, "a group of users has one mode in all policies: --group goes without "
                            "--policy");
}

enum { OPTION_POLICY = 'p', OPTION_GROUP = 'g', OPTION_ACTION = 'a', OPTION_DAEMON = 'd' };

static int read_option(int option, struct enforce_arguments *arguments,
                       struct change_wanted *wanted)
{
    struct error error;
    int taken = source_option(option, optarg, &arguments->source, &error);
    if (taken < 0)
        return command_complain(&error, EX_USAGE);
    switch (option) {
    case OPTION_POLICY:
        wanted->policy = optarg;
        return 0;
    case OPTION_GROUP:
        wanted->group = optarg;
        return 0;
    case OPTION_ACTION:
        wanted->action = optarg;
        return 0;
    case OPTION_DAEMON:
        arguments->daemon = optarg;
        return 0;
    default:
        return taken || option == 0 ? 0 : EX_USAGE; /* 0: a flag, which getopt has set */
    }
}

static int read_arguments(int argc, char **argv, struct enforce_arguments *arguments,
                          struct change_wanted *wanted)
{
    int yes = 0;
    int dry_run = 0;
    int json = 0;
    struct error error;
    const struct option options[] = {{"policy", required_argument, NULL, OPTION_POLICY},
                                     {"group", required_argument, NULL, OPTION_GROUP},
                                     {"daemon", required_argument, NULL, OPTION_DAEMON},
                                     {"dry-run", no_argument, &dry_run, 1},
                                     {"json", no_argument, &json, 1},
                                     {"yes", no_argument, &yes, 1},
                                     {"action", required_argument, NULL, OPTION_ACTION},
                                     SOURCE_LONG_OPTIONS,
                                     {0}};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        int status = read_option(option, arguments, wanted);
        if (status)
            return status;
    }
    arguments->yes = yes;
    arguments->dry_run = dry_run;
    arguments->json = json;
    return read_rules(argc, argv, wanted, &error) ? 0 : command_complain(&error, EX_USAGE);
}

static int run(enum mode mode, const char *config, int argc, char **argv)
{
    struct enforce_arguments arguments = {.daemon = SBINDIR "/submilter"};
    struct enforce enforce = {.wanted = {.config = config, .mode = mode}};
    int status = read_arguments(argc, argv, &arguments, &enforce.wanted);
    if (status)
        return status;
    source_default_since(&arguments.source, DAYS);
    struct arena *arena = arena_new(MOST_BYTES);
    if (!arena)
        return command_complain(&(struct error){"memory is out"}, EX_OSERR);
    status = run_in(arena, &arguments, &enforce);
    measure_done(&enforce.measure);
    change_done(&enforce.change);
    arena_free(arena);
    return status;
}

static int run_enforce(const char *config, int argc, char **argv)
{
    return run(MODE_ENFORCE, config, argc, argv);
}

static int run_observe(const char *config, int argc, char **argv)
{
    return run(MODE_OBSERVE, config, argc, argv);
}

const struct command command_enforce = {
    .name = "enforce",
    .arguments = "RULE... [--policy POLICY | --group GROUP] [--action ACTION]\n"
                 "      [--yes | --dry-run] [--daemon PROGRAM] [--json]\n"
                 "      " SOURCE_ARGUMENTS,
    .summary = "has rules that were observed refuse mail from now on: says whom that would have "
               "met,\n      edits the configuration, has the daemon read it",
    .options = "  --policy POLICY   in this policy; by default in each one that observes it\n"
               "  --group GROUP     for this group of users\n"
               "  --action ACTION   and leads to that: reject, tempfail, quarantine, fix\n"
               "  --yes             also where mail would have been refused, or nobody knows\n"
               "  --dry-run         shows it and changes nothing\n"
               "  --daemon PROGRAM  the submilter that runs\n"
               "  --json            one JSON object\n" SOURCE_HELP,
    .run = run_enforce,
};

const struct command command_observe = {
    .name = "observe",
    .arguments = "RULE... [--policy POLICY | --group GROUP] [--dry-run]\n"
                 "      [--daemon PROGRAM] [--json]",
    .summary = "the way back: rules are judged and recorded, and refuse nothing",
    .options = "  --policy POLICY   in this policy; by default in each one that enforces it\n"
               "  --group GROUP     for this group of users\n"
               "  --dry-run         shows it and changes nothing\n"
               "  --daemon PROGRAM  the submilter that runs\n"
               "  --json            one JSON object\n",
    .run = run_observe,
};
