/* submilterctl login: how far a login may go, as an admin says it. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "conf/nearest.h"
#include "ctl/command.h"
#include "ctl/login/command.h"
#include "dkim/our_command.h"

static const struct {
    const char *name;
    int (*run)(const char *config, int argc, char **argv);
} words[] = {{"show", login_command_show},
             {"freeze", login_command_freeze},
             {"slow", login_command_slow},
             {"thaw", login_command_thaw}};

#define WORDS (sizeof words / sizeof *words)

/* What admins type who know other programs. "unfreeze" is near to the very opposite. */
static const struct {
    const char *other, *name;
} synonyms[] = {{"unfreeze", "thaw"}, {"unlock", "thaw"},   {"unblock", "thaw"},
                {"release", "thaw"},  {"unslow", "thaw"},   {"block", "freeze"},
                {"lock", "freeze"},   {"suspend", "freeze"}};

#define SYNONYMS (sizeof synonyms / sizeof *synonyms)

static int complain_of_word(const char *word)
{
    struct error error;
    struct nearest nearest = nearest_to(word);
    for (size_t i = 0; i < WORDS; i++)
        nearest_offer(&nearest, words[i].name);
    for (size_t i = 0; i < SYNONYMS; i++)
        if (strcmp(word, synonyms[i].other) == 0)
            nearest.name = synonyms[i].name;
    if (nearest.name)
        error_set(&error, "login: there is no \"%.200s\"; did you mean \"%s\"?", word,
                  nearest.name);
    else
        error_set(&error, "login: there is no \"%.200s\"; for a login of that name: %s login show",
                  word, our_command());
    return command_complain(&error, EX_USAGE);
}

static int run(const char *config, int argc, char **argv)
{
    char name[64];
    if (argc < 2 || argv[1][0] == '-')
        return login_command_list(config, argc, argv);
    for (size_t i = 0; i < WORDS; i++) {
        if (strcmp(argv[1], words[i].name) != 0)
            continue;
        snprintf(name, sizeof name, "submilterctl login %s", words[i].name);
        argv[1] = name;
        return words[i].run(config, argc - 1, argv + 1);
    }
    return complain_of_word(argv[1]);
}

const struct command command_login = {
    .name = "login",
    .arguments = "[--json]\n"
                 "  submilterctl login show LOGIN [--json]\n"
                 "  submilterctl login freeze|slow LOGIN [--for SPAN] [--because TEXT]\n"
                 "  submilterctl login thaw LOGIN [--because TEXT]",
    .summary =
        "the logins that are slowed or frozen; freeze: defers all mail of one; slow: all but "
        "to\n      whom it has long written; thaw: neither",
    .options = "  --for SPAN        so long: 30m, 2h, 7d; without: until it is thawed\n"
               "  --because TEXT    is kept and shown with who did it\n"
               "  --json            the same as JSON\n",
    .run = run,
};
