/* Finding the daemon among the processes: by its name, and the configuration that it was given. */
#include "ctl/doctor/running.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/systemd.h"

static bool read_proc(pid_t pid, const char *name, char *text, size_t size, size_t *ret_len)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t len = read(fd, text, size - 1);
    close(fd);
    if (len <= 0)
        return false;
    text[len] = '\0';
    *ret_len = (size_t)len;
    return true;
}

static bool same_file(const char *one, const char *other)
{
    char a[PATH_MAX];
    char b[PATH_MAX];
    return strcmp(one, other) == 0 || (realpath(one, a) && realpath(other, b) && strcmp(a, b) == 0);
}

/* "-c FILE" or "-cFILE" among its arguments, else the default. */
static const char *config_of(const char *arguments, size_t len)
{
    for (const char *at = arguments; at < arguments + len; at += strlen(at) + 1) {
        if (strcmp(at, "-c") == 0 && at + 3 < arguments + len)
            return at + 3;
        if (strncmp(at, "-c", 2) == 0 && at[2])
            return at + 2;
    }
    return SYSCONFDIR "/submilter.conf";
}

static bool is_daemon(pid_t pid, const char *config)
{
    char text[4096];
    size_t len;
    if (!read_proc(pid, "comm", text, sizeof text, &len) || strcmp(text, "submilter\n") != 0)
        return false;
    return read_proc(pid, "cmdline", text, sizeof text, &len) &&
           same_file(config_of(text, len), config);
}

pid_t running_with(const char *config)
{
    DIR *folder = opendir("/proc");
    pid_t found = 0;
    const struct dirent *entry;
    while (folder && !found && (entry = readdir(folder))) {
        char *end;
        long pid = strtol(entry->d_name, &end, 10);
        if (pid > 0 && !*end && is_daemon((pid_t)pid, config))
            found = (pid_t)pid;
    }
    if (folder)
        closedir(folder);
    return found;
}

pid_t running_find(struct doctor *doctor)
{
    return running_with(doctor->config);
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
