/* submilterctl conf: the configuration in force, or the reference. */
#include <getopt.h>
#include <stdio.h>
#include <sysexits.h>

#include "conf/settings.h"
#include "ctl/command.h"

/* What can fail besides the output is memory. */
static int status_of(bool printed)
{
    if (printed || ferror(stdout))
        return 0;
    return command_complain(&(struct error){"memory is out"}, EX_OSERR);
}

static int print_effective(const char *config)
{
    struct settings *settings;
    struct error error;
    if (!settings_load(config, &settings, &error))
        return command_complain(&error, EX_CONFIG);
    bool printed = settings_print(settings, stdout);
    settings_unref(settings);
    return status_of(printed);
}

static int run(const char *config, int argc, char **argv)
{
    static const struct option options[] = {{"defaults", no_argument, NULL, 'd'}, {0}};
    bool defaults = false;
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option != 'd')
            return EX_USAGE;
        defaults = true;
    }
    if (optind < argc)
        return EX_USAGE;
    return defaults ? status_of(settings_print_reference(stdout)) : print_effective(config);
}

const struct command command_conf = {
    .name = "conf",
    .arguments = "[--defaults]",
    .summary = "prints every setting in force and where it comes from; --defaults: the commented "
               "reference",
    .run = run,
};
