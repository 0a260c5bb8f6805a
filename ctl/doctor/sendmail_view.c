/* A Sendmail's configuration as the checks see it, and commands that change it. */
#include "ctl/doctor/sendmail_view.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CF "/etc/mail/sendmail.cf"

/* With socket = "fd:N" nobody but the filter's name tells. */
static const struct sendmail_filter *find_ours(const struct doctor *doctor,
                                               const struct sendmail_cf *cf)
{
    return doctor->settings ? sendmail_cf_ours(cf, doctor->settings->socket) : NULL;
}

bool sendmail_view_read(struct doctor *doctor, struct sendmail_view *ret_view, struct error *error)
{
    struct error ignored;
    const char *cf = doctor->sendmail_config ? doctor->sendmail_config : CF;
    *ret_view =
        (struct sendmail_view){.build = {.mc = sendmail_build_mc_of(doctor->arena, cf), .cf = cf}};
    if (!ret_view->build.mc)
        return error_set(error, "memory is out");
    if (!sendmail_cf_read(doctor->arena, cf, &ret_view->cf, error))
        return false;
    ret_view->has_mc =
        sendmail_mc_read(doctor->arena, ret_view->build.mc, &ret_view->mc, &ignored) &&
        sendmail_build_find(doctor->arena, &ret_view->mc, &ret_view->build, &ignored);
    ret_view->ours = find_ours(doctor, &ret_view->cf);
    return true;
}

bool sendmail_view_open(struct doctor *doctor, struct sendmail_view *ret_view)
{
    struct error ignored;
    return sendmail_view_read(doctor, ret_view, &ignored);
}

long sendmail_view_pid(const struct sendmail_view *view, const char **ret_file)
{
    const char *path = sendmail_cf_option(&view->cf, "PidFile");
    char text[32] = "";
    *ret_file = path ? path : "/var/run/sendmail.pid";
    FILE *file = fopen(*ret_file, "re");
    if (!file)
        return 0;
    bool read = fgets(text, sizeof text, file) != NULL;
    fclose(file);
    long pid = read ? strtol(text, NULL, 10) : 0;
    return pid > 1 && (kill((pid_t)pid, 0) == 0 || errno == EPERM) ? pid : 0;
}

const char *sendmail_view_restart(struct doctor *doctor, const struct sendmail_view *view)
{
    const char *file;
    if (!sendmail_view_pid(view, &file))
        return "true";
    const char *command =
        arena_printf(doctor->arena, "kill -HUP \"$(head -n 1 %s)\"", mend_quote(doctor, file));
    return command ? command : "";
}

const char *sendmail_view_rebuild(struct doctor *doctor, const struct sendmail_view *view)
{
    const char *build = sendmail_build_command(doctor->arena, &view->build);
    const char *command = arena_printf(doctor->arena, "%s && %s", build ? build : "",
                                       sendmail_view_restart(doctor, view));
    return command ? command : "";
}

/* A text for sed's i and c: a backslash before each line end but the last. */
static const char *for_sed(struct doctor *doctor, const char *lines)
{
    size_t len = strlen(lines);
    char *text = arena_alloc(doctor->arena, 2 * len + 1);
    char *out = text;
    if (!text)
        return "";
    for (size_t i = 0; i < len; i++) {
        if ((lines[i] == '\n' && i + 1 < len) || lines[i] == '\\')
            *out++ = '\\';
        if (lines[i] != '\n' || i + 1 < len)
            *out++ = lines[i];
    }
    *out = '\0';
    return text;
}

struct mend sendmail_view_add(struct doctor *doctor, const struct sendmail_view *view,
                              const char *lines)
{
    const struct mc_call *mailer = sendmail_mc_first(&view->mc, "MAILER_DEFINITIONS", NULL);
    if (!mailer)
        mailer = sendmail_mc_first(&view->mc, "MAILER", NULL);
    if (!view->has_mc || !mailer)
        return mend_sentence(
            doctor, "put into the .mc, before its MAILER lines, and make the .cf anew: %s", lines);
    const char *script =
        arena_printf(doctor->arena, "%zui\\\n%s", mailer->line, for_sed(doctor, lines));
    return mend_command(doctor, "sed -i %s %s && %s", mend_quote(doctor, script ? script : ""),
                        mend_quote(doctor, view->mc.path), sendmail_view_rebuild(doctor, view));
}

struct mend sendmail_view_replace(struct doctor *doctor, const struct sendmail_view *view,
                                  const struct mc_call *call, const char *with)
{
    struct bytes text = view->mc.text;
    if (!call)
        return mend_sentence(doctor, "say in the .mc, or the file that it includes: %s", with);
    size_t begin = call->begin;
    size_t last = call->line;
    while (begin > 0 && text.data[begin - 1] != '\n')
        begin--;
    for (size_t i = call->begin; i < call->end; i++)
        last += text.data[i] == '\n';
    struct bytes rest = bytes_slice(text, call->end, text.len);
    rest = bytes_slice(rest, 0, bytes_find(rest, '\n'));
    const char *line =
        arena_printf(doctor->arena, "%.*s%s%.*s", (int)(call->begin - begin), text.data + begin,
                     with, (int)rest.len, rest.data ? rest.data : "");
    const char *script = arena_printf(doctor->arena, "%zu,%zuc\\\n%s", call->line, last,
                                      for_sed(doctor, line ? line : ""));
    return mend_command(doctor, "sed -i %s %s && %s", mend_quote(doctor, script ? script : ""),
                        mend_quote(doctor, view->mc.path), sendmail_view_rebuild(doctor, view));
}

const struct mc_call *sendmail_view_daemon(const struct sendmail_view *view,
                                           const struct sendmail_daemon *daemon)
{
    return view->has_mc ? sendmail_mc_last(&view->mc, "DAEMON_OPTIONS", daemon->written) : NULL;
}

const char *sendmail_view_modifiers(struct doctor *doctor, const struct sendmail_daemon *daemon,
                                    const char *modifiers)
{
    struct bytes rest = bytes_of(daemon->written);
    const char *text = "";
    const char *comma = "";
    while (rest.len && text) {
        size_t end = bytes_find(rest, ',');
        struct bytes one = bytes_trim(bytes_slice(rest, 0, end));
        rest = bytes_slice(rest, end + 1, rest.len);
        if (one.len == 0 || bytes_lower(one.data[0]) == 'm')
            continue;
        text = arena_printf(doctor->arena, "%s%s%.*s", text, comma, (int)one.len, one.data);
        comma = ", ";
    }
    if (*modifiers)
        text = arena_printf(doctor->arena, "%s%sM=%s", text ? text : "", comma, modifiers);
    const char *call = arena_printf(doctor->arena, "DAEMON_OPTIONS(`%s')", text ? text : "");
    return call ? call : "";
}

const char *sendmail_view_name(struct doctor *doctor, const struct sendmail_daemon *daemon)
{
    const char *name = arena_printf(doctor->arena, "%s, port %d", daemon->name, daemon->port);
    return name ? name : "";
}
