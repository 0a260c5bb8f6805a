/* smtpd_sender_login_maps as submilter reads it. */
#include <string.h>
#include <unistd.h>

#include "ctl/setup/postfix_parts.h"
#include "mta/words.h"

static bool is_submission(const struct postfix *postfix, const struct postfix_service *service)
{
    return postfix_use_of(postfix, service) == POSTFIX_SUBMISSION;
}

static const char *maps_at(const struct postfix *postfix, const struct postfix_service *service)
{
    return postfix_service_value(postfix, service, "smtpd_sender_login_maps");
}

/* Of the services where users log in, the first that has any. */
static const char *maps_of(const struct postfix *postfix)
{
    for (size_t i = 0; i < postfix->service_count; i++) {
        const struct postfix_service *service = &postfix->services[i];
        if (is_submission(postfix, service) && *maps_at(postfix, service))
            return maps_at(postfix, service);
    }
    return postfix_value(postfix, "smtpd_sender_login_maps");
}

/* submilter has one list for all who log in. */
static void warn_of_differing(const struct postfix *postfix, const char *maps, struct plan *plan)
{
    for (size_t i = 0; i < postfix->service_count; i++) {
        const struct postfix_service *service = &postfix->services[i];
        if (is_submission(postfix, service) && strcmp(maps_at(postfix, service), maps) != 0)
            plan_say(
                plan, PLAN_WARNING,
                "%s (%s) has another smtpd_sender_login_maps than the other services where "
                "users log in, \"%s\": submilter has one list for all of them, senders.tables, "
                "which is made of \"%s\"",
                service->name, service->type, maps_at(postfix, service), maps);
    }
}

static const char *without_proxy(const char *map)
{
    return strncmp(map, "proxy:", 6) == 0 ? map + 6 : map;
}

/* As it is, or NULL. A Berkeley DB is made from the text beside it, which is read instead. */
static const char *readable(struct arena *arena, const char *map)
{
    static const char *const same[] = {"texthash:", "inline:", "pcre:", "lmdb:", "cdb:"};
    static const char *const made[] = {"hash:", "btree:", "dbm:", "sdbm:"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        if (strncmp(map, same[i], strlen(same[i])) == 0)
            return map;
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        size_t len = strlen(made[i]);
        if (strncmp(map, made[i], len) == 0 && map[len] == '/' && access(map + len, R_OK) == 0)
            return arena_printf(arena, "texthash:%s", map + len);
    }
    return NULL;
}

static void say_how_it_is_read(struct plan *plan, const char *map, const char *table)
{
    if (!table)
        plan_say(plan, PLAN_WARNING,
                 "smtpd_sender_login_maps: submilter cannot read %s, so no table is named: a login "
                 "owns the address that it equals. Write what the maps hold, address and logins, "
                 "one a line, to a file, and name it in senders.tables as texthash:FILE; `postmap "
                 "-q ADDRESS %s` says what this one holds for an address",
                 map, map);
    else if (strcmp(table, without_proxy(map)) != 0)
        plan_say(plan, PLAN_NOTE,
                 "smtpd_sender_login_maps: of %s its text, %s, is read, at the start and at every "
                 "reload: after a postmap, reload submilter too",
                 without_proxy(map), table);
}

bool postfix_senders(const struct postfix *postfix, struct plan *plan, struct texts *ret_tables)
{
    struct texts words;
    bool unread = false;
    const char *maps = maps_of(postfix);
    if (!words_split(plan->arena, maps, &words))
        return false;
    const char **items = arena_alloc(plan->arena, (words.count + 1) * sizeof *items);
    *ret_tables = (struct texts){items, 0};
    for (size_t i = 0; items && i < words.count; i++) {
        const char *table = readable(plan->arena, without_proxy(words.items[i]));
        say_how_it_is_read(plan, words.items[i], table);
        if (table)
            items[ret_tables->count++] = table;
        unread = unread || !table;
    }
    if (unread) /* with half of the tables, the other half's senders would own nothing */
        ret_tables->count = 0;
    warn_of_differing(postfix, maps, plan);
    if (words.count == 0 && postfix_has_logins(postfix))
        plan_say(plan, PLAN_NOTE,
                 "smtpd_sender_login_maps is not set: a login owns the address that it equals, and "
                 "a login without a domain that name in each of the domains. Shared addresses need "
                 "a table: submilter.conf(5), WHO MAY SEND AS WHAT");
    return !arena_failed(plan->arena);
}

bool postfix_senders_may_enforce(const struct postfix *postfix, struct arena *arena,
                                 struct error *error)
{
    struct texts words;
    if (!words_split(arena, maps_of(postfix), &words))
        return error_set(error, "memory is out");
    for (size_t i = 0; i < words.count; i++)
        if (!readable(arena, without_proxy(words.items[i])))
            return error_set(
                error,
                "smtpd_sender_login_maps: submilter cannot read %s, so that it would refuse every "
                "address that its login does not equal: shared ones, aliases. Before --enforce "
                "export what the maps hold to a file, address and logins, one a line (a hash: map "
                "by `postmap -s`, a database by a query of its own), and name it in senders.tables "
                "of submilter.conf, as texthash:FILE",
                words.items[i]);
    return !arena_failed(arena) || error_set(error, "memory is out");
}
