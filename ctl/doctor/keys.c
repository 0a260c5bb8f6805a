/* The signing keys: usable, complete, not too old. */
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "ctl/doctor/checks.h"
#include "ctl/doctor/mend.h"
#include "ctl/doctor/running.h"
#include "policy/shell.h"

#define OLD_DAYS 180

static const struct doctor_kind kinds[] = {
    {"keys.unusable", DOCTOR_PROBLEM,
     "a key or its folder is open to others, unreadable for the daemon, or no key",
     "Who can read a key signs as us, who can write its folder puts another in its place; the "
     "daemon takes neither, and does not start."},
    {"keys.missing", DOCTOR_PROBLEM, "a domain of ours has no key",
     "Its mail waits, or leaves unsigned where rule dkim says so."},
    {"keys.no-rsa", DOCTOR_PROBLEM, "a domain has no RSA key",
     "Many receivers know RSA only: for them its mail is unsigned."},
    {"keys.no-ed25519", DOCTOR_ADVICE, "a domain has no Ed25519 key",
     "Two signatures of different kinds still hold when one kind is broken."},
    {"keys.old", DOCTOR_ADVICE, "a key is older than 180 days",
     "The longer a key is in use, the longer a copy of it that somebody took serves them."},
    {"keys.foreign", DOCTOR_ADVICE, "there are keys for a domain that is none of ours",
     "They sign nothing, and have to be guarded all the same; or the domain is missing in "
     "domains."},
};

static const char *key_command(struct doctor *doctor, const char *domain, const char *options)
{
    const char *command = arena_printf(
        doctor->arena, "submilterctl -c %s key new %s%s%s", mend_quote(doctor, doctor->config),
        mend_quote(doctor, domain), options, running_then_reload(doctor));
    return command ? command : "";
}

/* The key store's sentences end in the command. */
static void look_at_store(struct doctor *doctor)
{
    static const char marker[] = "Mend it with: ";
    struct keystore_options options = {.folder = doctor->settings->dkim.keys};
    struct keystore *store = NULL;
    struct error error;
    if (!snapshot_identity(doctor->settings, &options.user, &options.group, &error))
        return; /* config.broken */
    if (keystore_load(&options, NULL, &store, &error)) {
        keystore_unref(store);
        return;
    }
    if (!running_as_root_or_it(doctor)) {
        doctor_cannot_look(doctor, options.folder, mend_sentence(doctor, "run it as root"),
                           "only root and the daemon's user can tell whether it can use the keys");
        return;
    }
    const char *command = shell_find_unquoted(error.text, marker);
    doctor_find(doctor, "keys.unusable", options.folder,
                command ? mend_command(doctor, "%s%s", command + sizeof marker - 1,
                                       running_then_reload(doctor))
                        : mend_sentence(doctor, "correct what the sentence names"),
                "%s", error.text);
}

static void look_at_domain(struct doctor *doctor, const char *domain)
{
    const struct key *keys;
    const char *where = arena_printf(doctor->arena, "domain %s", domain);
    size_t count = keystore_find(doctor->snapshot->keystore, bytes_of(domain),
                                 doctor->settings->dkim.parents, &keys);
    bool has[2] = {false, false};
    for (size_t i = 0; i < count; i++)
        has[keys[i].type == KEY_ED25519] = true;
    if (!count)
        doctor_find(doctor, "keys.missing", where,
                    mend_command(doctor, "%s", key_command(doctor, domain, "")),
                    "there is no key for %s in %s", domain, doctor->settings->dkim.keys);
    else if (!has[0])
        doctor_find(doctor, "keys.no-rsa", where,
                    mend_command(doctor, "%s", key_command(doctor, domain, " --type rsa")),
                    "%s has only Ed25519 keys", domain);
    else if (!has[1])
        doctor_find(doctor, "keys.no-ed25519", where,
                    mend_command(doctor, "%s", key_command(doctor, domain, " --type ed25519")),
                    "%s has only RSA keys", domain);
}

static bool is_ours(const struct texts *domains, const char *domain, bool parents)
{
    struct bytes name = bytes_of(domain);
    if (texts_have(domains, name))
        return true;
    for (size_t i = 0; parents && i < domains->count; i++) {
        struct bytes ours = bytes_of(domains->items[i]);
        if (ours.len > name.len && ours.data[ours.len - name.len - 1] == '.' &&
            bytes_end_with_nocase(ours, name))
            return true;
    }
    return false;
}

static long days_of(const struct key *key)
{
    struct stat status;
    return stat(key->path, &status) == 0 ? (long)((time(NULL) - status.st_mtime) / 86400) : 0;
}

static void look_at_key(struct doctor *doctor, const struct key *key)
{
    const char *word = mend_quote(doctor, key->path);
    const char *reload = running_then_reload(doctor);
    long days = days_of(key);
    const struct texts *domains = &doctor->settings->site.domains;
    bool known = domains->count > 0; /* else config.no-domains */
    if (known && !is_ours(domains, key->domain, doctor->settings->dkim.parents))
        doctor_find(doctor, "keys.foreign", key->path,
                    mend_command(doctor, "mv %s %s.unused%s", word, word, reload),
                    "%s is not in domains of %s", key->domain, doctor->config);
    else if (days > OLD_DAYS)
        doctor_find(
            doctor, "keys.old", key->path,
            mend_sentence(doctor,
                          "roll it over: make a new key (submilterctl -c %s key new %s --type %s), "
                          "publish the record that it prints, and wait until all name servers of "
                          "the domain show it; have the daemon sign with it too%s%s%s; then take "
                          "the old one out (mv %s %s.retired), reload once more, and leave its "
                          "record in DNS for a week",
                          mend_quote(doctor, doctor->config), mend_quote(doctor, key->domain),
                          key->type == KEY_RSA ? "rsa" : "ed25519", *reload ? " (" : "",
                          *reload ? reload + strlen(" && ") : "", *reload ? ")" : "", word, word),
            "it is %ld days old", days);
}

static void look(struct doctor *doctor)
{
    if (!doctor->settings)
        return;
    look_at_store(doctor);
    if (!doctor->snapshot)
        return;
    for (size_t i = 0; settings_signs(doctor->settings) && i < doctor->settings->site.domains.count;
         i++)
        look_at_domain(doctor, doctor->settings->site.domains.items[i]);
    size_t count;
    const struct key *keys = keystore_keys(doctor->snapshot->keystore, &count);
    for (size_t i = 0; i < count; i++)
        look_at_key(doctor, &keys[i]);
}

const struct doctor_check doctor_check_keys = {
    .theme = "keys",
    .looks_at = "the signing keys: permissions, kinds, ages, domains",
    DOCTOR_KINDS(kinds),
    .look = look,
};
