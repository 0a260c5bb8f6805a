/* Rows for submilter's own configuration, folders and keys. */
#include "ctl/setup/own.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/observe.h"
#include "ctl/setup/keys.h"
#include "ctl/setup/scratch.h"
#include "ctl/setup/service.h"
#include "dkim/our_command.h"
#include "policy/address.h"
#include "tables/senders.h"

#define RUNTIME "/run/submilter"
#define SOCKET_MODE 0660 /* submilter.conf's default */

/* Every line that says where its key stands says "default", or names our observe.conf: a setup that
 * was cut off leaves that alone behind. */
static bool is_all_default(const struct settings *settings, const char *observe_path,
                           bool *ret_default)
{
    size_t len_of_path = strlen(observe_path);
    char *data = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&data, &len);
    if (!out)
        return false;
    bool printed = settings_print(settings, out);
    printed = fclose(out) == 0 && printed;
    *ret_default = true;
    for (char *line = printed ? strtok(data, "\n") : NULL; line; line = strtok(NULL, "\n")) {
        const char *origin = NULL;
        for (const char *at = line; (at = strstr(at, " # ")); at++)
            origin = at + 3;
        if (origin && strncmp(origin, "default", 7) != 0 &&
            strncmp(origin, observe_path, len_of_path) != 0)
            *ret_default = false;
    }
    free(data);
    return printed;
}

static const char *observe_path_of(const struct setup_options *options, struct arena *arena)
{
    const char *folder = place_folder_of(arena, options->config);
    return folder ? arena_printf(arena, "%s/conf.d/observe.conf", folder) : NULL;
}

bool own_settings(const struct setup_options *options, struct plan *plan,
                  struct settings **ret_settings, struct error *error)
{
    struct place_file file;
    bool all_default;
    *ret_settings = NULL;
    if (!place_read(plan->arena, options->config, &file, error))
        return false;
    if (!file.exists)
        return true;
    if (!settings_load(options->config, ret_settings, error))
        return false;
    const char *observe = observe_path_of(options, plan->arena);
    bool asked = observe && is_all_default(*ret_settings, observe, &all_default);
    if (asked && !all_default)
        return true;
    settings_unref(*ret_settings);
    *ret_settings = NULL;
    return asked || error_set(error, "memory is out");
}

void own_add_end(const struct setup_options *options, struct plan *plan)
{
    struct settings *written = NULL;
    struct error error;
    if (!own_settings(options, plan, &written, &error))
        plan_say(plan, PLAN_NOTE,
                 "the configuration cannot be read (%s): see yourself whether a daemon still runs, "
                 "and which keys stay",
                 error.text);
    service_add_end(written, plan);
    if (written && access(written->dkim.keys, F_OK) == 0)
        plan_say(plan, PLAN_NOTE, "the keys stay: %s", written->dkim.keys);
    settings_unref(written);
}

const char *own_keys_folder(const struct setup_options *options, struct arena *arena)
{
    const char *folder = place_folder_of(arena, options->config);
    return folder ? arena_printf(arena, "%s/keys", folder) : NULL;
}

static bool write_draft(struct arena *arena, const char *path, const char *text,
                        struct error *error)
{
    const struct place_file file = {true, bytes_of(text), 0600, geteuid(), getegid()};
    return place_write(arena, path, &file, NULL, NULL, error);
}

static bool open_tables(const struct settings *settings, struct error *error)
{
    struct senders *senders;
    const struct senders_options options = {
        .tables = settings->senders.tables,
        .extensions = settings->senders.extensions,
        .recipient_delimiter = settings->senders.recipient_delimiter,
        .case_sensitive_local = settings->senders.case_sensitive_local,
        .site = &settings->site,
    };
    bool opened = senders_open(&options, &senders, error);
    if (opened)
        senders_free(senders);
    else
        error_prefix(error, "the table that would be named in senders.tables: ");
    return opened;
}

/* The draft is gone by the time that its fault is read of. */
static bool name_proposed(const char *draft, const char *config, struct error *error)
{
    const struct error found = *error;
    size_t len = strlen(draft);
    return strncmp(found.text, draft, len) == 0 &&
           error_set(error, "the proposed %s%s", config, found.text + len);
}

/* What is proposed is loaded first as if it were there: the admin reads of a fault before anything
 * is changed. */
static bool load_draft(struct arena *arena, const char *config, const char *main,
                       struct settings **ret_settings, struct error *error)
{
    struct scratch scratch;
    if (!scratch_make(arena, &scratch, error))
        return false;
    const char *main_path = arena_printf(arena, "%s/submilter.conf", scratch.folder);
    bool good = main_path || error_set(error, "memory is out");
    good =
        good && write_draft(arena, main_path, main, error) &&
        (settings_load(main_path, ret_settings, error) || name_proposed(main_path, config, error));
    scratch_remove(&scratch);
    return good;
}

/* Comes before submilter.conf: whatever cuts the plan off, nothing is enforced that was not asked
 * for. */
static bool add_observe(const struct setup_options *options, const struct conf_text *conf,
                        const struct settings *settings, const char *path, struct plan *plan,
                        struct error *error)
{
    static const struct plan_access readable = {.mode = 0644};
    const char *group = observe_group_left(settings);
    if (options->enforce)
        return true;
    if (group)
        return error_set(error,
                         "%s: rules are enforced for the group \"%s\", and would refuse mail at "
                         "once: watch first (mode = \"observe\" in that group), or say --enforce",
                         options->config, group);
    const char *text = conf_text_observe(plan->arena, conf->mta, settings);
    if (text)
        plan_file(plan, path, bytes_of(text), readable);
    return text || error_set(error, "memory is out");
}

/* Beside the history, where the daemon may write: it does not start where it may not. NULL: not
 * there. */
static const char *counters_file(const struct conf_text *conf, struct plan *plan)
{
    struct stat status;
    const char *folder = place_folder_of(plan->arena, conf->history);
    if (!*conf->history)
        plan_say(plan, PLAN_WARNING,
                 "no history is kept (--history ''), so counters.file is not set: what limits "
                 "count is lost at each start, and %s limits and login cannot see it; a folder of "
                 "%s's in counters.file mends that",
                 our_command(), conf->user);
    if (!folder || !*conf->history)
        return NULL;
    if (stat(folder, &status) == 0) {
        const struct passwd *user = getpwnam(conf->user);
        if (!user || (user->pw_uid != 0 && user->pw_uid != status.st_uid)) {
            plan_say(plan, PLAN_WARNING,
                     "%s does not belong to %s, so counters.file is not set: what limits count is "
                     "lost at each start, and %s limits and login cannot see it; "
                     "--history in a folder of its own mends that",
                     folder, conf->user, our_command());
            return NULL;
        }
    }
    return arena_printf(plan->arena, "%s/limits", folder);
}

static bool add_configuration(const struct setup_options *options, const struct conf_text *conf,
                              const char *observe_path, struct plan *plan, struct error *error)
{
    static const struct plan_access readable = {.mode = 0644};
    struct settings *settings = NULL;
    struct conf_text whole = *conf;
    whole.counters = counters_file(conf, plan);
    const char *main = conf_text_main(plan->arena, &whole);
    if (!main)
        return error_set(error, "memory is out");
    bool good = load_draft(plan->arena, options->config, main, &settings, error) &&
                open_tables(settings, error) &&
                add_observe(options, conf, settings, observe_path, plan, error);
    settings_unref(settings);
    if (!good)
        return false;
    struct plan_row *row = plan_file(plan, options->config, bytes_of(main), readable);
    if (row && row->from.exists) {
        row->whole = true;
        row->what = "instead of the commented reference, which sets nothing";
    }
    return true;
}

/* What an admin has written stays. Where the MTA does not ask submilter yet, that must not begin
 * with refusing mail all the same. */
static bool watch_first(const struct setup_options *options, const struct conf_text *conf,
                        const struct settings *written, const char *observe_path, struct plan *plan,
                        struct error *error)
{
    if (options->enforce || conf->asked || !observe_is_needed(written))
        return true;
    if (access(observe_path, F_OK) != 0) {
        plan_say(plan, PLAN_WARNING,
                 "%s is there already and enforces rules: so that no mail is refused before "
                 "anybody has looked, %s sets them to observe. --enforce takes it out",
                 options->config, observe_path);
        return add_observe(options, conf, written, observe_path, plan, error);
    }
    plan_say(plan, PLAN_WARNING,
             "%s is there already, and %s does not set every rule to observe: what it leaves out "
             "refuses mail from the start (%s conf shows what holds)",
             options->config, observe_path, our_command());
    return true;
}

/* What was asked for and only a new submilter.conf would say. */
static void say_left_out(const struct setup_options *options, const struct settings *written,
                         struct plan *plan)
{
    for (size_t i = 0; i < options->domains.count; i++) {
        const char *domain = options->domains.items[i];
        struct bytes normal;
        if (address_normalise_domain(plan->arena, bytes_of(domain), &normal) &&
            !texts_have(&written->site.domains, normal))
            plan_say(plan, PLAN_WARNING,
                     "--domain %s: %s is there already and stays as it is, so that it does not "
                     "become one of ours: add it to \"domains\" there",
                     domain, options->config);
    }
}

void own_say_enforced(const struct setup_options *options, const struct conf_text *conf,
                      const struct settings *written, struct plan *plan)
{
    if (conf->asked && written && !options->enforce && observe_is_needed(written))
        plan_say(plan, PLAN_WARNING,
                 "%s enforces rules already: they refuse mail at once where the MTA is only now "
                 "told to ask submilter",
                 options->config);
}

static void add_folders(const struct setup_options *options, const struct conf_text *conf,
                        const struct settings *written, const char *config_folder,
                        const char *socket_folder, bool drops_in, struct plan *plan)
{
    const struct plan_access for_all = {.mode = 0755};
    /* The shared one is as tmpfiles.d and RuntimeDirectory= have it. */
    bool shared = socket_folder && strcmp(socket_folder, RUNTIME) == 0;
    const struct plan_access for_mta = {shared ? 0755 : 02750, options->user,
                                        shared ? NULL : conf->socket_group};
    const struct plan_access for_log = {02750, options->user, getgrnam("adm") ? "adm" : NULL};
    const char *const files[] = {written ? written->log.json : conf->records,
                                 written ? written->history.file : conf->history};
    const char *drop_in = arena_printf(plan->arena, "%s/conf.d", config_folder);
    plan_folder(plan, config_folder, for_all);
    if (drop_in && drops_in)
        plan_folder(plan, drop_in, for_all);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const char *kept_in = files[i] && *files[i] ? place_folder_of(plan->arena, files[i]) : NULL;
        if (kept_in)
            plan_folder(plan, kept_in, for_log);
    }
    if (socket_folder)
        plan_folder(plan, socket_folder, for_mta);
}

static bool may_sign(const struct settings *written, const struct conf_text *conf)
{
    if (!written)
        return conf->signs;
    const struct policy *policy = settings_policy(written, "submission", BYTES(""));
    return policy && policy->settings[RULE_dkim]->mode == MODE_ENFORCE;
}

bool own_add(const struct setup_options *options, const struct conf_text *conf,
             const struct settings *written, const char *socket_folder, struct plan *plan,
             bool *ret_changed, struct error *error)
{
    struct setup_options own = *options;
    const struct texts *tables = written ? &written->senders.tables : &conf->tables;
    const struct texts *domains = written ? &written->site.domains : &conf->domains;
    const char *folder = place_folder_of(plan->arena, options->config);
    const char *observe = observe_path_of(options, plan->arena);
    if (!observe)
        return error_set(error, "memory is out");
    if (written) {
        own.user = service_user(options, written, plan->arena);
        say_left_out(options, written, plan);
    }
    service_add_user(&own, plan);
    bool watches = !options->enforce && (!written || (!conf->asked && observe_is_needed(written)));
    add_folders(&own, conf, written, folder, socket_folder, watches, plan);
    const struct plan_row *before = plan->last_row;
    if (written ? !watch_first(options, conf, written, observe, plan, error)
                : !add_configuration(options, conf, observe, plan, error))
        return false;
    *ret_changed = written ? plan->last_row != before : plan_pending(plan);
    if (options->enforce && plan_remove(plan, observe) && written &&
        service_answers(plan->arena, written->socket))
        service_add_reload(options, plan);
    if (!own_check_tables(tables, own.user, plan, error))
        return false;
    return !may_sign(written, conf) ||
           keys_add(&own, domains, written ? written->dkim.keys : conf->keys, plan, error);
}

bool own_wanted(const struct setup_options *options, const struct conf_text *conf,
                const struct settings *written, struct arena *arena,
                struct units_wanted *ret_wanted, struct error *error)
{
    *ret_wanted = (struct units_wanted){.socket = conf->socket,
                                        .mode = SOCKET_MODE,
                                        .group = conf->socket_group,
                                        .user = service_user(options, written, arena),
                                        .records = *conf->records ? conf->records : NULL,
                                        .history = *conf->history ? conf->history : NULL};
    if (written) {
        ret_wanted->mode = written->socket_mode;
        ret_wanted->group = written->socket_group;
        ret_wanted->records = written->log.json;
        ret_wanted->history = written->history.file;
        ret_wanted->counters = written->counters.file;
    }
    return ret_wanted->user || error_set(error, "memory is out");
}
