/* Whether Postfix reaches submilter's socket: as its own user, in its own chroot. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/doctor/checks.h"
#include "ctl/doctor/mend.h"
#include "ctl/doctor/ours.h"
#include "ctl/doctor/running.h"
#include "ctl/doctor/services.h"
#include "ctl/doctor/socket_access.h"
#include "ctl/doctor/swap.h"
#include "ctl/probe.h"

static const struct doctor_kind kinds[] = {
    {"socket.not-running", DOCTOR_PROBLEM, "nothing listens at submilter's socket",
     "All mail waits, or passes unguarded where Postfix's default_action says so."},
    {"socket.permission", DOCTOR_PROBLEM, "Postfix's user may not connect to submilter's socket",
     "For Postfix submilter is down: all mail waits, or passes unguarded."},
    {"socket.silent", DOCTOR_PROBLEM, "what listens at submilter's socket does not answer",
     "Every session waits for it until Postfix's time-out, and then goes on without it."},
    {"socket.no-milter", DOCTOR_PROBLEM, "what listens at submilter's socket is no milter",
     "All mail waits, or passes unguarded where Postfix's default_action says so."},
    {"socket.elsewhere", DOCTOR_PROBLEM,
     "Postfix looks for submilter at another place than submilter.conf says",
     "Postfix asks where nobody listens. In a chroot an absolute path begins at the queue folder."},
    {"socket.outside-chroot", DOCTOR_PROBLEM,
     "a service in a chroot cannot reach submilter's socket, which lies outside",
     "For that service submilter is down: its mail waits, or passes unguarded."},
    {"socket.unclear", DOCTOR_PROBLEM, "the socket could not be tried as Postfix's user",
     "Postfix has the same trouble, and mail waits or passes unguarded."},
};

struct attempt {
    const struct ours_place *place;
    const struct milter *milter;
    const char *user;
    const char *where;
    const struct probe_report *report;
};

/* As seen from outside of the chroot. */
static const char *outside(struct doctor *doctor, const struct attempt *attempt, const char *path)
{
    const char *queue = postfix_value(doctor->postfix, "queue_directory");
    const char *whole = path;
    if (path[0] != '/')
        whole = arena_printf(doctor->arena, "%s/%s", queue, path);
    else if (attempt->place->service->chroot)
        whole = arena_printf(doctor->arena, "%s%s", queue, path);
    return whole ? whole : path;
}

static void find_permission(struct doctor *doctor, const struct attempt *attempt)
{
    const char *path = outside(doctor, attempt, attempt->report->detail);
    const char *group = probe_group(attempt->user);
    struct stat status;
    bool socket = lstat(path, &status) == 0 && S_ISSOCK(status.st_mode);
    doctor_find(doctor, "socket.permission", path, socket_access_mend(doctor, path, group),
                "the user %s cannot %s it: %s", attempt->user, socket ? "connect to" : "enter",
                strerror(attempt->report->reason));
}

static void find_not_running(struct doctor *doctor, const struct attempt *attempt)
{
    const struct settings *settings = doctor->settings;
    const char *folder = attempt->report->detail;
    const char *start = running_start_command(doctor);
    struct mend mend = mend_command(doctor, "%s", start);
    pid_t pid = running_find(doctor);
    if (*folder && !swap_is_roots_path(outside(doctor, attempt, folder)))
        mend = mend_sentence(doctor,
                             "make the folder %s, which lies in one of somebody else than root, as "
                             "that one's owner; or choose another socket in %s; then: %s",
                             outside(doctor, attempt, folder), doctor->config, start);
    else if (*folder)
        mend = mend_command(doctor, "install -d -o %s -g %s -m 2750 %s && %s",
                            mend_quote(doctor, settings->user ? settings->user : "root"),
                            mend_quote(doctor, settings->socket_group ? settings->socket_group
                                                                      : probe_group(attempt->user)),
                            mend_quote(doctor, outside(doctor, attempt, folder)), start);
    else if (pid)
        mend = mend_command(doctor, "%s", running_restart_command(doctor, pid));
    doctor_find(doctor, "socket.not-running", doctor->settings->socket, mend, "%s: %s%s%s",
                attempt->milter->endpoint, strerror(attempt->report->reason),
                pid ? "; submilter runs, but does not listen there: it was started with another "
                      "socket, or another program removed it"
                    : "",
                *folder ? "; its folder is missing" : "");
}

static void find_silent(struct doctor *doctor, const struct attempt *attempt)
{
    pid_t pid = running_find(doctor);
    const char *start = running_start_command(doctor);
    doctor_find(doctor, "socket.silent", doctor->settings->socket,
                pid ? mend_command(doctor, "kill -KILL %ld; %s", (long)pid, start)
                    : mend_sentence(doctor, "end what listens at %s, then: %s",
                                    attempt->milter->endpoint, start),
                "%s takes the connection, and says nothing", attempt->milter->endpoint);
}

static void tell(struct doctor *doctor, const struct attempt *attempt)
{
    switch (attempt->report->result) {
    case PROBE_GOOD:
        break;
    case PROBE_NO_ACCESS:
        find_permission(doctor, attempt);
        break;
    case PROBE_NOT_THERE:
        find_not_running(doctor, attempt);
        break;
    case PROBE_SILENT:
        find_silent(doctor, attempt);
        break;
    case PROBE_NO_MILTER:
        doctor_find(doctor, "socket.no-milter", doctor->settings->socket,
                    mend_sentence(doctor,
                                  "end what listens at %s, or choose another socket in %s; "
                                  "then: %s",
                                  attempt->milter->endpoint, doctor->config,
                                  running_start_command(doctor)),
                    "%s: %s", attempt->milter->endpoint, attempt->report->detail);
        break;
    default:
        doctor_find(
            doctor, "socket.unclear", attempt->where,
            mend_sentence(doctor, "make what the sentence names reachable for %s", attempt->user),
            "%s as the user %s: %s%s%s", attempt->milter->endpoint, attempt->user,
            attempt->report->detail, attempt->report->reason ? ": " : "",
            attempt->report->reason ? strerror(attempt->report->reason) : "");
    }
}

static void try_place(struct doctor *doctor, const struct ours_place *place)
{
    struct probe_report report;
    struct attempt attempt = {.place = place, .milter = ours_milter(place), .report = &report};
    attempt.user = postfix_service_value(doctor->postfix, place->service, "mail_owner");
    attempt.where = services_name(doctor, place->service);
    const struct probe_as as = {.user = attempt.user,
                                .folder = postfix_value(doctor->postfix, "queue_directory"),
                                .chroot = place->service->chroot};
    probe_milter(attempt.milter->endpoint, &as, &report);
    tell(doctor, &attempt);
}

/* Services that name the same endpoint, in the same chroot, need one try only. */
static bool was_tried(const struct ours_places *places, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (ours_is_asked(&places->items[i]) &&
            places->items[i].service->chroot == places->items[index].service->chroot &&
            strcmp(ours_milter(&places->items[i])->endpoint,
                   ours_milter(&places->items[index])->endpoint) == 0)
            return true;
    return false;
}

/* The folder that a chroot makes the root, and the socket's path, if that is not below it. */
static const char *path_outside(struct doctor *doctor, const struct ours_place *place)
{
    const char *socket = doctor->settings->socket;
    const char *queue = postfix_value(doctor->postfix, "queue_directory");
    size_t len = strlen(queue);
    if (!place->service->chroot ||
        (strncmp(socket, "unix:", 5) != 0 && strncmp(socket, "local:", 6) != 0))
        return NULL;
    const char *path = strchr(socket, ':') + 1;
    return strncmp(path, queue, len) == 0 && path[len] == '/' ? NULL : path;
}

/* Who means our socket: by its path, whatever the chroot makes of that. */
static bool is_meant(struct doctor *doctor, const struct ours_place *place)
{
    for (size_t i = 0; i < place->milters.count; i++)
        if (milters_same_place(place->milters.items[i].endpoint,
                               postfix_value(doctor->postfix, "queue_directory"), false,
                               doctor->settings->socket))
            return true;
    return false;
}

static void find_outside(struct doctor *doctor, const struct ours_place *place)
{
    const char *queue = postfix_value(doctor->postfix, "queue_directory");
    doctor_find(
        doctor, "socket.outside-chroot", services_name(doctor, place->service),
        mend_sentence(doctor,
                      "say socket = \"unix:%s/submilter/submilter.sock\" in %s, start "
                      "submilter anew (%s), and name it unix:submilter/submilter.sock in "
                      "%s; or take the service out of its chroot: postconf%s -F %s/chroot=n",
                      queue, doctor->config, running_start_command(doctor), place->where,
                      mend_postfix_option(doctor), services_name(doctor, place->service)),
        "it is in the chroot %s, and the socket is %s", queue, doctor->settings->socket);
}

static void look(struct doctor *doctor)
{
    struct ours_places places;
    if (!ours_find(doctor, &places))
        return;
    if (geteuid() != 0) {
        doctor_cannot_look(doctor, "socket", mend_sentence(doctor, "run it as root"),
                           "only root can try the socket as Postfix's user");
        return;
    }
    for (size_t i = 0; i < places.count; i++) {
        const struct ours_place *place = &places.items[i];
        size_t misnamed = ours_misnamed(place);
        const char *entry = ours_entry(doctor);
        if (ours_is_asked(place) && !was_tried(&places, i))
            try_place(doctor, place);
        if (path_outside(doctor, place) && is_meant(doctor, place))
            find_outside(doctor, place);
        else if (misnamed < place->milters.count && entry)
            doctor_find(
                doctor, "socket.elsewhere", place->where,
                ours_mend_list(doctor, place, ours_list_with(doctor, place, misnamed, entry)),
                "Postfix asks %s%s, but socket of %s is %s",
                place->milters.items[misnamed].endpoint,
                place->service->chroot ? " in a chroot" : "", doctor->config,
                doctor->settings->socket);
    }
}

const struct doctor_check doctor_check_socket = {
    .theme = "socket",
    .mta = DOCTOR_POSTFIX,
    .looks_at = "submilter's socket, as Postfix's user and in its chroot",
    DOCTOR_KINDS(kinds),
    .look = look,
};
