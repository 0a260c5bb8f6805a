/* Whether Sendmail reaches submilter's socket: as its own user, on a path that it trusts. */
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ctl/doctor/checks.h"
#include "ctl/doctor/running.h"
#include "ctl/doctor/sendmail_view.h"
#include "ctl/doctor/socket_access.h"
#include "ctl/doctor/swap.h"
#include "ctl/probe.h"

static const struct doctor_kind kinds[] = {
    {"sendmail.socket", DOCTOR_PROBLEM, "Sendmail cannot talk to submilter at its socket",
     "All mail waits, or passes unguarded where the filter has no F=T."},
    {"sendmail.socket-unsafe", DOCTOR_PROBLEM,
     "Sendmail takes the socket for unsafe: others may write to a folder of its path",
     "Sendmail does not connect at all: all mail waits, or passes unguarded where the filter has "
     "no F=T."},
};

/* PORT@HOST is HOST:PORT for Postfix, as the probe wants it. */
static const char *for_probe(struct doctor *doctor, const char *endpoint)
{
    const char *colon = strchr(endpoint, ':');
    const char *text = NULL;
    if (!colon)
        text = arena_printf(doctor->arena, "unix:%s", endpoint);
    else if (strncmp(endpoint, "inet", 4) != 0)
        text = arena_printf(doctor->arena, "unix:%s", colon + 1);
    else {
        const char *at = strchr(colon, '@');
        int port = (int)(at ? at - colon - 1 : (ptrdiff_t)strlen(colon + 1));
        bool six = endpoint[4] == '6';
        const char *host = at ? at + 1 : six ? "::1" : "127.0.0.1";
        text = arena_printf(doctor->arena, six && *host != '[' ? "inet:[%s]:%.*s" : "inet:%s:%.*s",
                            host, port, colon + 1);
    }
    return text ? text : "";
}

/* RunAsUser is a name or a number, and may have a group behind a colon. */
static const char *user_of(struct doctor *doctor, const struct sendmail_cf *cf)
{
    const char *value = sendmail_cf_option(cf, "RunAsUser");
    if (!value || !*value)
        return NULL;
    const char *name = arena_text(doctor->arena, (struct bytes){value, strcspn(value, ":. \t")});
    const struct passwd *entry =
        name && *name >= '0' && *name <= '9' ? getpwuid((uid_t)strtoul(name, NULL, 10)) : NULL;
    return entry ? arena_text(doctor->arena, bytes_of(entry->pw_name)) : name;
}

/* Sendmail's own rule, as measured: no folder on the way may be writable for its group or for all,
 * unless it is sticky. */
static bool look_for_unsafe(struct doctor *doctor, const struct sendmail_view *view,
                            const char *path)
{
    char real[PATH_MAX];
    char *folder = arena_text(doctor->arena, bytes_of(realpath(path, real) ? real : path));
    for (char *slash = folder ? strrchr(folder, '/') : NULL; slash; slash = strrchr(folder, '/')) {
        struct stat status;
        *slash = '\0';
        const char *name = *folder ? folder : "/";
        if (stat(name, &status) == 0 && (status.st_mode & 022) && !(status.st_mode & S_ISVTX)) {
            doctor_find(doctor, "sendmail.socket-unsafe", view->ours->endpoint,
                        swap_is_roots_path(name)
                            ? mend_command(doctor, "chmod go-w %s", mend_quote(doctor, name))
                            : mend_sentence(doctor,
                                            "close %s to others, as its owner: it lies in a folder "
                                            "of somebody else than root",
                                            name),
                        "%s has the mode %04o", name, (unsigned)(status.st_mode & 07777));
            return true;
        }
    }
    return false;
}

static void tell(struct doctor *doctor, const struct sendmail_view *view, const char *user,
                 const struct probe_report *report)
{
    const char *who = user ? user : "root";
    struct mend mend = mend_command(doctor, "%s", running_start_command(doctor));
    if (report->result == PROBE_NO_ACCESS)
        mend = socket_access_mend(doctor, report->detail, probe_group(who));
    doctor_find(doctor, "sendmail.socket", view->ours->endpoint, mend, "as the user %s: %s%s%s",
                who,
                report->result == PROBE_SILENT      ? "it takes the connection, and says nothing"
                : report->result == PROBE_NOT_THERE ? "nothing listens there"
                                                    : report->detail,
                report->reason ? ": " : "", report->reason ? strerror(report->reason) : "");
}

static void look(struct doctor *doctor)
{
    struct sendmail_view view;
    struct probe_report report;
    if (!sendmail_view_open(doctor, &view) || !view.ours)
        return; /* "coverage" says so */
    const char *endpoint = for_probe(doctor, view.ours->endpoint);
    const char *user = user_of(doctor, &view.cf);
    const struct probe_as as = {.user = user};
    if (strncmp(endpoint, "unix:", 5) == 0 && look_for_unsafe(doctor, &view, endpoint + 5))
        return;
    probe_milter(endpoint, &as, &report);
    if (report.result != PROBE_GOOD)
        tell(doctor, &view, user, &report);
}

const struct doctor_check doctor_check_sendmail_socket = {
    .theme = "socket",
    .mta = DOCTOR_SENDMAIL,
    .looks_at = "submilter's socket, as Sendmail's user",
    DOCTOR_KINDS(kinds),
    .look = look,
};
