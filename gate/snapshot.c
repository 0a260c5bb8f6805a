/* Loading settings, tables and keys as one checked whole. */
#include "gate/snapshot.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dkim/account.h"
#include "dkim/trial.h"
#include "policy/converter.h"
#include "policy/lookalike.h"
#include "policy/shell.h"

struct counted_snapshot {
    struct snapshot snapshot; /* first, so that one pointer serves for both */
    atomic_uint references;
};

bool snapshot_identity(const struct settings *settings, uid_t *ret_user, gid_t *ret_group,
                       struct error *error)
{
    *ret_user = geteuid();
    *ret_group = getegid();
    if (!settings->user || *ret_user != 0)
        return true;
    int failed = account_find_user(settings->user, ret_user, ret_group);
    if (failed == ENOENT)
        return error_set(error,
                         "%s: user: there is no user \"%s\" on this host; make it with: useradd "
                         "--system --no-create-home --shell /usr/sbin/nologin %s",
                         settings->path, settings->user, shell_word(settings->user).text);
    return !failed || error_set(error, "%s: user: nobody can tell who \"%s\" is: %s",
                                settings->path, settings->user, strerror(failed));
}

static bool load_keys(struct snapshot *snapshot, const struct snapshot *previous,
                      struct error *error)
{
    const struct dkim_settings *dkim = &snapshot->settings->dkim;
    struct keystore_options options = {.folder = dkim->keys};
    if (!snapshot_identity(snapshot->settings, &options.user, &options.group, error))
        return false;
    if (!keystore_load(&options, previous ? previous->keystore : NULL, &snapshot->keystore, error))
        return false;
    const struct signing_options signing = {
        .simple_header = dkim->header_canonicalization == 1,
        .simple_body = dkim->body_canonicalization == 1,
        .sign_fields = dkim->sign_fields,
        .oversign_fields = dkim->oversign_fields,
        .expire = dkim->expire,
    };
    return signing_profile_new(&signing, &snapshot->profile, error) &&
           (!settings_signs(snapshot->settings) ||
            signing_trial(snapshot->profile, snapshot->keystore, error));
}

static bool load_senders(struct snapshot *snapshot, const struct snapshot *previous,
                         struct error *error)
{
    const struct senders_settings *senders = &snapshot->settings->senders;
    const struct senders_options options = {
        .tables = senders->tables,
        .extensions = senders->extensions,
        .recipient_delimiter = senders->recipient_delimiter,
        .case_sensitive_local = senders->case_sensitive_local,
        .site = &snapshot->settings->site,
        .previous = previous ? previous->senders : NULL,
    };
    return senders_open(&options, &snapshot->senders, error) ||
           settings_blame(snapshot->settings, "senders", "tables", error);
}

bool snapshot_of(struct settings *settings, const struct snapshot *previous,
                 struct snapshot **ret_snapshot, struct error *error)
{
    struct counted_snapshot *counted = calloc(1, sizeof *counted);
    if (!counted)
        return error_set(error, "%s: out of memory", settings->path);
    atomic_init(&counted->references, 1);
    struct snapshot *snapshot = &counted->snapshot;
    snapshot->settings = settings_ref(settings);
    if (!load_senders(snapshot, previous, error) || !load_keys(snapshot, previous, error)) {
        snapshot_unref(snapshot);
        return false;
    }
    *ret_snapshot = snapshot;
    return true;
}

bool snapshot_load(const char *path, const struct snapshot *previous,
                   struct snapshot **ret_snapshot, struct error *error)
{
    struct settings *settings;
    converter_begin();
    lookalike_begin();
    if (!settings_load(path, &settings, error))
        return false;
    bool loaded = snapshot_of(settings, previous, ret_snapshot, error);
    settings_unref(settings);
    return loaded;
}

struct snapshot *snapshot_ref(struct snapshot *snapshot)
{
    struct counted_snapshot *counted = (struct counted_snapshot *)snapshot;
    atomic_fetch_add(&counted->references, 1);
    return snapshot;
}

bool snapshot_is_left(const struct snapshot *snapshot)
{
    const struct counted_snapshot *counted = (const struct counted_snapshot *)snapshot;
    return atomic_load(&counted->references) == 1;
}

void snapshot_unref(struct snapshot *snapshot)
{
    struct counted_snapshot *counted = (struct counted_snapshot *)snapshot;
    if (!counted || atomic_fetch_sub(&counted->references, 1) != 1)
        return;
    signing_profile_free(snapshot->profile);
    keystore_unref(snapshot->keystore);
    senders_free(snapshot->senders);
    settings_unref(snapshot->settings);
    free(counted);
}
