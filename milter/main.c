/* submilter: reads its arguments, checks the configuration, opens the socket and becomes the
 * daemon. */
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "milter/advice.h"
#include "milter/background.h"
#include "milter/daemon.h"
#include "milter/listen.h"
#include "milter/log.h"
#include "milter/pid_file.h"
#include "milter/privileges.h"
#include "milter/signals.h"

struct arguments {
    const char *path;
    bool foreground;
    bool check_only;
    bool verbose;
};

static const char usage[] =
    "usage: submilter [-f] [-c FILE] [-n] [-v]\n"
    "  -c FILE  the configuration (default " SYSCONFDIR "/submilter.conf)\n"
    "  -f       stay in the foreground and log to stderr too\n"
    "  -n       check the configuration, tables and keys, and exit: 0 when all is well, else 78\n"
    "  -v       log more\n"
    "  -V       print the version\n";

static bool read_arguments(int argc, char **argv, struct arguments *ret, int *ret_exit)
{
    static const struct option options[] = {
        {"help", no_argument, NULL, 'h'}, {"version", no_argument, NULL, 'V'}, {0}};
    int option;
    *ret = (struct arguments){.path = SYSCONFDIR "/submilter.conf"};
    while ((option = getopt_long(argc, argv, "c:fhnvV", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            ret->path = optarg;
            break;
        case 'f':
            ret->foreground = true;
            break;
        case 'n':
            ret->check_only = true;
            break;
        case 'v':
            ret->verbose = true;
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

static int complain(const struct error *error, int status)
{
    fprintf(stderr, "submilter: %s\n", error->text);
    return status;
}

__attribute__((format(printf, 1, 2))) static void warn(const char *format, ...)
{
    va_list args;
    fputs("submilter: warning: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

/* A reload has to find the file after the daemon has left its working folder. */
static bool make_absolute(struct arguments *arguments, struct error *error)
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

/* From root's rights and the terminal to a daemon that serves. */
static bool start(const struct arguments *arguments, struct snapshot *snapshot,
                  const struct listening *listening, struct error *error)
{
    if (!signals_open(error) || (!arguments->foreground && !background_enter(error)) ||
        !pid_file_write(snapshot->settings->pid_file, error) ||
        !privileges_drop(snapshot->settings, error))
        return false;
    if (!arguments->foreground)
        advice_give(snapshot, warn);
    log_open(arguments->foreground, arguments->verbose);
    return daemon_start(snapshot, listening, error);
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    struct snapshot *snapshot;
    struct listening listening;
    struct error error;
    int status = 0;
    if (!read_arguments(argc, argv, &arguments, &status))
        return status;
    umask(0027);
    if (!snapshot_load(arguments.path, NULL, &snapshot, &error))
        return complain(&error, EX_CONFIG);
    if (arguments.check_only) {
        if (!privileges_drop(snapshot->settings, &error)) {
            snapshot_unref(snapshot);
            return complain(&error, EX_CONFIG);
        }
        advice_give(snapshot, warn);
        printf("submilter: %s: the configuration is good (config %s)\n", arguments.path,
               snapshot->settings->hash);
        snapshot_unref(snapshot);
        return 0;
    }

    signals_hold();
    privileges_raise_descriptors();
    if ((!arguments.foreground && !make_absolute(&arguments, &error)) ||
        !listen_open(snapshot->settings, &listening, &error)) {
        snapshot_unref(snapshot);
        return complain(&error, EX_OSERR);
    }
    if (!start(&arguments, snapshot, &listening, &error)) {
        listen_remove(&listening);
        snapshot_unref(snapshot);
        return complain(&error, EX_OSERR);
    }
    background_ready();
    return daemon_serve(arguments.path, &listening);
}
