/* smtpd_sender_login_maps as submilter reads it. */
#include <string.h>
#include <unistd.h>

#include "ctl/setup/postfix_parts.h"
#include "mta/words.h"

/* Of the services where users log in, the first that has any. */
static const char *maps_of(const struct postfix *postfix)
{
    for (size_t i = 0; i < postfix->service_count; i++) {
        const struct postfix_service *service = &postfix->services[i];
        const char *maps = postfix_service_value(postfix, service, "smtpd_sender_login_maps");
        if (postfix_use_of(postfix, service) == POSTFIX_SUBMISSION && *maps)
            return maps;
    }
    return postfix_value(postfix, "smtpd_sender_login_maps");
}

/* As it is, or NULL. A Berkeley DB is made from the text beside it, which is read instead. */
static const char *readable(struct plan *plan, const char *map)
{
    static const char *const same[] = {"texthash:", "inline:", "pcre:", "lmdb:", "cdb:"};
    static const char *const made[] = {"hash:", "btree:", "dbm:", "sdbm:"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        if (strncmp(map, same[i], strlen(same[i])) == 0)
            return map;
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        size_t len = strlen(made[i]);
        if (strncmp(map, made[i], len) != 0 || map[len] != '/' || access(map + len, R_OK) != 0)
            continue;
        plan_say(plan, PLAN_NOTE,
                 "smtpd_sender_login_maps: of %s its text, texthash:%s, is read, at the start and "
                 "at every reload: after a postmap, reload submilter too",
                 map, map + len);
        return arena_printf(plan->arena, "texthash:%s", map + len);
    }
    return NULL;
}

static void warn(struct plan *plan, const char *map)
{
    plan_say(
        plan, PLAN_WARNING,
        "smtpd_sender_login_maps: submilter cannot read %s, so no table is named: a login owns "
        "the address that it equals. Write what the maps hold, address and logins, one a "
        "line, to a file, and name it in senders.tables as texthash:FILE; `postmap -q ADDRESS "
        "%s` says what this one holds for an address",
        map, map);
}

bool postfix_senders(const struct postfix *postfix, struct plan *plan, struct texts *ret_tables)
{
    struct texts words;
    bool unread = false;
    if (!words_split(plan->arena, maps_of(postfix), &words))
        return false;
    const char **items = arena_alloc(plan->arena, (words.count + 1) * sizeof *items);
    *ret_tables = (struct texts){items, 0};
    for (size_t i = 0; items && i < words.count; i++) {
        const char *word = words.items[i];
        const char *table = readable(plan, strncmp(word, "proxy:", 6) == 0 ? word + 6 : word);
        if (table)
            items[ret_tables->count++] = table;
        else
            warn(plan, word);
        unread = unread || !table;
    }
    if (unread) /* with half of the tables, the other half's senders would own nothing */
        ret_tables->count = 0;
    if (words.count == 0 && postfix_has_logins(postfix))
        plan_say(plan, PLAN_NOTE,
                 "smtpd_sender_login_maps is not set: a login owns the address that it equals, and "
                 "a login without a domain that name in each of the domains. Shared addresses need "
                 "a table: submilter.conf(5), WHO MAY SEND AS WHAT");
    return !arena_failed(plan->arena);
}
