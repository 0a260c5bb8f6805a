/* Groups of users, and who is in them. */
#include <string.h>

#include "conf/fill.h"
#include "conf/private.h"
#include "policy/login.h"

/* As those of messages are. */
static bool compose_logins(struct arena *arena, struct texts *logins)
{
    const char **composed = arena_alloc(arena, logins->count * sizeof *composed);
    for (size_t i = 0; composed && i < logins->count; i++)
        composed[i] = login_compose(arena, bytes_of(logins->items[i])).data;
    *logins = (struct texts){composed, composed ? logins->count : 0};
    return !arena_failed(arena);
}

static bool build_group(struct settings *settings, const struct node *node, struct group *group,
                        struct error *error)
{
    struct group_settings rows = {0};
    if (!fill_all(group_rows, node, settings->private->arena, &rows, error))
        return false;
    if (!rows.name)
        return node_error(node, error, "expected the group's name: name = \"...\";");
    if (!compose_logins(settings->private->arena, &rows.logins))
        return error_set(error, "out of memory");
    *group = (struct group){.name = rows.name,
                            .logins = rows.logins,
                            .policies = rows.policies,
                            .node = node,
                            .rules = node_member(node, "rules")};
    return true;
}

static bool name_is_new(const struct settings_private *private, size_t index, struct error *error)
{
    const struct group *group = &private->groups[index];
    for (size_t i = 0; i < index; i++)
        if (strcmp(private->groups[i].name, group->name) == 0)
            return node_error(group->node, error, "there are two groups named \"%s\"", group->name);
    return true;
}

bool groups_build(struct settings *settings, struct error *error)
{
    struct settings_private *private = settings->private;
    const struct node *list = node_member(private->root, "groups");
    if (!list)
        return true;
    private->groups = arena_alloc(private->arena, list->count * sizeof *private->groups);
    if (!private->groups)
        return error_set(error, "out of memory");
    for (const struct node *node = list->first; node; node = node->next) {
        size_t index = private->group_count;
        if (!build_group(settings, node, &private->groups[index], error) ||
            !name_is_new(private, index, error))
            return false;
        private->group_count++;
    }
    return true;
}

bool groups_has(const struct group *group, struct bytes login)
{
    if (!login.len)
        return false;
    for (size_t i = 0; i < group->logins.count; i++) {
        struct bytes item = bytes_of(group->logins.items[i]);
        bool domain = item.data[0] == '@';
        if (domain ? login.len > item.len && bytes_end_with_nocase(login, item)
                   : bytes_equal_nocase(login, item))
            return true;
    }
    return false;
}

size_t groups_find(const struct settings *settings, struct bytes login)
{
    const struct settings_private *private = settings->private;
    size_t i = 0;
    while (i < private->group_count && !groups_has(&private->groups[i], login))
        i++;
    return i;
}

const char *settings_group(const struct settings *settings, struct bytes login)
{
    size_t i = groups_find(settings, login);
    return i < settings->private->group_count ? settings->private->groups[i].name : NULL;
}

const char *settings_group_at(const struct settings *settings, size_t index)
{
    return index < settings->private->group_count ? settings->private->groups[index].name : NULL;
}

bool groups_covers(const struct group *group, const char *policy)
{
    for (size_t i = 0; i < group->policies.count; i++)
        if (strcmp(group->policies.items[i], policy) == 0)
            return true;
    return group->policies.count == 0;
}
