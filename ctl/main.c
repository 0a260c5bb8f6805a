/* submilterctl: finds the sub-command and runs it. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sysexits.h>
#include <unistd.h>

#include "conf/nearest.h"
#include "ctl/command.h"
#include "ctl/output.h"
#include "ctl/plain.h"
#include "dkim/our_command.h"
#include "gate/children.h"

static const struct command *const commands[] = {
#define COMMAND(name) &command_##name,
#include "ctl/commands.h"
#undef COMMAND
    NULL};

static void print_usage(FILE *out)
{
    fputs("usage: submilterctl [-c FILE] COMMAND ...\n", out);
    for (size_t i = 0; commands[i]; i++)
        fprintf(out, "  submilterctl %s %s\n      %s\n", commands[i]->name, commands[i]->arguments,
                commands[i]->summary);
}

/* In any place where an option may stand. */
static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

static int run(const struct command *command, const char *config, int argc, char **argv)
{
    if (asks_for_help(argc, argv)) {
        printf("usage: submilterctl %s %s\n    %s\n", command->name, command->arguments,
               command->summary);
        if (command->options)
            printf("\n%s", command->options);
        return 0;
    }
    char name[64]; /* as getopt says it */
    snprintf(name, sizeof name, "submilterctl %s", command->name);
    argv[0] = name;
    optind = 0; /* not 1: the "+" of main's own getopt would hold on */
    int status = command->run(config, argc, argv);
    if (status == EX_USAGE)
        fprintf(stderr, "usage: submilterctl %s %s\n", command->name, command->arguments);
    if (status == EX_USAGE && command->options)
        fprintf(stderr, "submilterctl %s --help: what each option does\n", command->name);
    return status;
}

/* The usage of all commands would push it off the screen. */
static int complain_of_name(const char *name)
{
    struct nearest nearest = nearest_to(name);
    for (size_t i = 0; commands[i]; i++)
        nearest_offer(&nearest, commands[i]->name);
    fputs("submilterctl: there is no command \"", stderr);
    plain_write_value(stderr, bytes_of(name));
    fputc('"', stderr);
    if (strcmp(name, "freeze") == 0 || strcmp(name, "slow") == 0 || strcmp(name, "thaw") == 0)
        fprintf(stderr, "; did you mean \"login %s\"?", name);
    else if (nearest.name)
        fprintf(stderr, "; did you mean \"%s\"?", nearest.name);
    fputs("\nsubmilterctl --help: all commands\n", stderr);
    return EX_USAGE;
}

static int answer(int argc, char **argv)
{
    static const struct option options[] = {
        {"help", no_argument, NULL, 'h'}, {"version", no_argument, NULL, 'V'}, {0}};
    const char *config = SYSCONFDIR "/submilter.conf";
    int option;
    /* "+": options behind the command are the command's. */
    while ((option = getopt_long(argc, argv, "+c:hV", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            config = optarg;
            our_command_uses(config);
            break;
        case 'h':
            print_usage(stdout);
            return 0;
        case 'V':
            puts("submilterctl " PACKAGE_VERSION);
            return 0;
        default:
            print_usage(stderr);
            return EX_USAGE;
        }
    }
    if (optind == argc) {
        print_usage(stderr);
        return EX_USAGE;
    }
    for (size_t i = 0; commands[i]; i++)
        if (strcmp(argv[optind], commands[i]->name) == 0)
            return run(commands[i], config, argc - optind, argv + optind);
    return complain_of_name(argv[optind]);
}

int main(int argc, char **argv)
{
    children_are_waited_for();
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* some commands hold keys: no core has them */
    output_begin();
    return output_end(answer(argc, argv));
}
