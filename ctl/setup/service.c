/* Rows that make the daemon's user, check its configuration and start it. */
#include "ctl/setup/service.h"

#include <errno.h>
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define START_SECONDS 20

static bool connect_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return false;
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool connected = fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    if (fd >= 0)
        close(fd);
    return connected;
}

/* PORT@ADDRESS; without an address any of this host's. */
static bool connect_inet(const char *spec, int family)
{
    char port[16];
    const struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    const char *at = strchr(spec, '@');
    snprintf(port, sizeof port, "%.*s", (int)(at ? (size_t)(at - spec) : strlen(spec)), spec);
    if (getaddrinfo(at ? at + 1 : NULL, port, &hints, &found) != 0)
        return false;
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool connected = fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) == 0;
    if (fd >= 0)
        close(fd);
    freeaddrinfo(found);
    return connected;
}

bool service_answers(const char *socket)
{
    const char *colon = strchr(socket, ':');
    if (!colon)
        return connect_unix(socket);
    if (strncmp(socket, "inet6:", 6) == 0)
        return connect_inet(colon + 1, AF_INET6);
    if (strncmp(socket, "inet:", 5) == 0)
        return connect_inet(colon + 1, AF_INET);
    return connect_unix(colon + 1);
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
    plan_command(plan, "the user that the daemon becomes", packaged ? sysusers : useradd);
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

static bool wait_for_answer(void *context, struct plan *plan, struct error *error)
{
    static const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
    const char *socket = context;
    (void)plan;
    for (int tries = 0; tries < START_SECONDS * 20; tries++) {
        if (service_answers(socket))
            return true;
        nanosleep(&pause, NULL);
    }
    return error_set(error,
                     "submilter does not answer at %s, %d seconds after its start: the MTA is not "
                     "told of it",
                     socket, START_SECONDS);
}

void service_add_reload(const struct setup_options *options, struct plan *plan)
{
    static const char *const reload[] = {"systemctl", "try-reload-or-restart", SYSTEMD_SERVICE,
                                         NULL};
    struct units units;
    if (units_find(options, plan->arena, &units) && units.managed)
        plan_command(plan, "the daemon reads its configuration", reload);
    else
        plan_say(plan, PLAN_NEXT,
                 "The daemon reads this at its next reload: pkill -USR1 -x "
                 "submilter");
}

static void start_plain(const struct setup_options *options, struct plan *plan)
{
    const char *const argv[] = {options->daemon, "-c", options->config, NULL};
    plan_command(plan, "the daemon is started before mail depends on it", argv);
}

/* Both units where there are both: a service that stopped would be started again by its socket. */
static void run_units(const struct units *units, const char *what, const char *verb,
                      struct plan *plan)
{
    const char *const argv[] = {"systemctl", verb, SYSTEMD_SERVICE,
                                units->socket.exists ? SYSTEMD_SOCKET : NULL, NULL};
    plan_command(plan, what, argv);
}

static void start_units(const struct units *units, bool anew, struct plan *plan)
{
    if (anew)
        run_units(units, "what runs by the units as they were ends", "stop", plan);
    run_units(units, "the daemon is started before mail depends on it", "start", plan);
}

static void wait_for(const char *socket, struct plan *plan)
{
    char *kept = arena_text(plan->arena, bytes_of(socket));
    if (kept)
        plan_act(plan, arena_printf(plan->arena, "the daemon answers at %s", socket),
                 wait_for_answer, kept);
}

static bool add_start(const struct setup_options *options, const struct units *units,
                      const char *socket, const struct service_state *state, bool moved,
                      struct plan *plan, struct error *error)
{
    bool answers = service_answers(socket);
    if (answers && !moved) {
        if (!state->changed)
            return true;
        if (!units->managed)
            return error_set(
                error,
                "submilter runs already, at %s, and would go on with the configuration "
                "that it has: end it (pkill -x submilter), and setup starts it with "
                "the new one",
                socket);
        service_add_reload(options, plan);
    } else if (units->managed) {
        start_units(units, moved, plan);
    } else {
        start_plain(options, plan);
    }
    wait_for(socket, plan);
    if (units->managed && !answers)
        run_units(units, "and at each boot", "enable", plan);
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
    if (!service_answers(wanted->socket))
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
    if (written && service_answers(written->socket))
        plan_say(plan, PLAN_NEXT, "submilter still runs, and the MTA no longer asks it: %s ends it",
                 systemd_runs() ? "systemctl disable --now " SYSTEMD_SOCKET " " SYSTEMD_SERVICE
                                : "pkill -x submilter");
}
