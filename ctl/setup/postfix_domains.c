/* The domains that a Postfix has mail for, and so sends as. */
#include <stdio.h>
#include <string.h>

#include "ctl/setup/postfix_parts.h"
#include "mta/program.h"
#include "mta/words.h"
#include "policy/address.h"

#define MOST 10000

struct found {
    const struct postfix *postfix;
    struct plan *plan;
    const char **items;
    size_t count;
};

static void add(struct found *found, struct bytes name)
{
    struct bytes normal;
    const struct texts known = {found->items, found->count};
    if (name.len && name.data[0] == '.')
        return; /* what is below a domain */
    if (bytes_find(name, '.') == name.len || bytes_find(name, '@') < name.len ||
        bytes_end_with_nocase(name, BYTES(".localdomain")) ||
        bytes_start_with_nocase(name, BYTES("localhost.")) ||
        !address_normalise_domain(found->plan->arena, name, &normal) ||
        texts_have(&known, normal) || found->count == MOST)
        return;
    const char *kept = arena_text(found->plan->arena, normal);
    if (kept)
        found->items[found->count++] = kept;
}

/* The first word of each line that begins with one. */
static void add_lines(struct found *found, struct bytes text)
{
    while (text.len) {
        size_t end = bytes_find(text, '\n');
        struct bytes line = bytes_slice(text, 0, end);
        text = bytes_slice(text, end + 1, text.len);
        size_t word = 0;
        while (word < line.len && line.data[word] != ' ' && line.data[word] != '\t' &&
               line.data[word] != '\r')
            word++;
        if (word && line.data[0] != '#')
            add(found, bytes_slice(line, 0, word));
    }
}

static bool add_file(struct found *found, const char *path)
{
    struct place_file file;
    struct error error;
    if (!place_read(found->plan->arena, path, &file, &error) || !file.exists)
        return false;
    add_lines(found, file.content);
    return true;
}

/* postmap walks through an indexed table; a text table is its own list. */
static bool add_table(struct found *found, const char *type, const char *path)
{
    static const char *const listed[] = {"hash", "btree", "lmdb", "cdb", "dbm", "sdbm"};
    struct program_output output;
    struct error error;
    const char *table = arena_printf(found->plan->arena, "%s:%s", type, path);
    const char *const argv[] = {"postmap", "-c", found->postfix->config, "-s", table, NULL};
    if (strcmp(type, "texthash") == 0)
        return add_file(found, path);
    for (size_t i = 0; i < sizeof listed / sizeof *listed; i++)
        if (table && strcmp(type, listed[i]) == 0) {
            if (!program_must_run(found->plan->arena, argv, 60, &output, &error))
                return add_file(found, path);
            add_lines(found, output.out);
            return true;
        }
    return false;
}

static void add_word(struct found *found, const char *parameter, const char *word)
{
    char type[32];
    const char *colon = strchr(word, ':');
    if (*word == '!' || *word == '{')
        return;
    if (*word == '/' || colon) {
        if (strncmp(word, "proxy:", 6) == 0 && strchr(word + 6, ':')) {
            add_word(found, parameter, word + 6);
            return;
        }
        snprintf(type, sizeof type, "%.*s", colon ? (int)(colon - word) : 0, word);
        const struct postfix_parameter *set = postfix_parameter(found->postfix, parameter);
        bool listed = colon ? add_table(found, type, colon + 1) : add_file(found, word);
        if (!listed && set && set->is_set) /* else it is a map of addresses, which may have none */
            plan_say(found->plan, PLAN_WARNING,
                     "%s: the domains in %s cannot be listed from here: name those that mail is "
                     "sent as with --domain",
                     parameter, word);
        return;
    }
    add(found, bytes_of(word));
}

/* but: a name that is no domain of users, or NULL. */
static bool add_parameter(struct found *found, const char *name, const char *but)
{
    struct texts words;
    if (!words_split(found->plan->arena, postfix_value(found->postfix, name), &words))
        return false;
    for (size_t i = 0; i < words.count; i++)
        if (!but || !bytes_equal_nocase(bytes_of(words.items[i]), bytes_of(but)))
            add_word(found, name, words.items[i]);
    return true;
}

/* What this host's programs send as; Debian has the name of a file there. */
static void add_origin(struct found *found)
{
    const char *origin = postfix_value(found->postfix, "myorigin");
    struct place_file file;
    struct error error;
    if (*origin != '/')
        add(found, bytes_of(origin));
    else if (place_read(found->plan->arena, origin, &file, &error) && file.exists)
        add(found, bytes_trim(bytes_slice(file.content, 0, bytes_find(file.content, '\n'))));
}

bool postfix_domains(const struct setup_options *options, const struct postfix *postfix,
                     struct plan *plan, struct texts *ret_domains, struct error *error)
{
    static const char *const lists[] = {"virtual_mailbox_domains", "virtual_alias_domains"};
    struct found found = {postfix, plan, arena_alloc(plan->arena, MOST * sizeof(char *)), 0};
    const char *host = postfix_value(postfix, "myhostname");
    bool good = found.items != NULL;
    for (size_t i = 0; good && i < options->domains.count; i++) {
        size_t before = found.count;
        struct texts known = {found.items, found.count};
        struct bytes normal;
        if (!address_normalise_domain(plan->arena, bytes_of(options->domains.items[i]), &normal))
            return error_set(error, "--domain: \"%.200s\" is no domain", options->domains.items[i]);
        if (!texts_have(&known, normal))
            found.items[found.count] = arena_text(plan->arena, normal);
        found.count += !texts_have(&known, normal) && found.items[before];
    }
    if (good)
        add_origin(&found);
    good = good && add_parameter(&found, "mydestination", host);
    for (size_t i = 0; good && i < sizeof lists / sizeof *lists; i++)
        good = add_parameter(&found, lists[i], NULL);
    *ret_domains = (struct texts){found.items, found.count};
    if (!good || arena_failed(plan->arena))
        return error_set(error, "memory is out");
    return found.count > 0 ||
           error_set(error, "Postfix names no domain that mail is sent as: name it with --domain");
}
