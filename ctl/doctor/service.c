/* systemd's units, where they run the daemon: whether they agree with submilter.conf. */
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/doctor/checks.h"
#include "ctl/doctor/mend.h"
#include "ctl/doctor/running.h"
#include "ctl/probe.h"
#include "ctl/systemd.h"
#include "mta/program.h"
#include "policy/shell.h"

#define SECONDS 30

static const struct doctor_kind kinds[] = {
    {"service.not-enabled", DOCTOR_PROBLEM, "systemd does not start submilter at boot",
     "After the next boot all mail waits, or passes unguarded where the MTA is told so."},
    {"service.socket-address", DOCTOR_PROBLEM,
     "submilter.socket listens at another place than submilter.conf says",
     "systemd's socket holds: the daemon serves nobody where the MTA looks for it."},
    {"service.socket-owner", DOCTOR_PROBLEM,
     "submilter.socket belongs to somebody else than the daemon's user, or is open to all",
     "Who can connect can make submilter sign; a group that is not there keeps the socket from "
     "being opened, and the daemon itself has to be able to connect, or systemd ends it."},
    {"service.user", DOCTOR_PROBLEM, "submilter.service has no user to run as, or another one",
     "The daemon does not start, or cannot read its keys and write its records."},
    {"service.keys", DOCTOR_PROBLEM, "the user of submilter.service cannot read the keys",
     "The unit never is root: the daemon does not start, or keeps its old keys at a reload."},
    {"service.read-only", DOCTOR_PROBLEM,
     "submilter.service may not write where log.json, history.file or counters.file is, whoever "
     "owns "
     "it",
     "No records are kept, or all mail waits where log.on_error says so or the counters cannot be "
     "opened."},
    {"service.network", DOCTOR_PROBLEM, "systemd lets only this host's loopback connect",
     "IPAddressDeny= drops what the MTA sends: all mail waits, or passes unguarded."},
};

struct service {
    struct doctor *doctor;
    struct systemd_unit service;
    struct systemd_unit socket;
    const char *user; /* the unit's */
};

/* lines: as words of a shell's. The name comes last in systemd's order. */
static struct mend mend_drop_in(const struct service *service, const struct systemd_unit *unit,
                                const char *name, const char *lines)
{
    const char *folder =
        arena_printf(service->doctor->arena, "/etc/systemd/system/%s.d", unit->name);
    return mend_command(service->doctor,
                        "mkdir -p %s && printf '%%s\\n' %s >%s/zz-submilter-%s.conf && systemctl "
                        "daemon-reload && %s",
                        folder, lines, folder, name, running_start_command(service->doctor));
}

static const char *quoted(const struct service *service, const char *name, const char *value)
{
    struct doctor *doctor = service->doctor;
    const char *line = arena_printf(doctor->arena, "%s=%s", name, value);
    return mend_quote(doctor, line ? line : "");
}

static const char *value(const struct service *service, const struct systemd_unit *unit,
                         const char *name, const char *otherwise)
{
    const char *said = systemd_value(service->doctor->arena, unit, name);
    return said ? said : otherwise;
}

static void look_at_boot(const struct service *service)
{
    static const char *const argv[] = {"systemctl", "is-enabled", SYSTEMD_SERVICE, NULL};
    struct doctor *doctor = service->doctor;
    struct program_output output;
    struct error error;
    if (program_run(doctor->arena, argv, SECONDS, &output, &error) &&
        bytes_equal(bytes_trim(output.out), BYTES("disabled")))
        doctor_find(doctor, "service.not-enabled", SYSTEMD_SERVICE,
                    mend_command(doctor, "systemctl enable %s%s", SYSTEMD_SERVICE,
                                 service->socket.exists ? " " SYSTEMD_SOCKET : ""),
                    "systemctl is-enabled says: disabled");
}

static void look_at_user(const struct service *service)
{
    struct doctor *doctor = service->doctor;
    const char *wanted = doctor->settings->user;
    const char *user = service->user;
    if (wanted && strcmp(wanted, user) != 0)
        doctor_find(doctor, "service.user", SYSTEMD_SERVICE,
                    mend_drop_in(service, &service->service, "user",
                                 arena_printf(doctor->arena, "'[Service]' %s %s",
                                              quoted(service, "User", wanted),
                                              quoted(service, "Group", probe_group(wanted)))),
                    "it says User=%s, and %s says user = \"%s\"", user, doctor->config, wanted);
    else if (!getpwnam(user))
        doctor_find(doctor, "service.user", SYSTEMD_SERVICE,
                    mend_command(doctor, "systemd-sysusers submilter.conf && %s",
                                 running_start_command(doctor)),
                    "there is no user %s", user);
}

static void look_at_address(const struct service *service, const char *listen)
{
    struct doctor *doctor = service->doctor;
    struct texts found;
    const char *all = "";
    if (!systemd_values(doctor->arena, &service->socket, "ListenStream", &found))
        return;
    if (found.count == 1 && strcmp(found.items[0], listen) == 0)
        return;
    for (size_t i = 0; all && i < found.count; i++)
        all = arena_printf(doctor->arena, "%s%s%s", all, i ? " and " : "", found.items[i]);
    doctor_find(doctor, "service.socket-address", SYSTEMD_SOCKET,
                mend_drop_in(service, &service->socket, "address",
                             arena_printf(doctor->arena, "'[Socket]' ListenStream= %s",
                                          quoted(service, "ListenStream", listen))),
                "it listens at %s, and socket of %s is %s", all && *all ? all : "nothing",
                doctor->config, doctor->settings->socket);
}

static void look_at_owner(const struct service *service, const char *listen)
{
    struct doctor *doctor = service->doctor;
    const struct settings *settings = doctor->settings;
    const char *user = value(service, &service->socket, "SocketUser", "root");
    const char *group = value(service, &service->socket, "SocketGroup", probe_group(user));
    const char *mode = value(service, &service->socket, "SocketMode", "0666");
    bool there = getgrnam(group) != NULL;
    bool open = *listen == '/' && (strtoul(mode, NULL, 8) & 2);
    if (there && !open && (*listen != '/' || strcmp(user, service->user) == 0))
        return;
    const char *wanted =
        settings->socket_group ? settings->socket_group : probe_group(service->user);
    doctor_find(
        doctor, "service.socket-owner", SYSTEMD_SOCKET,
        mend_drop_in(service, &service->socket, "owner",
                     arena_printf(doctor->arena, "'[Socket]' %s %s SocketMode=%04o",
                                  quoted(service, "SocketUser", service->user),
                                  quoted(service, "SocketGroup", wanted), settings->socket_mode)),
        "it says SocketUser=%s, SocketGroup=%s%s, SocketMode=%s, and the daemon is %s", user, group,
        there ? "" : " (which is not there)", mode, service->user);
}

/* The key store's sentence ends in the command, and a restart as root is no way for the unit. */
static void look_at_keys(const struct service *service)
{
    static const char marker[] = "Mend it with: ";
    struct doctor *doctor = service->doctor;
    struct probe_report report;
    const struct probe_as as = {.user = service->user};
    if (geteuid() != 0 || !doctor->snapshot || !getpwnam(service->user))
        return;
    probe_keys(doctor->settings->dkim.keys, &as, &report);
    if (report.result != PROBE_FAILED)
        return;
    char *end = strstr(report.detail, " (or restart");
    if (end)
        *end = '\0';
    const char *command = shell_find_unquoted(report.detail, marker);
    doctor_find(doctor, "service.keys", doctor->settings->dkim.keys,
                command ? mend_command(doctor, "%s%s", command + sizeof marker - 1,
                                       running_then_reload(doctor))
                        : mend_sentence(doctor, "correct what the sentence names"),
                "%s", report.detail);
}

static const char *folder_of(struct doctor *doctor, const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    return slash ? arena_text(doctor->arena, (struct bytes){path, (size_t)(slash - path)}) : NULL;
}

static void look_at_records(const struct service *service)
{
    struct doctor *doctor = service->doctor;
    const char *const files[] = {doctor->settings->log.json, doctor->settings->history.file,
                                 doctor->settings->counters.file};
    const char *closed = NULL;
    const char *lines = "";
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *folder = folder_of(doctor, files[i]);
        /* Counters are a folder themselves, which may be opened alone. */
        const char *needed = files[i] == doctor->settings->counters.file ? files[i] : folder;
        if (!folder || systemd_may_write(doctor->arena, &service->service, needed))
            continue;
        lines =
            arena_printf(doctor->arena, "%s %s", lines, quoted(service, "ReadWritePaths", folder));
        closed = closed ? arena_printf(doctor->arena, "%s or %s", closed, folder) : folder;
    }
    if (closed && lines)
        doctor_find(doctor, "service.read-only", SYSTEMD_SERVICE,
                    mend_drop_in(service, &service->service, "records",
                                 arena_printf(doctor->arena, "'[Service]'%s", lines)),
                    "%s is in none of its ReadWritePaths, and ProtectSystem is strict", closed);
}

/* Lists of the unit that opened the socket hold, and not the other's. */
static void look_at_network(const struct service *service, const char *listen)
{
    struct doctor *doctor = service->doctor;
    const struct systemd_unit *unit = service->socket.exists ? &service->socket : &service->service;
    const char *address = systemd_address_of(doctor->arena, listen);
    struct texts denied;
    struct texts allowed;
    if (systemd_listen_is_local(listen) || !address ||
        !systemd_words(doctor->arena, unit, "IPAddressDeny", &denied) ||
        !systemd_words(doctor->arena, unit, "IPAddressAllow", &allowed) ||
        !texts_have(&denied, BYTES("any")))
        return;
    for (size_t i = 0; i < allowed.count; i++)
        if (strcmp(allowed.items[i], "localhost") != 0 &&
            strncmp(allowed.items[i], "127.", 4) != 0 && strncmp(allowed.items[i], "::1", 3) != 0)
            return; /* somebody has thought of it */
    const char *section = service->socket.exists ? "'[Socket]'" : "'[Service]'";
    doctor_find(doctor, "service.network", unit->name,
                mend_drop_in(service, unit, "network",
                             arena_printf(doctor->arena, "%s %s", section,
                                          quoted(service, "IPAddressAllow", address))),
                "socket is %s, and IPAddressAllow= has no more than the loopback: put there the "
                "address that the MTA connects from, on this host %s",
                doctor->settings->socket, address);
}

static void look(struct doctor *doctor)
{
    struct service service = {.doctor = doctor};
    if (!doctor->settings || !systemd_read(doctor->arena, SYSTEMD_SERVICE, &service.service) ||
        !systemd_read(doctor->arena, SYSTEMD_SOCKET, &service.socket) || !service.service.exists ||
        !systemd_runs_config(doctor->arena, &service.service, doctor->config))
        return;
    service.user = value(&service, &service.service, "User", "root");
    const char *listen = systemd_listen_of(doctor->arena, doctor->settings->socket);
    look_at_boot(&service);
    look_at_user(&service);
    if (listen && service.socket.exists) {
        look_at_address(&service, listen);
        look_at_owner(&service, listen);
    }
    if (listen)
        look_at_network(&service, listen);
    look_at_keys(&service);
    look_at_records(&service);
}

const struct doctor_check doctor_check_service = {
    .theme = "service",
    .looks_at = "systemd's units, where they run the daemon",
    DOCTOR_KINDS(kinds),
    .look = look,
};
