/* Telling of groups what decisions are made with. */
#include "conf/memberships.h"

#include "conf/private.h"

static const char *changes_of(const struct group *group, struct arena *arena)
{
    const char *text = "";
    const struct node *rule = group->rules ? group->rules->first : NULL;
    for (; rule && text; rule = rule->next) {
        for (const struct node *key = rule->first; key && text; key = key->next) {
            char value[200];
            node_describe(key, value, sizeof value);
            text = arena_printf(arena, "%s%s%s.%s = %s", text, text[0] ? ", " : "", rule->name,
                                key->name, value);
        }
    }
    return text;
}

bool memberships_get(const struct settings *settings, struct arena *arena, struct bytes login,
                     size_t index, struct membership *ret_membership)
{
    const struct settings_private *private = settings->private;
    bool holds = true;
    for (size_t i = 0; i < private->group_count; i++) {
        const struct group *group = &private->groups[i];
        if (!groups_has(group, login))
            continue;
        if (index--) {
            holds = false;
            continue;
        }
        *ret_membership = (struct membership){.name = group->name,
                                              .file = group->node->file,
                                              .line = group->node->line,
                                              .holds = holds,
                                              .policies = group->policies,
                                              .changes = changes_of(group, arena)};
        return ret_membership->changes != NULL;
    }
    return false;
}
