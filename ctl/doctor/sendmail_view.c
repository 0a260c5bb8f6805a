/* A Sendmail's configuration as the checks see it, and commands that change it. */
#include "ctl/doctor/sendmail_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ctl/sendmail_command.h"
#include "mta/whole_file.h"

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

/* The program's name, of a process of root's that is a Sendmail; NULL: it is none. */
static const char *process_name(struct doctor *doctor, long pid)
{
    struct stat status;
    const char *path = arena_printf(doctor->arena, "/proc/%ld/comm", pid);
    FILE *file = path ? fopen(path, "re") : NULL;
    char text[32] = "";
    if (!file)
        return NULL;
    bool good = fgets(text, sizeof text, file) && fstat(fileno(file), &status) == 0 &&
                status.st_uid == 0 && strncmp(text, "sendmail", 8) == 0;
    fclose(file);
    return good ? arena_text(doctor->arena, (struct bytes){text, strcspn(text, "\n")}) : NULL;
}

/* The pid file lies in a folder of the mail user's, who may write there what it likes. */
static const char *running(struct doctor *doctor, const struct sendmail_view *view,
                           const char **ret_file)
{
    const char *path = sendmail_cf_option(&view->cf, "PidFile");
    struct bytes text;
    struct error ignored;
    *ret_file = path ? path : "/var/run/sendmail.pid";
    if (!whole_file_read(doctor->arena, *ret_file, 4096, &text, &ignored))
        return NULL;
    long pid = strtol(text.data, NULL, 10);
    return pid > 1 ? process_name(doctor, pid) : NULL;
}

bool sendmail_view_runs(struct doctor *doctor, const struct sendmail_view *view,
                        const char **ret_file)
{
    return running(doctor, view, ret_file) != NULL;
}

/* Whatever the file says by then: only a process of root's of that name is signalled. */
const char *sendmail_view_restart(struct doctor *doctor, const struct sendmail_view *view)
{
    const char *file;
    const char *name = running(doctor, view, &file);
    const char *command = name ? arena_printf(doctor->arena, "pkill -HUP -x -u root -F %s %s",
                                              mend_quote(doctor, file), mend_quote(doctor, name))
                               : "true";
    return command ? command : "";
}

const char *sendmail_view_rebuild(struct doctor *doctor, const struct sendmail_view *view)
{
    const char *build = sendmail_command_build(doctor->arena, &view->build);
    const char *command = arena_printf(doctor->arena, "%s && %s", build ? build : "",
                                       sendmail_view_restart(doctor, view));
    return command ? command : "";
}

/* Text for a pattern or a replacement of sed's, with these letters escaped. */
static const char *for_sed(struct doctor *doctor, struct bytes text, const char *special)
{
    char *escaped = arena_alloc(doctor->arena, 2 * text.len + 1);
    char *out = escaped;
    if (!escaped)
        return "";
    for (size_t i = 0; i < text.len; i++) {
        if (strchr(special, text.data[i]) || text.data[i] == '\n')
            *out++ = '\\';
        *out++ = text.data[i] == '\n' ? 'n' : text.data[i];
    }
    *out = '\0';
    return escaped;
}

/* The call's whole lines. */
static struct bytes lines_of(const struct sendmail_view *view, const struct mc_call *call)
{
    struct bytes text = view->mc.text;
    size_t begin = call->begin;
    while (begin > 0 && text.data[begin - 1] != '\n')
        begin--;
    size_t end = call->end;
    while (end < text.len && text.data[end] != '\n')
        end++;
    return bytes_slice(text, begin, end);
}

/* Replaces lines where they are by then, as other mends may have moved them; where they are gone,
 * nothing. */
static struct mend change_lines(struct doctor *doctor, const struct sendmail_view *view,
                                struct bytes lines, const char *with)
{
    const char *script = arena_printf(doctor->arena, "s/\\(^\\|\\n\\)%s\\(\\n\\|$\\)/\\1%s\\2/",
                                      for_sed(doctor, lines, "\\/.*[]^$"),
                                      for_sed(doctor, bytes_of(with ? with : ""), "\\/&"));
    return mend_command(doctor, "sed -z -i %s %s && %s", mend_quote(doctor, script ? script : ""),
                        mend_quote(doctor, view->mc.path), sendmail_view_rebuild(doctor, view));
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
    struct bytes before = lines_of(view, mailer);
    return change_lines(doctor, view, before,
                        arena_printf(doctor->arena, "%s%.*s", lines, (int)before.len, before.data));
}

struct mend sendmail_view_replace(struct doctor *doctor, const struct sendmail_view *view,
                                  const struct mc_call *call, const char *with)
{
    if (!call)
        return mend_sentence(doctor, "say in the .mc, or the file that it includes: %s", with);
    struct bytes text = view->mc.text;
    struct bytes lines = lines_of(view, call);
    size_t begin = (size_t)(lines.data - text.data);
    size_t end = begin + lines.len;
    return change_lines(doctor, view, lines,
                        arena_printf(doctor->arena, "%.*s%s%.*s", (int)(call->begin - begin),
                                     lines.data, with, (int)(end - call->end),
                                     text.data + call->end));
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
