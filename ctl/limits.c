/* submilterctl limits: what is counted, of whom, and beside which limits. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "conf/nearest.h"
#include "ctl/command.h"
#include "ctl/limits/command.h"
#include "ctl/source.h"

static const struct {
    const char *name;
    int (*run)(const char *config, int argc, char **argv);
} words[] = {{"show", limits_command_show},
             {"reset", limits_command_reset},
             {"top", limits_command_top},
             {"learn", limits_command_learn}};

#define WORDS (sizeof words / sizeof *words)

static int complain_of_word(const char *word)
{
    struct error error;
    struct nearest nearest = nearest_to(word);
    for (size_t i = 0; i < WORDS; i++)
        nearest_offer(&nearest, words[i].name);
    if (nearest.name)
        error_set(&error, "limits: there is no \"%.200s\"; did you mean \"%s\"?", word,
                  nearest.name);
    else
        error_set(&error, "limits: there is no \"%.200s\"; for a login of that name: limits show",
                  word);
    return command_complain(&error, EX_USAGE);
}

static int run(const char *config, int argc, char **argv)
{
    char name[64];
    if (argc < 2)
        return EX_USAGE;
    for (size_t i = 0; i < WORDS; i++) {
        if (strcmp(argv[1], words[i].name) != 0)
            continue;
        snprintf(name, sizeof name, "submilterctl limits %s", words[i].name);
        argv[1] = name;
        return words[i].run(config, argc - 1, argv + 1);
    }
    return complain_of_word(argv[1]);
}

const struct command command_limits = {
    .name = "limits",
    .arguments = "show LOGIN [--json]\n"
                 "  submilterctl limits show --group NAME | --domain NAME | --client ADDRESS |\n"
                 "          --network NETWORK | --host [--json]\n"
                 "  submilterctl limits reset LOGIN [--habit]\n"
                 "  submilterctl limits reset --group NAME | --domain NAME | --client ADDRESS |\n"
                 "          --network NETWORK | --host\n"
                 "  submilterctl limits top [--by QUANTITY] [--window WINDOW] [--kind KIND]\n"
                 "          [--limit N] [--json]\n"
                 "  submilterctl limits learn " SOURCE_ARGUMENTS " [--json]",
    .summary = "what is counted of a login, an address or all, beside the limits in force; "
               "who\n      sends most; begins counts anew; learns correspondents from the past",
    .options =
        "  --group NAME      of the configuration, instead of a login\n"
        "  --domain NAME     as which mail is sent\n"
        "  --client ADDRESS  from which mail comes\n"
        "  --network NETWORK likewise: 192.0.2.0/24, or an address in it\n"
        "  --host            all mail\n"
        "  --habit           reset: forgets of a login what it is like and to whom it writes too\n"
        "  --by QUANTITY     messages (without), recipients, new, bytes, refusals\n"
        "  --window WINDOW   minute, hour (without), day\n"
        "  --kind KIND       login (without), group, domain, client, network\n"
        "  --limit N         so many rows; 20 without\n"
        "  --json            the same as JSON\n"
        "Of learn:\n" SOURCE_HELP,
    .run = run,
};
