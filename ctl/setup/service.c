/* Rows that make the daemon's user, check its configuration and start it. */
#include "ctl/setup/service.h"

#include <pwd.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl/daemons.h"
#include "ctl/probe.h"
#include "ctl/setup/hold.h"
#include "ctl/setup/process.h"
#include "mta/endpoint.h"
#include "mta/program.h"

#define START_SECONDS 20
#define ENABLE_SECONDS 120

bool service_answers(struct arena *arena, const char *socket)
{
    const struct probe_as as = {0};
    struct probe_report report;
    const char *endpoint = endpoint_for_postfix(arena, socket, "");
    if (!endpoint)
        return false;
    probe_milter(endpoint, &as, &report);
    return report.result == PROBE_GOOD;
}

/* In a place where systemd-sysusers looks; it is there where systemd runs, the file everywhere. */
static bool has_sysusers(void)
{
    static const char *const files[] = {
        "/etc/sysusers.d/submilter.conf", "/run/sysusers.d/submilter.conf",
        "/usr/local/lib/sysusers.d/submilter.conf", "/usr/lib/sysusers.d/submilter.conf"};
    for (size_t i = 0; systemd_runs() && i < sizeof files / sizeof *files; i++)
        if (access(files[i], R_OK) == 0)
            return true;
    return false;
}

void service_add_user(const struct setup_options *options, struct plan *plan)
{
    static const char *const sysusers[] = {"systemd-sysusers", "submilter.conf", NULL};
    const char *const useradd[] = {"useradd",          "--system", "--user-group",
                                   "--no-create-home", "--shell",  "/usr/sbin/nologin",
                                   options->user,      NULL};
    if (getpwnam(options->user))
        return;
    bool packaged = strcmp(options->user, "submilter") == 0 && has_sysusers();
    struct plan_row *row =
        plan_command(plan, "the user that the daemon becomes", packaged ? sysusers : useradd);
    if (row)
        row->stays = arena_printf(plan->arena, "the user %s", options->user);
}

const char *service_user(const struct setup_options *options, const struct settings *written,
                         struct arena *arena)
{
    struct units units;
    if (!written)
        return options->user;
    if (written->user)
        return arena_text(arena, bytes_of(written->user));
    const char *user = units_find(options, arena, &units) && units.managed
                           ? systemd_value(arena, &units.service, "User")
                           : NULL;
    return user ? user : "root";
}

/* As the user that it will be: root would not notice what that one cannot read. */
static void add_check(const struct setup_options *options, const struct units *units,
                      const char *user, struct plan *plan)
{
    const char *const plain[] = {options->daemon, "-n", "-c", options->config, NULL};
    const char *const as_user[] = {"runuser",       "-u", user, "--", options->daemon, "-n", "-c",
                                   options->config, NULL};
    plan_command(plan, "configuration, tables and keys are checked",
                 units->managed ? as_user : plain);
}

static time_t now(void)
{
    struct timespec passed;
    return clock_gettime(CLOCK_MONOTONIC, &passed) == 0 ? passed.tv_sec : 0;
}

static bool wait_for_answer(void *context, struct plan *plan, struct error *error)
{
    static const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
    const char *socket = context;
    time_t end = now() + START_SECONDS;
    do {
        if (service_answers(plan->arena, socket))
            return true;
        nanosleep(&pause, NULL);
    } while (now() < end && !hold_pending());
    return error_set(error,
                     "submilter does not answer at %s, %d seconds after its start: the MTA is not "
                     "told of it",
                     socket, START_SECONDS);
}

/* For a row that is done later. NULL when memory is out, which the plan's arena remembers. */
static struct setup_options *copy_of(const struct setup_options *options, struct arena *arena)
{
    struct setup_options *kept = arena_alloc(arena, sizeof *kept);
    if (kept)
        *kept = *options;
    return kept;
}

static bool reload_plain(void *context, struct plan *plan, struct error *error)
{
    const struct setup_options *options = context;
    (void)plan;
    return process_reload_daemon(options->daemon, options->config, error);
}

void service_add_reload(const struct setup_options *options, struct plan *plan)
{
    static const char *const reload[] = {"systemctl", "try-reload-or-restart", SYSTEMD_SERVICE,
                                         NULL};
    struct units units;
    bool managed = units_find(options, plan->arena, &units) && units.managed;
    struct plan_row *row = NULL;
    if (managed)
        row = plan_command(plan, "the daemon reads its configuration", reload);
    else if (daemons_find_one(options->daemon, options->config))
        row = plan_act(plan, "the daemon reads its configuration (SIGUSR1)", reload_plain,
                       copy_of(options, plan->arena));
    else
        plan_say(plan, PLAN_NEXT,
                 "The daemon that answers was not started with %s: have it read its configuration, "
                 "by SIGUSR1",
                 options->config);
    if (row)
        row->again = true;
}

static bool end_plain(void *context, struct plan *plan, struct error *error)
{
    const struct setup_options *options = context;
    (void)plan;
    return process_end_daemons(options->daemon, options->config, error);
}

static void start_plain(const struct setup_options *options, struct plan *plan)
{
    const char *const argv[] = {options->daemon, "-c", options->config, NULL};
    struct plan_row *row =
        plan_command(plan, "the daemon is started before mail depends on it", argv);
    if (!row)
        return;
    row->take_back = end_plain;
    row->context = copy_of(options, plan->arena);
}

struct which { /* of the units; not both NULL */
    const char *service;
    const char *socket;
};

static struct which choose(const struct units *units, bool service, bool socket)
{
    return (struct which){service ? SYSTEMD_SERVICE : NULL,
                          socket && units->socket.exists ? SYSTEMD_SOCKET : NULL};
}

static const char *const *systemctl(struct plan *plan, const char *verb, struct which which)
{
    const char *const argv[] = {"systemctl", verb, which.service ? which.service : which.socket,
                                which.service ? which.socket : NULL, NULL};
    return plan_words(plan, argv);
}

static struct plan_row *run_units(struct plan *plan, const char *what, const char *verb,
                                  struct which which)
{
    const char *const *argv = systemctl(plan, verb, which);
    return argv ? plan_command(plan, what, argv) : NULL;
}

/* Both units where there are both: a service that stopped would be started again by its socket. To
 * start what runs would leave it at its old socket, with its old configuration. */
static void start_units(const struct units *units, bool anew, struct plan *plan)
{
    bool runs = units->service_is.active || units->socket_is.active;
    struct which both = choose(units, true, true);
    struct plan_row *row =
        anew || runs ? run_units(plan, "what runs by the units as they were ends", "stop", both)
                     : NULL;
    if (row && runs)
        row->reverse = systemctl(plan, "start",
                                 choose(units, units->service_is.active, units->socket_is.active));
    row = run_units(plan, "the daemon is started before mail depends on it", "start", both);
    if (row)
        row->reverse = systemctl(plan, "stop", both);
}

static bool enable_socket(void *context, struct plan *plan, struct error *error)
{
    static const char *const argv[] = {"systemctl", "enable", SYSTEMD_SOCKET, NULL};
    struct program_output output;
    (void)context;
    return program_must_run(plan->arena, argv, ENABLE_SECONDS, &output, error);
}

static void enable_units(const struct units *units, struct plan *plan)
{
    bool service = !units->service_is.enabled;
    bool socket = units->socket.exists && !units->socket_is.enabled;
    if (!service && !socket)
        return;
    struct which which = choose(units, service, socket);
    struct plan_row *row = run_units(plan, "and at each boot", "enable", which);
    if (!row)
        return;
    row->reverse = systemctl(plan, "disable", which);
    /* The service's Also= takes its socket with it. */
    if (service && units->socket_is.enabled)
        row->take_back = enable_socket;
}

static void wait_for(const char *socket, struct plan *plan)
{
    char *kept = arena_text(plan->arena, bytes_of(socket));
    if (kept)
        plan_act(plan, arena_printf(plan->arena, "the daemon answers at %s", socket),
                 wait_for_answer, kept);
}

/* pid: 0 where it is not known. */
static bool say_runs(const struct setup_options *options, const char *socket, bool answers,
                     bool changed, pid_t pid, struct arena *arena, struct error *error)
{
    const char *number = pid ? arena_printf(arena, " %d", (int)pid) : "";
    const char *end = pid ? arena_printf(arena, "kill%s", number) : "pkill -x submilter";
    const char *hand_over = plan_command_text(
        arena, (const char *const[]){options->daemon, "-t", "-c", options->config, NULL});
    if (!number || !end || !hand_over)
        return error_set(error, "memory is out");
    if (changed || answers)
        return error_set(error,
                         "submilter runs already, at %s%s%s, and would go on with the "
                         "configuration that it has: end it (%s), and setup starts it with the "
                         "new one",
                         answers ? socket : "another socket", pid ? ", as process" : "", number,
                         end);
    return error_set(error,
                     "submilter runs already, as process%s, and does not answer at %s: restart it, "
                     "or let it hand over (%s, where pid_file is set), so that it reads its "
                     "configuration, and run this again at once",
                     number, socket, hand_over);
}

static bool add_start(const struct setup_options *options, const struct units *units,
                      const char *socket, const struct service_state *state, bool moved,
                      struct plan *plan, struct error *error)
{
    bool by_units = units->service_is.active || units->socket_is.active;
    bool answers = service_answers(plan->arena, socket);
    bool settled = answers && !moved && !state->changed;
    pid_t other = settled || by_units ? 0 : daemons_find_one(options->daemon, options->config);
    if (!settled && !by_units && (answers || other))
        return say_runs(options, socket, answers, state->changed, other, plan->arena, error);
    if (!settled) {
        if (answers && !moved)
            service_add_reload(options, plan);
        else if (units->managed)
            start_units(units, moved, plan);
        else
            start_plain(options, plan);
        wait_for(socket, plan);
    }
    if (units->managed)
        enable_units(units, plan);
    return true;
}

bool service_add(const struct setup_options *options, const struct units_wanted *wanted,
                 const struct service_state *state, struct plan *plan, struct error *error)
{
    struct units units;
    bool moved;
    if (!units_find(options, plan->arena, &units))
        return error_set(error, "memory is out");
    if (state->changed)
        add_check(options, &units, wanted->user, plan);
    if (!units_add(&units, wanted, plan, &moved, error))
        return false;
    if (state->mta_runs)
        return add_start(options, &units, wanted->socket, state, moved, plan, error);
    if (!service_answers(plan->arena, wanted->socket))
        plan_say(plan, PLAN_NEXT,
                 "Start submilter before the MTA (%s%s%s): while it does not answer, the MTA "
                 "defers all mail",
                 units.managed
                     ? "systemctl enable --now " SYSTEMD_SERVICE
                     : plan_command_text(plan->arena, (const char *const[]){options->daemon, "-c",
                                                                            options->config, NULL}),
                 units.managed && units.socket.exists ? " " SYSTEMD_SOCKET : "", "");
    return true;
}

void service_add_end(const struct settings *written, struct plan *plan)
{
    units_add_read(plan);
    if (written && service_answers(plan->arena, written->socket))
        plan_say(plan, PLAN_NEXT, "submilter still runs, and the MTA no longer asks it: %s ends it",
                 systemd_runs() ? "systemctl disable --now " SYSTEMD_SOCKET " " SYSTEMD_SERVICE
                                : "pkill -x submilter");
}
