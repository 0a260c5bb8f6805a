/* submilterctl setup sendmail: what a Sendmail's .mc and .cf ask for. */
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ctl/sendmail_command.h"
#include "ctl/setup/own.h"
#include "ctl/setup/process.h"
#include "ctl/setup/sendmail_parts.h"
#include "ctl/setup/service.h"
#include "mta/endpoint.h"

#define MC "/etc/mail/sendmail.mc"
#define SOCKET "unix:/run/submilter/submilter.sock"
#define RESTART_SECONDS 90

/* What is proposed stands on the .mc: a .cf that says more than it would lose that. */
static bool check_is_built(struct arena *arena, const struct sendmail_site *site,
                           struct error *error)
{
    struct bytes made;
    struct place_file live;
    const char *line;
    if (!sendmail_build_make(arena, &site->build, site->mc.text, &made, error) ||
        !place_read(arena, site->build.cf, &live, error))
        return false;
    if (sendmail_build_same(arena, made, live.content, &line))
        return true;
    return error_set(error,
                     "%s is not what m4 makes of %s, from the line \"%.200s\" on: what was changed "
                     "by hand in it belongs into the .mc; then make it anew: %s",
                     site->build.cf, site->build.mc, line ? line : "",
                     sendmail_command_build(arena, &site->build));
}

static bool read_site(const struct setup_options *options, struct arena *arena,
                      struct sendmail_site *ret_site, struct error *error)
{
    struct place_file live;
    *ret_site = (struct sendmail_site){.build = {.mc = options->place ? options->place : MC,
                                                 .cf = options->cf,
                                                 .cf_folder = options->cf_folder}};
    struct sendmail_build *build = &ret_site->build;
    return sendmail_mc_read(arena, build->mc, &ret_site->mc, error) &&
           sendmail_build_find(arena, &ret_site->mc, build, error) &&
           sendmail_cf_read(arena, build->cf, &ret_site->cf, error) &&
           check_is_built(arena, ret_site, error) && place_read(arena, build->cf, &live, error) &&
           sendmail_build_check(arena, build, live.content, &ret_site->host, error);
}

/* Who connects to submilter: Sendmail's RunAsUser, which is root unless it is set. */
static const char *group_of(struct arena *arena, const struct sendmail_cf *cf)
{
    const char *user = sendmail_cf_option(cf, "RunAsUser");
    const char *colon = user ? strchr(user, ':') : NULL;
    if (!user || !*user)
        return NULL;
    if (colon)
        return colon + 1;
    const struct passwd *entry = getpwnam(user);
    const struct group *group = entry ? getgrgid(entry->pw_gid) : NULL;
    return group ? arena_text(arena, bytes_of(group->gr_name)) : NULL;
}

static bool describe(const struct setup_options *options, const struct sendmail_site *site,
                     const char *socket, const struct settings *written, struct plan *plan,
                     struct conf_text *conf, struct error *error)
{
    const struct sendmail_filter *ours = sendmail_cf_ours(&site->cf, socket);
    const char **ids = arena_alloc(plan->arena, sizeof *ids);
    *conf = (struct conf_text){
        .mta = "sendmail",
        .socket = socket,
        .socket_group = group_of(plan->arena, &site->cf),
        .user = options->user,
        .asked =
            ours && sendmail_cf_asks(plan->arena, &site->cf,
                                     &(struct sendmail_daemon){.own_filters = false}, ours->name),
        .authserv_ids = {ids, strchr(site->host, '.') ? 1 : 0},
        .recipient_delimiter = "+", /* built into Sendmail */
        .keys = own_keys_folder(options, plan->arena),
        .records = options->records,
        .history = options->history,
    };
    if (!ids || !conf->keys)
        return error_set(error, "memory is out");
    ids[0] = site->host;
    if (written) /* it says who sends as what */
        return true;
    return sendmail_domains(options, site, plan, &conf->domains, error) &&
           sendmail_listeners(site, plan, conf, error);
}

#define PROGRAM "sendmail" /* of whatever folder */

static const char *pid_file_of(const struct sendmail_cf *cf)
{
    const char *path = cf ? sendmail_cf_option(cf, "PidFile") : NULL;
    return path ? path : "/var/run/sendmail.pid";
}

static bool is_running(const char *pid_file, pid_t *ret_pid)
{
    int handle = process_of_file(pid_file, PROGRAM, ret_pid);
    if (handle >= 0)
        close(handle);
    return handle >= 0;
}

/* Sendmail writes its pid file anew at each start. */
static bool is_same_start(const struct stat *a, const struct stat *b)
{
    return a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ino == b->st_ino;
}

static bool wait_for_start(const char *pid_file, const struct stat *before, struct error *error)
{
    static const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
    struct stat now;
    pid_t pid;
    for (int tries = 0; tries < RESTART_SECONDS * 20; tries++) {
        if (stat(pid_file, &now) == 0 && !is_same_start(&now, before) && is_running(pid_file, &pid))
            return true;
        nanosleep(&pause, NULL);
    }
    return error_set(error, "Sendmail did not start anew within %d seconds: see the mail log",
                     RESTART_SECONDS);
}

/* The pid file is read now: Sendmail may have been started anew since the plan was made. */
static bool restart(void *context, struct plan *plan, struct error *error)
{
    const char *pid_file = context;
    struct stat before;
    pid_t pid;
    (void)plan;
    int handle = process_of_file(pid_file, PROGRAM, &pid);
    if (handle < 0 || stat(pid_file, &before) < 0) {
        if (handle >= 0)
            close(handle);
        return error_set(error, "no Sendmail runs any more that %s names: start it", pid_file);
    }
    bool sent = process_signal(handle, SIGHUP, error);
    close(handle);
    return sent ? wait_for_start(pid_file, &before, error)
                : error_prefix(error, "Sendmail, process %d: ", (int)pid);
}

/* Where it runs. */
static bool add_restart(const struct sendmail_cf *cf, struct plan *plan, struct error *error)
{
    pid_t pid;
    char *pid_file = arena_text(plan->arena, bytes_of(pid_file_of(cf)));
    if (!pid_file)
        return error_set(error, "memory is out");
    if (!is_running(pid_file, &pid))
        return true;
    const char *what = arena_printf(
        plan->arena, "Sendmail, now process %d, starts anew (SIGHUP) and reads it", (int)pid);
    struct plan_row *row = what ? plan_act(plan, what, restart, pid_file) : NULL;
    if (row)
        row->again = true;
    return row || error_set(error, "memory is out");
}

/* The daemon comes before Sendmail hears of it. */
static bool hook_up(const struct setup_options *options, const struct sendmail_site *site,
                    const struct units_wanted *wanted, bool changed, struct plan *plan,
                    bool *ret_hooked, struct error *error)
{
    const char *socket = wanted->socket;
    struct arena *arena = plan->arena;
    struct bytes mc;
    struct bytes made;
    struct sendmail_cf cf;
    const char *host;
    pid_t pid;
    static const struct plan_access readable = {.mode = 0644};
    const struct service_state state = {changed, is_running(pid_file_of(&site->cf), &pid)};
    if (!service_add(options, wanted, &state, plan, error))
        return false;
    if (!sendmail_edit(arena, site, socket, &mc, error))
        return false;
    *ret_hooked = !bytes_equal(mc, site->mc.text);
    if (!*ret_hooked)
        return true;
    if (!sendmail_build_make(arena, &site->build, mc, &made, error) ||
        !sendmail_build_check(arena, &site->build, made, &host, error))
        return false;
    if (!sendmail_cf_parse(arena, made, &cf))
        return error_set(error, "memory is out");
    if (!sendmail_edit_holds(arena, &cf, socket, error))
        return error_prefix(error,
                            "%s: what stands behind submilter's line undoes it, in the .cf that m4 "
                            "makes of it ",
                            site->build.mc);
    plan_file(plan, site->build.mc, mc, readable);
    struct plan_row *row = plan_file(plan, site->build.cf, made, readable);
    if (row)
        row->what = arena_printf(arena, "as this makes it: %s",
                                 sendmail_command_build(arena, &site->build));
    return add_restart(&site->cf, plan, error);
}

/* submilter.conf's word for it; else the option's; else where Sendmail looks for a filter submilter
 * already. NULL where a socket that systemd hands over has no other name. */
static const char *socket_of(const struct setup_options *options, const struct sendmail_site *site,
                             const struct settings *written, struct plan *plan)
{
    const struct sendmail_filter *filter = sendmail_cf_filter(&site->cf, "submilter");
    if (written && !endpoint_is_handed_over(written->socket))
        return written->socket;
    if (written || options->socket)
        return options->socket;
    if (!filter || !*filter->endpoint)
        return SOCKET;
    if (strncmp(filter->endpoint, "local:", 6) == 0)
        return arena_printf(plan->arena, "unix:%s", filter->endpoint + 6);
    return filter->endpoint;
}

static bool propose_for(const struct setup_options *options, const struct sendmail_site *site,
                        const struct settings *written, struct plan *plan, struct error *error)
{
    struct conf_text conf;
    struct units_wanted wanted;
    bool changed;
    bool hooked = false;
    const char *socket = socket_of(options, site, written, plan);
    if (!socket)
        return error_set(error,
                         "%s: submilter is handed its socket (%s): name it for Sendmail with "
                         "--socket unix:PATH",
                         options->config, written ? written->socket : "");
    if (!describe(options, site, socket, written, plan, &conf, error))
        return false;
    conf.signs = written || !sendmail_has_signer(site, socket, plan);
    sendmail_say_what_to_know(site, socket, plan);
    const char *path = endpoint_path(socket);
    if (!own_add(options, &conf, written, path ? place_folder_of(plan->arena, path) : NULL, plan,
                 &changed, error) ||
        !own_wanted(options, &conf, written, plan->arena, &wanted, error) ||
        !hook_up(options, site, &wanted, changed, plan, &hooked, error))
        return false;
    if (hooked)
        own_say_enforced(options, &conf, written, plan);
    if (plan_pending(plan))
        own_say_next(options, written, plan);
    return true;
}

static bool propose(const struct setup_options *options, struct plan *plan, struct error *error)
{
    struct sendmail_site site;
    struct settings *written;
    if (!read_site(options, plan->arena, &site, error) ||
        !own_settings(options, plan, &written, error))
        return false;
    bool proposed = propose_for(options, &site, written, plan, error);
    settings_unref(written);
    return proposed;
}

static const char *place_of(const struct setup_options *options, struct arena *arena)
{
    (void)arena;
    return options->place ? options->place : MC;
}

static void after_undo(const struct setup_options *options, struct plan *plan)
{
    const char *mc = place_of(options, plan->arena);
    const char *path = options->cf ? options->cf : sendmail_build_cf_of(plan->arena, mc);
    struct sendmail_cf cf;
    struct error error;
    if (!plan_pending(plan) || !path)
        return;
    bool read = sendmail_cf_read(plan->arena, path, &cf, &error);
    if (!read)
        plan_say(plan, PLAN_NOTE, "Sendmail is looked for by its usual pid file: %s", error.text);
    if (!add_restart(read ? &cf : NULL, plan, &error))
        plan_say(plan, PLAN_NOTE, "%s", error.text);
    own_add_end(options, plan);
}

const struct setup_kind setup_sendmail = {
    .name = "sendmail",
    .place_option = "mc",
    .makes_cf = true,
    .propose = propose,
    .place = place_of,
    .after_undo = after_undo,
};
