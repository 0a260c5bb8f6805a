/* Rows for submilter's own configuration, folders and keys. */
#include "ctl/setup/own.h"

#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/setup/keys.h"
#include "ctl/setup/scratch.h"
#include "ctl/setup/service.h"
#include "tables/senders.h"

#define RUNTIME "/run/submilter"
#define SOCKET_MODE 0660 /* submilter.conf's default */

/* Every line that says where its key stands says "default". */
static bool is_all_default(const struct settings *settings, bool *ret_default)
{
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
        if (origin && strncmp(origin, "default", 7) != 0)
            *ret_default = false;
    }
    free(data);
    return printed;
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
    bool asked = is_all_default(*ret_settings, &all_default);
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

static bool load_draft(const char *path, struct error *error)
{
    struct settings *settings;
    struct senders *senders;
    if (!settings_load(path, &settings, error))
        return false;
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
    settings_unref(settings);
    return opened;
}

/* What is proposed is loaded first as if it were there: the admin reads of a fault before anything
 * is changed. */
static bool check(struct arena *arena, const char *main, const char *observe, struct error *error)
{
    struct scratch scratch;
    if (!scratch_make(arena, &scratch, error))
        return false;
    const char *main_path = arena_printf(arena, "%s/submilter.conf", scratch.folder);
    const char *drop_in = arena_printf(arena, "%s/conf.d", scratch.folder);
    const char *observe_path = arena_printf(arena, "%s/conf.d/observe.conf", scratch.folder);
    bool good = main_path && drop_in && observe_path && mkdir(drop_in, 0700) == 0;
    if (!good)
        error_set(error, "no folder can be made in %s", scratch.folder);
    good = good && write_draft(arena, main_path, main, error) &&
           (!observe || write_draft(arena, observe_path, observe, error)) &&
           load_draft(main_path, error);
    scratch_remove(&scratch);
    return good;
}

static bool add_configuration(const struct setup_options *options, const struct conf_text *conf,
                              const char *observe_path, struct plan *plan, struct error *error)
{
    static const struct plan_access readable = {.mode = 0644};
    const char *main = conf_text_main(plan->arena, conf);
    const char *observe = options->enforce ? NULL : conf_text_observe(plan->arena, conf);
    if (!main || (!options->enforce && !observe))
        return error_set(error, "memory is out");
    if (!check(plan->arena, main, observe, error))
        return false;
    struct plan_row *row = plan_file(plan, options->config, bytes_of(main), readable);
    if (row && row->from.exists) {
        row->whole = true;
        row->what = "instead of the commented reference, which sets nothing";
    }
    if (observe)
        plan_file(plan, observe_path, bytes_of(observe), readable);
    return true;
}

static void add_folders(const struct setup_options *options, const struct conf_text *conf,
                        const char *config_folder, const char *socket_folder, const char *records,
                        struct plan *plan)
{
    const struct plan_access for_all = {.mode = 0755};
    /* The shared one is as tmpfiles.d and RuntimeDirectory= have it. */
    bool shared = socket_folder && strcmp(socket_folder, RUNTIME) == 0;
    const struct plan_access for_mta = {shared ? 0755 : 02750, options->user,
                                        shared ? NULL : conf->socket_group};
    const struct plan_access for_log = {02750, options->user, getgrnam("adm") ? "adm" : NULL};
    const char *log_folder = records ? place_folder_of(plan->arena, records) : NULL;
    const char *drop_in = arena_printf(plan->arena, "%s/conf.d", config_folder);
    plan_folder(plan, config_folder, for_all);
    if (drop_in && !options->enforce)
        plan_folder(plan, drop_in, for_all);
    if (log_folder)
        plan_folder(plan, log_folder, for_log);
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
             struct error *error)
{
    struct setup_options own = *options;
    const struct texts *domains = written ? &written->site.domains : &conf->domains;
    const char *folder = place_folder_of(plan->arena, options->config);
    const char *observe =
        folder ? arena_printf(plan->arena, "%s/conf.d/observe.conf", folder) : NULL;
    if (!observe)
        return error_set(error, "memory is out");
    if (written)
        own.user = service_user(options, written, plan->arena);
    service_add_user(&own, plan);
    if (written) /* its admin has thought of modes: only what was observed by us is enforced */
        own.enforce = true;
    add_folders(&own, conf, folder, socket_folder, written ? written->log.json : conf->records,
                plan);
    if (!written && !add_configuration(options, conf, observe, plan, error))
        return false;
    if (options->enforce && plan_remove(plan, observe) && written &&
        service_answers(written->socket))
        service_add_reload(options, plan);
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
                                        .records = conf->records};
    if (written) {
        ret_wanted->mode = written->socket_mode;
        ret_wanted->group = written->socket_group;
        ret_wanted->records = written->log.json;
    }
    return ret_wanted->user || error_set(error, "memory is out");
}
