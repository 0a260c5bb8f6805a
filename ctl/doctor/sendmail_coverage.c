/* Whether Sendmail asks submilter about all mail, and what it does when no answer comes. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/doctor/checks.h"
#include "ctl/doctor/sendmail_view.h"
#include "ctl/sendmail_command.h"
#include "mta/whole_file.h"

static const struct doctor_kind kinds[] = {
    {"sendmail.not-asked", DOCTOR_PROBLEM, "Sendmail does not ask submilter",
     "No rule holds, and no mail is signed."},
    {"sendmail.daemon-left-out", DOCTOR_PROBLEM,
     "a daemon has a list of filters of its own, without submilter",
     "What comes in there is not judged and leaves unsigned: InputMailFilters= of a daemon "
     "replaces the common list."},
    {"sendmail.fails-open", DOCTOR_PROBLEM,
     "Sendmail lets mail through when submilter does not answer",
     "Whoever brings submilter down, or a full disk or a bad start, turns every rule off, and mail "
     "leaves unsigned. With F=T it waits with the client."},
    {"sendmail.time-outs", DOCTOR_ADVICE, "Sendmail waits only briefly for submilter",
     "A slow disk or a burst of mail takes longer than that now and then, and mail waits for "
     "nothing."},
    {"sendmail.not-built", DOCTOR_PROBLEM, "the .cf is not what m4 makes of the .mc",
     "What the .mc says does not hold; and whoever makes the .cf anew loses what stands only in "
     "it."},
    {"sendmail.not-restarted", DOCTOR_PROBLEM, "Sendmail runs with an older .cf",
     "What the .cf says does not hold before Sendmail starts anew."},
    {"sendmail.local-mail", DOCTOR_PROBLEM, "mail from sendmail(1) passes by submilter",
     "Without submit.cf sendmail(1) delivers by itself, and filters are asked on SMTP only: what "
     "programs and people of this host send is not judged and leaves unsigned."},
    {"sendmail.local-mail-elsewhere", DOCTOR_ADVICE,
     "mail from sendmail(1) goes to another host's Sendmail",
     "What programs and people of this host send is not judged here."},
    {"sendmail.headers-limit", DOCTOR_ADVICE, "Sendmail takes few header bytes",
     "Mail with many recipients or a long history of hops is refused, whoever sends it."},
};

#define SHORTEST 30 /* seconds, as contrib/sendmail/submilter.m4 has it */
#define FEWEST 32768

/* Where a content filter of this host hands mail back: it was judged when it first came in. */
static bool takes_back(const struct sendmail_daemon *daemon)
{
    return !sendmail_cf_is_submission(daemon) && daemon->port != 25 &&
           (strncmp(daemon->address, "127.", 4) == 0 || strcmp(daemon->address, "localhost") == 0 ||
            strcmp(daemon->address, "::1") == 0);
}

static void look_at_daemons(struct doctor *doctor, const struct sendmail_view *view)
{
    for (size_t i = 0; i < view->cf.daemon_count; i++) {
        const struct sendmail_daemon *daemon = &view->cf.daemons[i];
        if (!daemon->own_filters || takes_back(daemon) ||
            sendmail_cf_asks(doctor->arena, &view->cf, daemon, view->ours->name))
            continue;
        const struct mc_call *call = sendmail_view_daemon(view, daemon);
        struct texts names = daemon->filters;
        const char *all = "";
        for (size_t k = 0; all && k < names.count; k++)
            all = arena_printf(doctor->arena, "%s%s;", all, names.items[k]);
        struct bytes written = bytes_of(daemon->written);
        size_t key = bytes_find_nocase(written, BYTES("InputMailFilters"));
        struct bytes behind = bytes_slice(written, key, written.len);
        behind = bytes_slice(behind, bytes_find(behind, ','), behind.len);
        const char *with =
            arena_printf(doctor->arena, "DAEMON_OPTIONS(`%.*sInputMailFilters=%s%s%.*s')", (int)key,
                         written.data ? written.data : "", all ? all : "", view->ours->name,
                         (int)behind.len, behind.data ? behind.data : "");
        doctor_find(doctor, "sendmail.daemon-left-out", sendmail_view_name(doctor, daemon),
                    sendmail_view_replace(doctor, view, call, with ? with : ""),
                    "its list is \"%s\"", all ? all : "");
    }
}

static const struct mc_call *definition(const struct sendmail_view *view)
{
    if (!view->has_mc)
        return NULL;
    const struct mc_call *call = sendmail_mc_last(&view->mc, "INPUT_MAIL_FILTER", view->ours->name);
    return call ? call : sendmail_mc_last(&view->mc, "MAIL_FILTER", view->ours->name);
}

static void look_at_filter(struct doctor *doctor, const struct sendmail_view *view)
{
    const struct sendmail_filter *ours = view->ours;
    const struct mc_call *call = definition(view);
    const char *with =
        arena_printf(doctor->arena, "%s(`%s', `S=%s, F=%s, T=C:30s;S:30s;R:60s;E:5m')",
                     call ? call->name : "INPUT_MAIL_FILTER", ours->name, ours->endpoint,
                     sendmail_cf_fails_closed(ours) ? ours->flags : "T");
    struct mend mend = sendmail_view_replace(doctor, view, call, with ? with : "");
    if (!sendmail_cf_fails_closed(ours))
        doctor_find(doctor, "sendmail.fails-open", ours->name, mend,
                    "the filter has %s%s, and no T (nor R or 4)",
                    *ours->flags ? "F=" : "no F=", ours->flags);
    if (ours->send < SHORTEST || ours->read < SHORTEST)
        doctor_find(doctor, "sendmail.time-outs", ours->name, mend,
                    "%d s to send, %d s to read; Sendmail's own are 10 s", (int)ours->send,
                    (int)ours->read);
}

static void look_at_build(struct doctor *doctor, const struct sendmail_view *view)
{
    struct bytes made;
    struct bytes live;
    struct error error;
    const char *line;
    if (!view->has_mc) {
        doctor_cannot_look(doctor, view->build.mc,
                           mend_sentence(doctor, "name the .cf that has its .mc beside it with "
                                                 "--sendmail-config"),
                           "whether %s was made of it", view->build.cf);
        return;
    }
    if (!sendmail_build_make(doctor->arena, &view->build, view->mc.text, &made, &error) ||
        !whole_file_read(doctor->arena, view->build.cf, (size_t)4 << 20, &live, &error)) {
        doctor_cannot_look(doctor, view->build.mc,
                           mend_sentence(doctor, "make m4 say no error of it"), "%s", error.text);
        return;
    }
    if (!sendmail_build_same(doctor->arena, made, live, &line))
        doctor_find(doctor, "sendmail.not-built", view->build.cf,
                    mend_command(doctor, "%s", sendmail_view_rebuild(doctor, view)),
                    "they differ from the line \"%.200s\" on", line ? line : "");
}

static void look_at_start(struct doctor *doctor, const struct sendmail_view *view)
{
    const char *file;
    struct stat started;
    struct stat cf;
    if (!sendmail_view_runs(doctor, view, &file) || stat(file, &started) < 0 ||
        stat(view->build.cf, &cf) < 0 || cf.st_mtime <= started.st_mtime)
        return;
    doctor_find(doctor, "sendmail.not-restarted", view->build.cf,
                mend_command(doctor, "%s", sendmail_view_restart(doctor, view)),
                "it was changed %ld s after Sendmail's start",
                (long)(cf.st_mtime - started.st_mtime));
}

static bool is_here(const char *host)
{
    return strcmp(host, "[127.0.0.1]") == 0 || strcmp(host, "[localhost]") == 0 ||
           strcmp(host, "localhost") == 0 || strcmp(host, "[IPv6:::1]") == 0 ||
           strcmp(host, "[IPv6:0:0:0:0:0:0:0:1]") == 0;
}

static void look_at_msp(struct doctor *doctor, const struct sendmail_view *view)
{
    const char *slash = strrchr(view->build.cf, '/');
    struct sendmail_cf submit;
    struct error error;
    const char *path = arena_printf(doctor->arena, "%.*ssubmit.cf",
                                    slash ? (int)(slash + 1 - view->build.cf) : 0, view->build.cf);
    const char *mc = path ? sendmail_build_mc_of(doctor->arena, path) : NULL;
    if (!mc)
        return;
    if (access(path, F_OK) != 0) {
        const struct sendmail_build build = {
            .mc = mc, .cf = path, .cf_folder = view->build.cf_folder};
        const char *command = sendmail_command_build(doctor->arena, &build);
        struct mend mend = mend_sentence(doctor,
                                         "make %s of a .mc with FEATURE(`msp'), as Sendmail's "
                                         "cf/submit.mc is one",
                                         path);
        if (access(mc, R_OK) == 0 && command)
            mend = mend_command(doctor, "%s", command);
        doctor_find(doctor, "sendmail.local-mail", path, mend, "it is not there");
        return;
    }
    if (!sendmail_cf_read(doctor->arena, path, &submit, &error))
        return;
    const char *host = sendmail_cf_macro(&submit, "{MTAHost}");
    if (host && !is_here(host))
        doctor_find(doctor, "sendmail.local-mail-elsewhere", path,
                    mend_sentence(doctor,
                                  "FEATURE(`msp', `[127.0.0.1]') in %s, or submilter on that host",
                                  mc),
                    "it goes to %s", host);
}

static void look_at_limit(struct doctor *doctor, const struct sendmail_view *view)
{
    const char *value = sendmail_cf_option(&view->cf, "MaxHeadersLength");
    long limit = value ? strtol(value, NULL, 10) : FEWEST;
    if (limit > 0 && limit < FEWEST)
        doctor_find(
            doctor, "sendmail.headers-limit", "MaxHeadersLength",
            sendmail_view_add(doctor, view, "define(`confMAX_HEADERS_LENGTH', `32768')dnl\n"),
            "%ld bytes; Sendmail's own limit is %d", limit, FEWEST);
}

static void look(struct doctor *doctor)
{
    struct sendmail_view view;
    struct error error;
    if (!sendmail_view_read(doctor, &view, &error)) {
        doctor_cannot_look(doctor, view.build.cf,
                           mend_sentence(doctor, "name Sendmail's .cf with --sendmail-config"),
                           "%s", error.text);
        return;
    }
    look_at_build(doctor, &view);
    look_at_start(doctor, &view);
    look_at_msp(doctor, &view);
    look_at_limit(doctor, &view);
    if (!doctor->settings)
        return; /* "config" says so */
    bool asked = false;
    for (size_t i = 0; view.ours && i < view.cf.daemon_count; i++)
        asked = asked ||
                sendmail_cf_asks(doctor->arena, &view.cf, &view.cf.daemons[i], view.ours->name);
    bool elsewhere = view.ours && strncmp(doctor->settings->socket, "fd:", 3) != 0 &&
                     !sendmail_cf_same_place(view.ours->endpoint, doctor->settings->socket);
    if (!asked || elsewhere)
        doctor_find(doctor, "sendmail.not-asked", view.build.cf,
                    mend_by_setup(doctor, mend_sendmail_setup(doctor)), "%s %s",
                    !view.ours  ? "no filter is at"
                    : elsewhere ? "the filter submilter is not at"
                                : "no daemon asks the filter at",
                    doctor->settings->socket);
    if (asked)
        look_at_daemons(doctor, &view);
    if (view.ours && !elsewhere)
        look_at_filter(doctor, &view);
}

const struct doctor_check doctor_check_sendmail_coverage = {
    .theme = "coverage",
    .mta = DOCTOR_SENDMAIL,
    .looks_at =
        "whether Sendmail asks submilter about all mail, and what it does without an answer",
    DOCTOR_KINDS(kinds),
    .look = look,
};
