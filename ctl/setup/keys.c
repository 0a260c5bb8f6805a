/* Making keys as `submilterctl key new` does, and showing their DNS records. */
#include "ctl/setup/keys.h"

#include <pwd.h>
#include <string.h>
#include <time.h>

#include "dkim/keygen.h"
#include "dkim/our_command.h"
#include "policy/address.h"

struct keys_wanted {
    struct texts domains;
    const char *folder;
    const char *user;
};

/* Before the user is made, keys can only be root's. */
static struct keystore_options place_of(const struct keys_wanted *wanted)
{
    const struct passwd *user = getpwnam(wanted->user);
    return (struct keystore_options){wanted->folder, user ? user->pw_uid : 0,
                                     user ? user->pw_gid : 0};
}

static const char *normal_domain(struct arena *arena, const char *domain)
{
    struct bytes normal;
    return address_normalise_domain(arena, bytes_of(domain), &normal) ? arena_text(arena, normal)
                                                                      : domain;
}

static bool has_key(const struct keystore *store, struct arena *arena, const char *domain)
{
    const struct key *keys;
    return keystore_find(store, bytes_of(normal_domain(arena, domain)), false, &keys) > 0;
}

static void show_records(const struct keys_wanted *wanted, const struct keystore *store,
                         struct plan *plan)
{
    for (size_t i = 0; i < wanted->domains.count; i++) {
        const struct key *keys;
        const char *domain = normal_domain(plan->arena, wanted->domains.items[i]);
        size_t count = keystore_find(store, bytes_of(domain), false, &keys);
        for (size_t j = 0; j < count; j++) {
            const char *name =
                arena_printf(plan->arena, "%s._domainkey.%s", keys[j].selector, keys[j].domain);
            const char *value = arena_text(plan->arena, bytes_of(keys[j].record));
            if (name && value)
                plan_dns(plan, name, value);
        }
    }
}

static bool make(struct arena *arena, const struct keystore_options *place, const char *domain,
                 struct error *error)
{
    static const enum key_type types[] = {KEY_RSA, KEY_ED25519};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        const char *path;
        struct keygen_selector selector = keygen_default_selector(time(NULL), types[i]);
        const struct keygen_options options = {
            .place = *place, .domain = domain, .selector = selector.text, .type = types[i]};
        if (!keygen_make(&options, arena, &path, error))
            return false;
    }
    return true;
}

static bool make_missing(void *context, struct plan *plan, struct error *error)
{
    const struct keys_wanted *wanted = context;
    struct keystore_options place = place_of(wanted);
    struct keystore *store;
    bool made = true;
    if (!keystore_load(&place, NULL, &store, error))
        return false;
    for (size_t i = 0; made && i < wanted->domains.count; i++)
        if (!has_key(store, plan->arena, wanted->domains.items[i]))
            made = make(plan->arena, &place, wanted->domains.items[i], error);
    keystore_unref(store);
    if (!made || !keystore_load(&place, NULL, &store, error))
        return false;
    plan->records = plan->last_record = NULL;
    show_records(wanted, store, plan);
    keystore_unref(store);
    return true;
}

/* The settings that these may come from are gone when the plan is carried out. */
static bool keep(struct arena *arena, const struct setup_options *options,
                 const struct texts *domains, const char *folder, struct keys_wanted *ret)
{
    const char **items = arena_alloc(arena, (domains->count + 1) * sizeof *items);
    if (!items)
        return false;
    for (size_t i = 0; i < domains->count; i++)
        items[i] = arena_text(arena, bytes_of(domains->items[i]));
    *ret = (struct keys_wanted){{items, domains->count},
                                arena_text(arena, bytes_of(folder)),
                                arena_text(arena, bytes_of(options->user))};
    return !arena_failed(arena);
}

bool keys_add(const struct setup_options *options, const struct texts *domains, const char *folder,
              struct plan *plan, struct error *error)
{
    struct keys_wanted *wanted = arena_alloc(plan->arena, sizeof *wanted);
    const char *missing = "";
    struct keystore *store;
    if (!wanted)
        return error_set(error, "memory is out");
    if (!keep(plan->arena, options, domains, folder, wanted))
        return error_set(error, "memory is out");
    struct keystore_options place = place_of(wanted);
    if (!keystore_load(&place, NULL, &store, error))
        return false;
    for (size_t i = 0; missing && i < domains->count; i++)
        if (!has_key(store, plan->arena, domains->items[i]))
            missing = arena_printf(plan->arena, "%s%s %s", missing, *missing ? "," : "",
                                   domains->items[i]);
    show_records(wanted, store, plan);
    keystore_unref(store);
    if (missing && *missing && options->keys) {
        struct plan_row *row = plan_act(
            plan,
            arena_printf(plan->arena, "keys to sign with, RSA and Ed25519, are made in %s for:%s",
                         folder, missing),
            make_missing, wanted);
        if (row)
            row->stays = arena_printf(plan->arena, "the keys in %s", folder);
        plan_say(plan, PLAN_NEXT,
                 "Publish the DNS records of the keys: %s key show --dns. Until then "
                 "receivers see signatures that they cannot check, as if there were none.",
                 our_command());
    } else if (missing && *missing) {
        plan_say(plan, PLAN_NOTE, "no keys are made for%s (--no-keys): their mail is not signed",
                 missing);
    }
    return !arena_failed(plan->arena) || error_set(error, "memory is out");
}
