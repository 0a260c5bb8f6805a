/* What submilter was asked to do. */
#include "milter/arguments.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#define SUCCESSOR_OPTION "successor"

static const char usage[] =
    "usage: submilter [-fntv] [-c FILE]\n"
    "  -c FILE  the configuration (default " SYSCONFDIR "/submilter.conf)\n"
    "  -f       stay in the foreground and log to stderr too\n"
    "  -n       check the configuration, tables and keys, and exit: 0 when all is well, else 78\n"
    "  -t       take over from the daemon that pid_file names, losing no connection\n"
    "  -v       log more\n"
    "  -V       print the version\n";

/* Found out while it is the file that we came from: an upgrade puts another one in its place. */
static void find_program(struct arguments *arguments)
{
    ssize_t len = readlink("/proc/self/exe", arguments->program, sizeof arguments->program - 1);
    if (len > 0)
        arguments->program[len] = '\0';
    else
        snprintf(arguments->program, sizeof arguments->program, "%s", SBINDIR "/submilter");
}

bool arguments_read(int argc, char **argv, struct arguments *ret_arguments, int *ret_exit)
{
    static const struct option options[] = {{"help", no_argument, NULL, 'h'},
                                            {"version", no_argument, NULL, 'V'},
                                            {SUCCESSOR_OPTION, no_argument, NULL, 's'},
                                            {0}};
    int option;
    *ret_arguments = (struct arguments){.path = SYSCONFDIR "/submilter.conf"};
    find_program(ret_arguments);
    while ((option = getopt_long(argc, argv, "c:fhntvV", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            ret_arguments->path = optarg;
            break;
        case 'f':
            ret_arguments->foreground = true;
            break;
        case 'n':
            ret_arguments->check_only = true;
            break;
        case 's':
            ret_arguments->successor = true;
            break;
        case 't':
            ret_arguments->take_over = true;
            break;
        case 'v':
            ret_arguments->verbose = true;
            break;
        case 'V':
            puts("submilter " PACKAGE_VERSION);
            *ret_exit = 0;
            return false;
        case 'h':
            fputs(usage, stdout);
            *ret_exit = 0;
            return false;
        default:
            fputs(usage, stderr);
            *ret_exit = EX_USAGE;
            return false;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "submilter: unexpected argument \"%s\"\n%s", argv[optind], usage);
        *ret_exit = EX_USAGE;
        return false;
    }
    return true;
}

bool arguments_make_absolute(struct arguments *arguments, struct error *error)
{
    static char path[PATH_MAX];
    char folder[PATH_MAX];
    if (arguments->path[0] == '/')
        return true;
    if (!getcwd(folder, sizeof folder) ||
        (size_t)snprintf(path, sizeof path, "%s/%s", folder, arguments->path) >= sizeof path)
        return error_set(error, "%s: write the whole path behind -c", arguments->path);
    arguments->path = path;
    return true;
}

void arguments_for_successor(const struct arguments *arguments, char *ret_argv[ARGUMENTS_MOST])
{
    static char foreground[] = "-f", verbose[] = "-v", config[] = "-c";
    static char successor[] = "--" SUCCESSOR_OPTION;
    static char path[PATH_MAX];
    size_t count = 0;
    snprintf(path, sizeof path, "%s", arguments->path);
    ret_argv[count++] = (char *)(size_t)arguments->program;
    if (arguments->foreground)
        ret_argv[count++] = foreground;
    if (arguments->verbose)
        ret_argv[count++] = verbose;
    ret_argv[count++] = config;
    ret_argv[count++] = path;
    ret_argv[count++] = successor;
    ret_argv[count] = NULL;
}
