/* Which limits hold for whom. */
#include "ctl/limits/held.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "conf/unit.h"
#include "policy/arena.h"
#include "policy/bounds.h"

struct list {
    struct held *items;
    size_t count;
    size_t room;
    struct arena *arena;
};

static bool takes_logins(const struct settings *settings, const struct listener *listener)
{
    return listener->asks_login
               ? listener->login
               : strcmp(settings_policy_base(settings, listener->policy), "submission") == 0;
}

static bool is_asked(enum subject_kind kind, enum subject_kind subject)
{
    return subject == kind || (kind == SUBJECT_LOGIN && subject == SUBJECT_GROUP);
}

static bool add(struct list *list, const struct held *limit)
{
    if (list->count == list->room) {
        size_t room = list->room ? list->room * 2 : 16;
        struct held *items = arena_alloc(list->arena, room * sizeof *items);
        if (!items)
            return false;
        if (list->count)
            memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        list->room = room;
    }
    list->items[list->count++] = *limit;
    return true;
}

static bool add_texts(struct list *list, struct held limit, const struct texts *texts)
{
    struct error error; /* they were checked when the configuration was read */
    for (size_t i = 0; i < texts->count; i++)
        if (limit_parse(texts->items[i], &limit.limit, &error) && !add(list, &limit))
            return false;
    return true;
}

static bool add_policy(struct list *list, enum subject_kind kind, const struct policy *policy)
{
    const struct limits_settings *settings =
        (const struct limits_settings *)policy->settings[RULE_limits];
    struct held limit = {.policy = policy->name, .mode = settings->common.mode};
    if (limit.mode == MODE_OFF)
        return true;
    for (int i = 0; i < SUBJECT_COUNT; i++) {
        limit.subject = (enum subject_kind)i;
        if (is_asked(kind, limit.subject) && !add_texts(list, limit, &settings->by[i]))
            return false;
    }
    limit.subject = SUBJECT_LOGIN;
    limit.contain = true;
    return kind != SUBJECT_LOGIN || add_texts(list, limit, &settings->contain);
}

static bool is_first_of_policy(const struct settings *settings, size_t listener, bool for_logins)
{
    const struct listener *own = &settings->listeners[listener];
    if (for_logins && !takes_logins(settings, own))
        return false;
    for (size_t i = 0; i < listener; i++)
        if ((!for_logins || takes_logins(settings, &settings->listeners[i])) &&
            strcmp(settings->listeners[i].policy, own->policy) == 0)
            return false;
    return true;
}

static const struct policy *policy_for(const struct settings *settings, const char *policy,
                                       enum subject_kind kind, struct bytes name)
{
    if (kind == SUBJECT_GROUP) {
        const struct policy *of_group = settings_group_policy(settings, policy, name);
        if (of_group)
            return of_group;
    }
    return settings_policy(settings, policy,
                           kind == SUBJECT_LOGIN ? name : (struct bytes){NULL, 0});
}

bool held_collect(const struct settings *settings, enum subject_kind kind, struct bytes name,
                  struct arena *arena, const struct held **ret_limits, size_t *ret_count,
                  struct error *error)
{
    struct list list = {.arena = arena};
    bool for_logins = kind == SUBJECT_LOGIN || kind == SUBJECT_GROUP;
    size_t policies = 0;
    bool well = true;
    for (size_t i = 0; i < settings->listener_count && well; i++) {
        if (!is_first_of_policy(settings, i, for_logins))
            continue;
        policies++;
        well = add_policy(&list, kind,
                          policy_for(settings, settings->listeners[i].policy, kind, name));
    }
    /* Where no listener is for logins, that policy holds. */
    if (well && !policies)
        well = add_policy(&list, kind, policy_for(settings, "submission", kind, name));
    *ret_limits = list.items;
    *ret_count = list.count;
    return well || error_set(error, "out of memory");
}

const char *held_text(const struct limit *limit, char ret_text[HELD_TEXT_SIZE])
{
    char max[24];
    if (limit->quantity == QUANTITY_BYTES)
        unit_spell(OPTION_SIZE, limit->max, max, sizeof max);
    else
        snprintf(max, sizeof max, "%" PRId64, limit->max);
    snprintf(ret_text, HELD_TEXT_SIZE, "%s %s/%s", max, quantity_word(limit->quantity),
             window_word(limit->window));
    return ret_text;
}
