/* Reading the options of `submilterctl log`. */
#include "ctl/log_options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/nearest.h"
#include "policy/rule.h"

#define FOLLOWED_FROM 10 /* rows that are shown before those to come, as tail -f has it */

enum {
    LOGIN = 1,
    ADDRESS,
    CLIENT,
    RULE_,
    REASON,
    ACTION,
    ID,
    QUEUE_ID,
    WOULD,
    LIMIT,
    FOLLOW,
    JSON
};

static const struct option long_options[] = {{"login", required_argument, NULL, LOGIN},
                                             {"address", required_argument, NULL, ADDRESS},
                                             {"client", required_argument, NULL, CLIENT},
                                             {"rule", required_argument, NULL, RULE_},
                                             {"reason", required_argument, NULL, REASON},
                                             {"action", required_argument, NULL, ACTION},
                                             {"id", required_argument, NULL, ID},
                                             {"queue-id", required_argument, NULL, QUEUE_ID},
                                             {"would", no_argument, NULL, WOULD},
                                             {"limit", required_argument, NULL, LIMIT},
                                             {"follow", no_argument, NULL, FOLLOW},
                                             {"json", no_argument, NULL, JSON},
                                             SOURCE_LONG_OPTIONS,
                                             {0}};

const char log_options_help[] =
    "  --login LOGIN     who had logged in; '' for sessions in which nobody had\n"
    "  --address ADDRESS what the message claimed to come from, or one of its recipients\n"
    "  --client CLIENT   an address, or a network: 192.0.2.0/24\n"
    "  --rule RULE       that decided, or did not let it pass\n"
    "  --reason REASON   for which it did: not-owned, or with its rule: from.not-owned\n"
    "  --action ACTION   accept, fix, quarantine, tempfail, reject\n"
    "  --would           what a rule in observe would have refused\n"
    "  --id ID           the decision's, as bounces have it\n"
    "  --queue-id ID     the MTA's\n" SOURCE_HELP "  --limit N         the newest N only\n"
    "  --follow          goes on with what is decided from now on, until it is interrupted\n"
    "  --json            the records themselves, one a line\n";

static bool no_such(const char *option, const char *text, const struct nearest *nearest,
                    struct error *error)
{
    error_set(error, "%s: there is no %s \"%s\"", option, option + 2, text);
    size_t len = strlen(error->text);
    if (nearest->name)
        snprintf(error->text + len, sizeof error->text - len, "; did you mean \"%s\"?",
                 nearest->name);
    return false;
}

static bool check_rule(const char *text, struct error *error)
{
    struct nearest nearest = nearest_to(text);
    for (size_t i = 0; i < RULE_COUNT; i++) {
        if (strcmp(rules[i]->name, text) == 0)
            return true;
        nearest_offer(&nearest, rules[i]->name);
    }
    /* Faults inside stand in records as this rule's. */
    return strcmp(text, "internal") == 0 || no_such("--rule", text, &nearest, error);
}

static bool check_action(const char *text, struct error *error)
{
    struct nearest nearest = nearest_to(text);
    for (int action = ACTION_ACCEPT; action <= ACTION_REJECT; action++) {
        if (strcmp(action_word((enum action)action), text) == 0)
            return true;
        nearest_offer(&nearest, action_word((enum action)action));
    }
    return no_such("--action", text, &nearest, error);
}

/* A second one would quietly replace the first. */
static bool take_once(int option, const char *argument, const char **text, struct error *error)
{
    const struct option *row = long_options;
    while (row->val != option)
        row++;
    if (*text && strcmp(*text, argument) != 0)
        return error_set(error, "--%s: \"%.200s\" and \"%.200s\" were given; say one of them",
                         row->name, *text, argument);
    *text = argument;
    return true;
}

/* "from.not-owned" is a rule and its reason. */
static bool read_reason(char *text, struct history_filter *filter, struct error *error)
{
    char *dot = strchr(text, '.');
    if (!take_once(REASON, dot ? dot + 1 : text, &filter->reason, error))
        return false;
    if (!dot)
        return true;
    *dot = '\0';
    return take_once(RULE_, text, &filter->rule, error) && check_rule(text, error);
}

static bool read_limit(const char *text, size_t *ret_limit, struct error *error)
{
    char *end;
    errno = 0;
    unsigned long limit = strtoul(text, &end, 10);
    *ret_limit = limit;
    return (*text >= '0' && *text <= '9' && !*end && !errno && limit > 0) ||
           error_set(error, "--limit: expected a number from 1, found \"%s\"", text);
}

static bool read_filter(int option, char *argument, struct history_filter *filter,
                        struct error *error)
{
    const char **const texts[] = {
        [LOGIN] = &filter->login,      [ADDRESS] = &filter->address, [CLIENT] = &filter->client,
        [RULE_] = &filter->rule,       [ACTION] = &filter->action,   [ID] = &filter->id,
        [QUEUE_ID] = &filter->queue_id};
    if (option == REASON)
        return read_reason(argument, filter, error);
    if (!take_once(option, argument, texts[option], error))
        return false;
    if (option == RULE_)
        return check_rule(argument, error);
    return option != ACTION || check_action(argument, error);
}

static bool read_one(int option, struct log_options *options, struct error *error)
{
    int shared = source_option(option, optarg, &options->source, error);
    if (shared)
        return shared > 0;
    switch (option) {
    case WOULD:
        options->filter.would = true;
        return true;
    case FOLLOW:
        options->follow = true;
        return true;
    case JSON:
        options->json = true;
        return true;
    case LIMIT:
        return read_limit(optarg, &options->filter.limit, error);
    default:
        return option >= LOGIN && option <= QUEUE_ID &&
               read_filter(option, optarg, &options->filter, error);
    }
}

/* Checks the client's form before anything is opened. */
static bool check_whole(struct log_options *options, struct error *error)
{
    struct history_filter *filter = &options->filter;
    char condition[FILTER_SQL_MAX];
    filter->since = options->source.since;
    filter->until = options->source.until;
    filter->without_record = !options->json;
    for (size_t i = 0; options->follow && i < options->source.file_count; i++)
        if (strcmp(options->source.files[i], "-") == 0)
            return error_set(error, "--follow: standard input has an end; name a file");
    if (options->follow && filter->until)
        return error_set(error, "--follow: has no --until");
    if (options->follow && !filter->limit && !filter->since)
        filter->limit = FOLLOWED_FROM;
    return filter_condition(filter, condition, error) || error_prefix(error, "--client: ");
}

bool log_options_read(int argc, char **argv, struct log_options *ret_options, struct error *error)
{
    int option;
    error->text[0] = '\0';
    *ret_options = (struct log_options){0};
    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1)
        if (!read_one(option, ret_options, error))
            return false;
    if (optind < argc)
        return error_set(error, "\"%s\" is no option of log", argv[optind]);
    return check_whole(ret_options, error);
}
