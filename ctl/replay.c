/* submilterctl replay: what another configuration would have made of the decisions of the past. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "conf/files.h"
#include "ctl/command.h"
#include "ctl/progress.h"
#include "ctl/replay/feed.h"
#include "ctl/replay/show.h"
#include "ctl/replay/workers.h"
#include "ctl/source.h"

#define EXIT_DIFFERENCES 1
#define MOST_SAMPLES 1000
#define SAMPLES 5
#define MOST_THREADS 8
#define CONFIG_BYTES ((size_t)1 << 30) /* 1000 files of 1 MB, and their names */

struct replay_options {
    struct source_options source;
    const char *config; /* the candidate */
    size_t samples;
    bool json;
};

enum { CONFIG = 1, SAMPLES_OPTION, JSON };

static const struct option long_options[] = {{"config", required_argument, NULL, CONFIG},
                                             {"samples", required_argument, NULL, SAMPLES_OPTION},
                                             {"json", no_argument, NULL, JSON},
                                             SOURCE_LONG_OPTIONS,
                                             {0}};

static bool read_samples(const char *text, size_t *ret_count, struct error *error)
{
    char *end;
    unsigned long count = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || count > MOST_SAMPLES)
        return error_set(error, "--samples: \"%s\": expected a number from 0 to %d", text,
                         MOST_SAMPLES);
    *ret_count = count;
    return true;
}

/* error->text is empty where getopt has said what is wrong. */
static bool read_options(int argc, char **argv, struct replay_options *options, struct error *error)
{
    int option;
    error->text[0] = '\0';
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        int taken = source_option(option, optarg, &options->source, error);
        if (taken < 0)
            return false;
        if (taken)
            continue;
        if (option == CONFIG)
            options->config = optarg;
        else if (option == JSON)
            options->json = true;
        else if (option != SAMPLES_OPTION || !read_samples(optarg, &options->samples, error))
            return false;
    }
    return optind == argc || error_set(error, "\"%s\": no argument is expected", argv[optind]);
}

static bool give(const char *place, uint64_t line, struct bytes text, void *context)
{
    return workers_give(context, place, line, text);
}

static unsigned thread_count(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : count > MOST_THREADS ? MOST_THREADS : (unsigned)count;
}

/* False: *ret_status is what to return when error has been said. */
static bool judge_all(const struct replay_options *options, const struct source_place *place,
                      struct snapshot *snapshot, struct differences *differences, int *ret_status,
                      struct error *error)
{
    const struct workers_options wanted = {
        .threads = thread_count(),
        .sample_max = options->samples,
        .since = options->source.since,
        .until = options->source.until,
    };
    struct workers *workers;
    *ret_status = EX_OSERR;
    if (!workers_start(snapshot, &wanted, &workers, error))
        return false;
    if (!feed_each(place, &options->source, give, workers, error)) {
        *ret_status = EX_NOINPUT;
        workers_stop(workers);
        return false;
    }
    return workers_end(workers, differences, error);
}

static int show(const struct replay_options *options, const struct snapshot *snapshot,
                struct differences *differences)
{
    struct error error = {""};
    const struct show_replay show = {
        .differences = differences,
        .config = options->config,
        .hash = snapshot->settings->hash,
        .since = options->source.since,
        .until = options->source.until,
    };
    if (differences->unreadable) {
        error_set(
            &error, "%llu %s left out; the first: %s", (unsigned long long)differences->unreadable,
            differences->unreadable == 1 ? "line is no record and" : "lines are no records and",
            differences->unreadable_why);
        command_complain(&error, 0);
    }
    if (!(options->json ? show_replay_json : show_replay_text)(&show, stdout, &error))
        return command_complain(&error, EX_OSERR);
    return differences_any(differences) ? EXIT_DIFFERENCES : 0;
}

static int replay(const struct replay_options *options, const struct source_place *place)
{
    struct snapshot *snapshot;
    struct differences differences;
    struct error error;
    int status;
    if (!snapshot_load(options->config, NULL, &snapshot, &error))
        return command_complain(&error, EX_CONFIG);
    if (!differences_init(&differences, options->samples, &error))
        status = command_complain(&error, EX_OSERR);
    else if (!judge_all(options, place, snapshot, &differences, &status, &error))
        status = source_complain(&error, status);
    else
        status = show(options, snapshot, &differences);
    differences_done(&differences);
    snapshot_unref(snapshot);
    return status;
}

/* Beside the file, whether it is there or not; NULL: memory is out. */
static const char *drop_ins_of(const char *config, struct arena *arena)
{
    const char *slash = strrchr(config, '/');
    return arena_printf(arena, "%.*sconf.d", slash ? (int)(slash + 1 - config) : 0, config);
}

/* A copy of the main file alone is another configuration than was meant. */
static void say_what_is_not_read(const char *config, const char *candidate)
{
    struct arena *arena = arena_new(CONFIG_BYTES);
    struct file *files;
    size_t count;
    struct error error;
    if (arena && files_read(config, arena, &files, &count, &error) && count > 1) {
        const char *drop_ins = drop_ins_of(candidate, arena);
        if (drop_ins && access(drop_ins, F_OK) != 0) {
            error_set(&error, "%.200s's conf.d is not read with %.200s: copy %.200s beside it",
                      config, candidate, drop_ins_of(config, arena));
            command_complain(&error, 0);
        }
    }
    arena_free(arena);
}

static int run(const char *config, int argc, char **argv)
{
    struct replay_options options = {.config = config, .samples = SAMPLES};
    struct source_place place;
    struct error error;
    if (!read_options(argc, argv, &options, &error))
        return error.text[0] ? command_complain(&error, EX_USAGE) : EX_USAGE;
    if (!source_find(config, &options.source, &place, &error))
        return command_complain(&error, EX_CONFIG);
    say_what_is_not_read(config, options.config);
    return replay(&options, &place);
}

const struct command command_replay = {
    .name = "replay",
    .arguments = "[--config NEW] " SOURCE_ARGUMENTS " [--samples N] [--json]",
    .summary = "judges the decisions of the past again under another configuration, and shows what "
               "would differ",
    .options =
        "  --config NEW      the configuration to try; without it: the one in force\n" SOURCE_HELP
        "  --samples N       so many of each kind of difference, the last ones; 5\n"
        "  --json            one JSON object\n",
    .run = run,
};
