/* submilter: reads its arguments, checks the configuration, opens the socket and becomes the
 * daemon. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "dkim/our_command.h"
#include "gate/children.h"
#include "gate/counters.h"
#include "milter/advice.h"
#include "milter/arguments.h"
#include "milter/background.h"
#include "milter/counting.h"
#include "milter/daemon.h"
#include "milter/expected.h"
#include "milter/inherited.h"
#include "milter/listen.h"
#include "milter/log.h"
#include "milter/notify.h"
#include "milter/pid_file.h"
#include "milter/privileges.h"
#include "milter/server.h"
#include "milter/signals.h"
#include "milter/takeover.h"

/* Whoever starts us may have closed one of them: the next file or socket would get its number, be
 * written to by what complains, and be gone in the background. */
static bool keep_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            return false;
    return true;
}

static int complain(const struct error *error, int status)
{
    fprintf(stderr, "submilter: %s\n", error->text);
    return status;
}

/* Whoever waits for the daemon to come up is told why it does not. */
static int give_up(const struct error *error, int status, int channel)
{
    if (channel < 0)
        notify_failed(error->text, status);
    takeover_refuse(channel, error->text);
    return complain(error, status);
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

static int check(const struct arguments *arguments)
{
    struct error error;
    struct snapshot *snapshot;
    bool is_root = geteuid() == 0;
    if (!snapshot_load(arguments->path, NULL, &snapshot, &error))
        return complain(&error, EX_CONFIG);
    bool good = privileges_drop(snapshot->settings, &error) &&
                counters_check(snapshot->settings, &error) && expected_holds(snapshot, &error);
    if (good) {
        advice_give(snapshot, warn);
        if (is_root)
            advice_give_keys(snapshot->settings, warn);
        printf("submilter: %s: the configuration is good (config %s)\n", arguments->path,
               snapshot->settings->hash);
    }
    snapshot_unref(snapshot);
    return good ? 0 : complain(&error, EX_CONFIG);
}

/* From a predecessor, from the service manager, or our own. */
static bool find_socket(const struct arguments *arguments, const struct settings *settings,
                        int *channel, struct listening *ret_listening, struct error *error)
{
    if (arguments->take_over && *channel < 0 && !takeover_ask(settings, channel, error))
        return false;
    if (*channel >= 0)
        return takeover_receive(*channel, settings, ret_listening, error);
    if (inherited_is_offered())
        return inherited_take(ret_listening, error);
    return listen_open(settings, ret_listening, error);
}

/* From root's rights and the terminal to a daemon that serves. */
static bool start(const struct arguments *arguments, struct snapshot *snapshot,
                  struct listening *listening, int channel, struct error *error)
{
    const struct settings *settings = snapshot->settings;
    if (!signals_open(error) ||
        (!arguments->foreground && !arguments->successor && !background_enter(error)) ||
        !pid_file_open(settings->pid_file, error) || !privileges_drop(settings, error))
        return false;
    if (!arguments->foreground) {
        advice_give(snapshot, warn);
        expected_warn(snapshot, warn);
    }
    log_open(arguments->foreground, arguments->verbose);
    return daemon_start(snapshot, listening, channel, error);
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    struct snapshot *snapshot;
    struct listening listening;
    struct error error;
    int status = 0;
    children_are_waited_for();
    if (!keep_standard_streams())
        return EX_OSERR;
    if (!arguments_read(argc, argv, &arguments, &status))
        return status;
    our_command_uses(arguments.path);
    umask(0027);
    privileges_hide_memory();
    if (arguments.check_only)
        return check(&arguments);
    signals_hold();
    notify_open();
    int channel = arguments.successor ? ARGUMENTS_CHANNEL : -1;
    if (!snapshot_load(arguments.path, NULL, &snapshot, &error))
        return give_up(&error, EX_CONFIG, channel);
    if (!expected_lets_start(snapshot, &error)) {
        snapshot_unref(snapshot);
        return give_up(&error, EX_CONFIG, channel);
    }
    privileges_raise_descriptors();
    if (!arguments_make_absolute(&arguments, &error) ||
        !find_socket(&arguments, snapshot->settings, &channel, &listening, &error)) {
        snapshot_unref(snapshot);
        return give_up(&error, EX_OSERR, channel);
    }
    if (!start(&arguments, snapshot, &listening, channel, &error)) {
        listen_remove(&listening);
        snapshot_unref(snapshot);
        status = give_up(&error, EX_OSERR, channel);
        if (server_hangs() || counting_hangs())
            _exit(status);
        return status;
    }
    if (!pid_file_write(&error))
        log_error("%s", error.text);
    background_ready();
    return daemon_serve(&arguments, &listening);
}
