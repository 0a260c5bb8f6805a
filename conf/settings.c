/* Loading: files are read, checked and merged, and the settings are built from what comes out. */
#include "conf/settings.h"

#include <stdlib.h>

#include "conf/files.h"
#include "conf/fill.h"
#include "conf/parse.h"
#include "conf/private.h"
#include "policy/address.h"

/* Far above what files_read, the scanner's caps and the groups can ask for on any real site. */
#define CEILING ((size_t)1024 * 1024 * 1024)

static bool take_files(struct settings *settings, const struct file *files, size_t count,
                       struct error *error)
{
    struct settings_private *private = settings->private;
    if (!files_hash(files, count, settings->hash, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct node *root = NULL;
        if (!parse_text(private->arena, files[i].path, files[i].text, &root, error) ||
            !schema_check(&private->schema, root, private->arena, error))
            return false;
        node_merge(private->root, root);
    }
    return true;
}

static bool normalise_domains(struct settings *settings, const struct texts *written,
                              struct error *error)
{
    struct arena *arena = settings->private->arena;
    const char **domains = arena_alloc(arena, written->count * sizeof *domains);
    if (!domains)
        return error_set(error, "out of memory");
    for (size_t i = 0; i < written->count; i++) {
        struct bytes domain = {0};
        if (!address_normalise_domain(arena, bytes_of(written->items[i]), &domain))
            return error_set(error, "domains: %s is not a domain name", written->items[i]);
        domains[i] = arena_text(arena, domain);
        if (!domains[i])
            return error_set(error, "out of memory");
    }
    settings->site.domains = (struct texts){domains, written->count};
    return true;
}

static const char *none_if_empty(const char *text)
{
    return text && text[0] ? text : NULL;
}

static bool build_top(struct settings *settings, struct error *error)
{
    struct top_settings top = {0};
    if (!fill_all(top_rows, settings->private->root, settings->private->arena, &top, error))
        return false;
    settings->site.authserv_ids = top.authserv_ids;
    settings->socket = top.socket;
    settings->socket_mode = (unsigned)strtoul(top.socket_mode, NULL, 8);
    settings->socket_group = none_if_empty(top.socket_group);
    settings->user = none_if_empty(top.user);
    settings->pid_file = top.pid_file;
    settings->core_dumps = top.core_dumps;
    settings->timeout = top.timeout;
    settings->expectations = top.expectations;
    return normalise_domains(settings, &top.domains, error);
}

static void take_empty_as_none(struct settings *settings)
{
    const char **const texts[] = {
        &settings->log.json,
        &settings->history.file,
        &settings->counters.file,
        &settings->counters.redis,
        &settings->counters.redis_password_file,
        &settings->counters.secret_file,
        &settings->alerts.command,
        &settings->alerts.webhook,
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = none_if_empty(*texts[i]);
}

static bool build_sections(struct settings *settings, struct error *error)
{
    struct arena *arena = settings->private->arena;
    const struct node *root = settings->private->root;
    if (!fill_all(senders_rows, node_member(root, "senders"), arena, &settings->senders, error) ||
        !fill_all(dkim_rows, node_member(root, "dkim"), arena, &settings->dkim, error) ||
        !fill_all(log_rows, node_member(root, "log"), arena, &settings->log, error) ||
        !fill_all(history_rows, node_member(root, "history"), arena, &settings->history, error) ||
        !fill_all(counters_rows, node_member(root, "counters"), arena, &settings->counters,
                  error) ||
        !fill_all(alerts_rows, node_member(root, "alerts"), arena, &settings->alerts, error))
        return false;
    int pair = settings->dkim.header_canonicalization;
    settings->dkim.header_canonicalization = pair / 2;
    settings->dkim.body_canonicalization = pair % 2;
    take_empty_as_none(settings);
    if (settings->counters.known_after <= settings->counters.remember)
        return true;
    error_set(error, "correspondents would be forgotten (counters.remember) before they are known; "
                     "expected no more than counters.remember");
    return settings_blame(settings, "counters", "known_after", error);
}

bool settings_blame(const struct settings *settings, const char *section, const char *key,
                    struct error *error)
{
    const struct node *node = node_member(node_member(settings->private->root, section), key);
    if (node && node->file)
        return error_prefix(error, "%s:%u: %s.%s: ", node->file, node->line, section, key);
    return error_prefix(error, "%s: %s.%s: ", settings->path, section, key);
}

static bool build(struct settings *settings, const struct file *files, size_t count,
                  struct error *error)
{
    struct settings_private *private = settings->private;
    return schema_new(private->arena, &private->schema, error) &&
           take_files(settings, files, count, error) && build_top(settings, error) &&
           build_sections(settings, error) && groups_build(settings, error) &&
           policies_build(settings, error) && listeners_build(settings, error);
}

/* The empty object, in the arena that it owns. */
static struct settings *settings_new(const char *path)
{
    struct arena *arena = arena_new(CEILING);
    if (!arena)
        return NULL;
    struct settings *settings = arena_alloc(arena, sizeof *settings);
    struct settings_private *private = arena_alloc(arena, sizeof *private);
    if (!settings || !private) {
        arena_free(arena);
        return NULL;
    }
    private->arena = arena;
    private->root = node_new_group(arena);
    atomic_init(&private->references, 1);
    settings->private = private;
    settings->path = arena_text(arena, bytes_of(path));
    return settings;
}

static bool load(const char *path, const struct file *files, size_t count,
                 struct settings **ret_settings, struct error *error)
{
    struct settings *settings = settings_new(path);
    struct file *read = NULL;
    if (!settings || arena_failed(settings->private->arena)) {
        settings_unref(settings);
        return error_set(error, "%s: out of memory", path);
    }
    bool there = files || files_read(path, settings->private->arena, &read, &count, error);
    if (!there || !build(settings, files ? files : read, count, error)) {
        settings_unref(settings);
        return false;
    }
    *ret_settings = settings;
    return true;
}

bool settings_load(const char *path, struct settings **ret_settings, struct error *error)
{
    return load(path, NULL, 0, ret_settings, error);
}

bool settings_load_files(const char *path, const struct file *files, size_t count,
                         struct settings **ret_settings, struct error *error)
{
    return load(path, files, count, ret_settings, error);
}

struct settings *settings_ref(struct settings *settings)
{
    if (settings)
        atomic_fetch_add_explicit(&settings->private->references, 1, memory_order_relaxed);
    return settings;
}

void settings_unref(struct settings *settings)
{
    if (settings &&
        atomic_fetch_sub_explicit(&settings->private->references, 1, memory_order_acq_rel) == 1)
        arena_free(settings->private->arena);
}
