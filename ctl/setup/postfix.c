/* submilterctl setup postfix: what an instance's configuration asks for. */
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/setup/own.h"
#include "ctl/setup/postfix_parts.h"
#include "ctl/setup/service.h"
#include "mta/endpoint.h"
#include "mta/program.h"

#define SECONDS 60

static const char *group_of(struct arena *arena, const char *user)
{
    const struct passwd *entry = getpwnam(user);
    const struct group *group = entry ? getgrgid(entry->pw_gid) : NULL;
    return group ? arena_text(arena, bytes_of(group->gr_name)) : NULL;
}

static void add_listener(struct conf_text *conf, const struct conf_text_listener *listener)
{
    conf->listeners[conf->listener_count++] = *listener;
}

static bool add_listeners(const struct postfix *postfix, struct plan *plan, struct conf_text *conf)
{
    struct texts own;
    struct texts others;
    struct texts ports;
    if (!postfix_networks(postfix, plan, &own, &others) ||
        !postfix_submission_ports(plan->arena, postfix, &ports))
        return false;
    conf->relays = others.count > 0;
    if (conf->relays) {
        add_listener(conf, &(struct conf_text_listener){
                               .name = "relay",
                               .why = "Postfix's mynetworks: they may relay without a login.",
                               .clients = others,
                               .no_login = true,
                               .policy = "relay"});
        plan_say(plan, PLAN_NOTE,
                 "mynetworks has more than this host: those clients get a listener \"relay\", "
                 "which watches what they send as, and enforces nothing of that");
    }
    if (ports.count)
        add_listener(conf, &(struct conf_text_listener){
                               .name = "submission", .ports = ports, .policy = "submission"});
    add_listener(conf, &(struct conf_text_listener){.name = "local",
                                                    .why = "sendmail(1) counts as 127.0.0.1.",
                                                    .clients = own,
                                                    .policy = "local"});
    add_listener(conf, &(struct conf_text_listener){.name = "inbound", .policy = "inbound"});
    return true;
}

static bool describe(const struct setup_options *options, const struct postfix *postfix,
                     const char *socket, const struct settings *written, struct plan *plan,
                     struct conf_text *conf, struct error *error)
{
    const char *host = postfix_value(postfix, "myhostname");
    const char **ids = arena_alloc(plan->arena, sizeof *ids);
    *conf = (struct conf_text){
        .mta = "postfix",
        .socket = socket,
        .socket_group = group_of(plan->arena, postfix_value(postfix, "mail_owner")),
        .user = options->user,
        .asked = postfix_asks(postfix, plan->arena, socket),
        .authserv_ids = {ids, strchr(host, '.') ? 1 : 0},
        .recipient_delimiter = postfix_value(postfix, "recipient_delimiter"),
        .keys = own_keys_folder(options, plan->arena),
        .records = options->records,
        .history = options->history,
    };
    if (!ids || !conf->keys)
        return error_set(error, "memory is out");
    ids[0] = host;
    if (options->enforce && !(written && written->senders.tables.count) &&
        !postfix_senders_may_enforce(postfix, plan->arena, error))
        return false;
    if (written) /* it says who sends as what */
        return true;
    if (!postfix_domains(options, postfix, plan, &conf->domains, error))
        return false;
    if (!postfix_senders(postfix, plan, &conf->tables) || !add_listeners(postfix, plan, conf))
        return error_set(error, "memory is out");
    return true;
}

static void say_what_to_know(const struct postfix *postfix, struct plan *plan)
{
    if (!postfix_has_logins(postfix))
        plan_say(
            plan, PLAN_NOTE,
            "nobody can log in here (smtpd_sasl_auth_enable is nowhere yes): submilter watches "
            "and signs what this host and its networks send, and guards your domains on what "
            "comes in");
    if (*postfix_value(postfix, "milter_macro_defaults"))
        plan_say(plan, PLAN_WARNING,
                 "milter_macro_defaults is set: see that it makes up no {auth_authen}, by which "
                 "everybody would count as logged in");
    if (*postfix_value(postfix, "smtpd_milter_maps"))
        plan_say(plan, PLAN_WARNING,
                 "smtpd_milter_maps is set: clients that it names meet the milters that stand "
                 "there, and not submilter");
    if (*postfix_value(postfix, "content_filter"))
        plan_say(plan, PLAN_NOTE,
                 "content_filter is set: what the filter changes in a message, it changes after "
                 "submilter has signed, and the signature is then broken");
    if (strcmp(postfix_value(postfix, "milter_default_action"), "accept") == 0)
        plan_say(plan, PLAN_NOTE,
                 "milter_default_action is accept and stays so for the other milters; for "
                 "submilter default_action=tempfail holds");
}

static bool is_running(const struct postfix *postfix, struct arena *arena)
{
    const char *const argv[] = {"postfix", "-c", postfix->config, "status", NULL};
    struct program_output output;
    struct error error;
    return program_must_run(arena, argv, SECONDS, &output, &error);
}

static void run_postfix(const struct postfix *postfix, struct plan *plan, const char *what,
                        const char *command, bool again)
{
    const char *const argv[] = {"postfix", "-c", postfix->config, command, NULL};
    struct plan_row *row = plan_command(plan, what, argv);
    if (row)
        row->again = again;
}

/* The daemon comes before Postfix hears of it. */
static bool hook_up(const struct setup_options *options, const struct postfix *postfix,
                    const struct units_wanted *wanted, bool changed, struct plan *plan,
                    bool *ret_hooked, struct error *error)
{
    const struct service_state state = {changed, is_running(postfix, plan->arena)};
    const char *endpoint = endpoint_for_postfix(plan->arena, wanted->socket,
                                                postfix_value(postfix, "queue_directory"));
    if (!endpoint)
        return error_set(error, "memory is out");
    if (!service_add(options, wanted, &state, plan, error))
        return false;
    struct plan_row *files = plan->last_row;
    if (!postfix_edit(postfix, wanted->socket, endpoint, plan, error))
        return false;
    *ret_hooked = plan->last_row != files;
    if (*ret_hooked) {
        run_postfix(postfix, plan, "Postfix's own check", "check", false);
        if (state.mta_runs)
            run_postfix(postfix, plan, "Postfix reads it", "reload", true);
    }
    return true;
}

/* submilter.conf's word for it; else the option's; else below Postfix's queue, where services in a
 * chroot reach it. An error where the socket is handed over, and nobody says where it is. */
static bool find_socket(const struct setup_options *options, const struct settings *written,
                        const char *queue, struct arena *arena, const char **ret_socket,
                        struct error *error)
{
    bool handed_over = written && endpoint_is_handed_over(written->socket);
    *ret_socket = written && !handed_over ? written->socket : options->socket;
    if (handed_over && !*ret_socket)
        return error_set(error,
                         "%s: submilter is handed its socket (%s): name it for Postfix with "
                         "--socket unix:PATH",
                         options->config, written->socket);
    if (!*ret_socket)
        *ret_socket = arena_printf(arena, "unix:%s/submilter/submilter.sock", queue);
    return *ret_socket || error_set(error, "memory is out");
}

static bool propose_for(const struct setup_options *options, const struct postfix *postfix,
                        const struct settings *written, struct plan *plan, struct error *error)
{
    struct conf_text conf;
    struct units_wanted wanted;
    struct stat status;
    const char *queue = postfix_value(postfix, "queue_directory");
    const char *socket;
    bool changed;
    bool hooked = false;
    if (!find_socket(options, written, queue, plan->arena, &socket, error) ||
        !describe(options, postfix, socket, written, plan, &conf, error))
        return false;
    conf.signs = written || !postfix_has_signer(postfix, plan);
    const char *path = endpoint_path(socket);
    if (stat(queue, &status) < 0)
        return error_set(error, "queue_directory, %s, is not there", queue);
    say_what_to_know(postfix, plan);
    if (!own_add(options, &conf, written, path ? place_folder_of(plan->arena, path) : NULL, plan,
                 &changed, error) ||
        !own_wanted(options, &conf, written, plan->arena, &wanted, error) ||
        !hook_up(options, postfix, &wanted, changed, plan, &hooked, error))
        return false;
    if (hooked)
        own_say_enforced(options, &conf, written, plan);
    if (plan_pending(plan))
        own_say_next(options, written, plan);
    return true;
}

static bool propose(const struct setup_options *options, struct plan *plan, struct error *error)
{
    struct postfix postfix;
    struct settings *written;
    if (!postfix_read(plan->arena, options->place, &postfix, error) ||
        !own_settings(options, plan, &written, error))
        return false;
    bool proposed = propose_for(options, &postfix, written, plan, error);
    settings_unref(written);
    return proposed;
}

/* Known without postconf(1), too: there may be none any more. */
static const char *place_of(const struct setup_options *options, struct arena *arena)
{
    static const char *const argv[] = {"postconf", "-h", "config_directory", NULL};
    struct program_output output;
    struct error error;
    if (options->place)
        return options->place;
    if (!program_must_run(arena, argv, SECONDS, &output, &error) || output.out.len < 2)
        return "/etc/postfix";
    return arena_text(arena, bytes_trim(output.out));
}

/* Whether it runs is asked then: it cannot be told of a main.cf that is broken now. */
static void after_undo(const struct setup_options *options, struct plan *plan)
{
    const char *place = place_of(options, plan->arena);
    if (!plan_pending(plan) || !place)
        return;
    const char *const status[] = {"postfix", "-c", place, "status", NULL};
    const char *const reload[] = {"postfix", "-c", place, "reload", NULL};
    struct plan_row *row = plan_command(plan, "Postfix reads it, if it runs", reload);
    if (row) {
        row->only_if = plan_words(plan, status);
        row->again = true;
    }
    own_add_end(options, plan);
}

const struct setup_kind setup_postfix = {
    .name = "postfix",
    .place_option = "postfix-config",
    .propose = propose,
    .place = place_of,
    .after_undo = after_undo,
};
