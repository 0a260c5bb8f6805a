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

#include "mta/program.h"

#define START_SECONDS 20
#define SYSUSERS "/usr/lib/sysusers.d/submilter.conf"

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

void service_add_user(const struct setup_options *options, struct plan *plan)
{
    const char *const sysusers[] = {"systemd-sysusers", SYSUSERS, NULL};
    const char *const useradd[] = {"useradd",          "--system", "--user-group",
                                   "--no-create-home", "--shell",  "/usr/sbin/nologin",
                                   options->user,      NULL};
    if (getpwnam(options->user))
        return;
    bool packaged = strcmp(options->user, "submilter") == 0 && access(SYSUSERS, R_OK) == 0;
    plan_command(plan, "the user that the daemon becomes", packaged ? sysusers : useradd);
}

void service_add_check(const struct setup_options *options, struct plan *plan)
{
    const char *const argv[] = {options->daemon, "-n", "-c", options->config, NULL};
    plan_command(plan, "configuration, tables and keys are checked", argv);
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

/* The unit reads the default configuration: it is no help with another one. */
static bool has_unit(const struct setup_options *options, struct arena *arena)
{
    static const char *const argv[] = {"systemctl", "cat", "submilter.service", NULL};
    struct program_output output;
    struct error error;
    return strcmp(options->config, SYSCONFDIR "/submilter.conf") == 0 &&
           access("/run/systemd/system", F_OK) == 0 &&
           program_must_run(arena, argv, 30, &output, &error);
}

void service_add_reload(const struct setup_options *options, struct plan *plan)
{
    static const char *const reload[] = {"systemctl", "try-reload-or-restart", "submilter.service",
                                         NULL};
    if (has_unit(options, plan->arena))
        plan_command(plan, "the daemon reads its configuration", reload);
    else
        plan_say(plan, PLAN_NEXT,
                 "The daemon reads this at its next reload: pkill -USR1 -x "
                 "submilter");
}

bool service_add_start(const struct setup_options *options, const char *socket, bool changed,
                       struct plan *plan, struct error *error)
{
    static const char *const unit[] = {"systemctl", "enable", "--now", "submilter.service", NULL};
    const char *const plain[] = {options->daemon, "-c", options->config, NULL};
    char *kept = arena_text(plan->arena, bytes_of(socket));
    bool managed = has_unit(options, plan->arena);
    if (!kept)
        return error_set(error, "memory is out");
    if (service_answers(socket)) {
        if (!changed)
            return true;
        if (!managed)
            return error_set(
                error,
                "submilter runs already, at %s, and would go on with the configuration "
                "that it has: end it (pkill -x submilter), and setup starts it with "
                "the new one",
                socket);
        service_add_reload(options, plan);
    } else {
        plan_command(plan, "the daemon is started before mail depends on it",
                     managed ? unit : plain);
    }
    plan_act(plan, arena_printf(plan->arena, "the daemon answers at %s", socket), wait_for_answer,
             kept);
    return true;
}
