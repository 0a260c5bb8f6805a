/* The daemon that runs, and commands that start it or have it read its configuration. */
#include "ctl/doctor/running.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctl/daemons.h"
#include "ctl/systemd.h"

pid_t running_find(struct doctor *doctor)
{
    return daemons_find_one(NULL, doctor->config);
}

/* A socket of systemd's whose file has gone comes back only with its unit. */
const char *running_start_command(struct doctor *doctor)
{
    struct systemd_unit service;
    struct systemd_unit socket;
    if (systemd_read(doctor->arena, SYSTEMD_SERVICE, &service) && service.exists &&
        systemd_runs_config(doctor->arena, &service, doctor->config))
        return systemd_read(doctor->arena, SYSTEMD_SOCKET, &socket) && socket.exists
                   ? "systemctl stop " SYSTEMD_SOCKET " " SYSTEMD_SERVICE
                     "; systemctl start " SYSTEMD_SOCKET " " SYSTEMD_SERVICE
                   : "systemctl restart " SYSTEMD_SERVICE;
    if (strcmp(doctor->config, SYSCONFDIR "/submilter.conf") == 0)
        return "submilter";
    const char *command =
        arena_printf(doctor->arena, "submilter -c %s", mend_quote(doctor, doctor->config));
    return command ? command : "submilter";
}

const char *running_restart_command(struct doctor *doctor, pid_t pid)
{
    const char *start = running_start_command(doctor);
    if (strncmp(start, "systemctl ", 10) == 0)
        return start;
    const char *command = arena_printf(
        doctor->arena, "kill %ld; while ps -o stat= -p %ld | grep -q '^[^Z]'; do sleep 1; done; %s",
        (long)pid, (long)pid, start);
    return command ? command : "";
}

const char *running_then_reload(struct doctor *doctor)
{
    pid_t pid = running_find(doctor);
    const char *command = pid ? arena_printf(doctor->arena, " && kill -USR1 %ld", (long)pid) : "";
    return command ? command : "";
}

bool running_as_root_or_it(const struct doctor *doctor)
{
    const char *user = doctor->settings ? doctor->settings->user : NULL;
    const struct passwd *entry = user ? getpwnam(user) : NULL;
    return geteuid() == 0 || (entry && entry->pw_uid == geteuid());
}
