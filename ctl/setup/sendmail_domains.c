/* The domains that a Sendmail has mail for, and so sends as. */
#include <string.h>

#include "ctl/setup/sendmail_parts.h"
#include "policy/address.h"

struct found {
    struct arena *arena;
    const char **items;
    size_t count;
    size_t room;
};

static bool keep(struct found *found, struct bytes name)
{
    const struct texts known = {found->items, found->count};
    struct bytes normal;
    if (!address_normalise_domain(found->arena, name, &normal))
        return false;
    if (texts_have(&known, normal))
        return true;
    if (found->count == found->room) {
        size_t room = found->room * 2 + 16;
        const char **items = arena_alloc(found->arena, room * sizeof *items);
        if (!items)
            return true; /* the arena remembers */
        if (found->count)
            memcpy(items, found->items, found->count * sizeof *items);
        found->items = items;
        found->room = room;
    }
    found->items[found->count++] = arena_text(found->arena, normal);
    return true;
}

static bool is_address(struct bytes name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!strchr("0123456789.", name.data[i]))
            return false;
    return true;
}

/* What may stand behind an @: this host's addresses and short names do not. */
static void add(struct found *found, const char *text)
{
    struct bytes name = bytes_of(text);
    if (name.len == 0 || name.data[0] == '.' || name.data[0] == '[' || name.data[0] == '$' ||
        bytes_find(name, '.') == name.len || bytes_find(name, '@') < name.len ||
        bytes_find(name, ':') < name.len || is_address(name) ||
        bytes_start_with_nocase(name, BYTES("localhost.")))
        return;
    keep(found, name);
}

/* The domains of "user@domain" and "@domain" in the text a map was made from. */
static void add_map(struct found *found, const char *value, struct plan *plan, const char *what)
{
    const char *slash = strchr(value, '/');
    struct place_file file = {0};
    struct error error;
    const char *path =
        slash ? arena_text(found->arena, (struct bytes){slash, strcspn(slash, " \t")}) : NULL;
    if (!path || !place_read(found->arena, path, &file, &error) || !file.exists) {
        plan_say(plan, PLAN_WARNING,
                 "%s: the domains in %s cannot be listed from here: name those that mail is sent "
                 "as with --domain",
                 what, path ? path : value);
        return;
    }
    for (struct bytes rest = file.content; rest.len;) {
        size_t end = bytes_find(rest, '\n');
        struct bytes line = bytes_slice(rest, 0, end);
        rest = bytes_slice(rest, end + 1, rest.len);
        size_t len = 0;
        while (len < line.len && !strchr(" \t\r", line.data[len]))
            len++;
        size_t at = bytes_find(bytes_slice(line, 0, len), '@');
        if (at < len && line.data[0] != '#')
            add(found, arena_text(found->arena, bytes_slice(line, at + 1, len)));
    }
}

bool sendmail_domains(const struct setup_options *options, const struct sendmail_site *site,
                      struct plan *plan, struct texts *ret_domains, struct error *error)
{
    /* $j and local names; virtual domains; domains that are masqueraded, and genericstable's */
    static const char *const classes[] = {"w", "{VirtHost}", "M", "G"};
    struct found found = {.arena = plan->arena};
    const char *masquerade = sendmail_cf_macro(&site->cf, "M");
    const struct sendmail_line *virtuser = sendmail_cf_map(&site->cf, "virtuser");
    struct texts words;
    for (size_t i = 0; i < options->domains.count; i++)
        if (!keep(&found, bytes_of(options->domains.items[i])))
            return error_set(error, "--domain: \"%.200s\" is no domain", options->domains.items[i]);
    if (masquerade)
        add(&found, masquerade);
    add(&found, site->host); /* what this host's own programs send as */
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        if (!sendmail_cf_class(plan->arena, &site->cf, classes[i], &words, error))
            return false;
        for (size_t k = 0; k < words.count; k++)
            add(&found, words.items[k]);
    }
    if (virtuser)
        add_map(&found, virtuser->value, plan, "virtusertable");
    if (arena_failed(plan->arena))
        return error_set(error, "memory is out");
    *ret_domains = (struct texts){found.items, found.count};
    return found.count > 0 ||
           error_set(error, "Sendmail names no domain that mail is sent as: name it with --domain");
}
