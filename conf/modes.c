/* Reading modes off the settings, with the places that they come from. */
#include "conf/modes.h"

#include <string.h>

#include "conf/nearest.h"
#include "conf/private.h"

static const struct node *mode_node(const struct node *policy, enum rule_id rule)
{
    return node_member(node_member(policy, rules[rule]->name), "mode");
}

static void say_origin(struct mode_row *row, const struct node *node)
{
    row->file = node ? node->file : NULL;
    row->line = node ? node->line : 0;
}

static struct mode_row row_of_policy(const struct settings *settings,
                                     const struct named_policy *policy, enum rule_id rule)
{
    const struct node *node = mode_node(policy->node, rule);
    struct mode_row row = {.policy = policy->name,
                           .mode = policy->plain.settings[rule]->mode,
                           .action = policy->plain.settings[rule]->action,
                           .follows = !node && strcmp(policy->name, policy->base) != 0};
    if (row.follows)
        node = mode_node(policies_find(settings, policy->base)->node, rule);
    say_origin(&row, node);
    return row;
}

static struct mode_row row_of_group(const struct named_policy *policy, const struct mode_row *plain,
                                    const struct group *group, size_t index, enum rule_id rule)
{
    const struct node *node = mode_node(group->rules, rule);
    struct mode_row row = *plain;
    row.group = group->name;
    row.mode = policy->by_group[index].settings[rule]->mode;
    row.action = policy->by_group[index].settings[rule]->action;
    row.follows = !node;
    if (node)
        say_origin(&row, node);
    return row;
}

bool modes_of_rule(const struct settings *settings, enum rule_id rule, struct arena *arena,
                   struct mode_rows *ret_rows)
{
    const struct settings_private *private = settings->private;
    size_t most = private->policy_count * (1 + private->group_count);
    struct mode_row *rows = arena_alloc(arena, most * sizeof *rows);
    size_t count = 0;
    for (size_t i = 0; rows && i < private->policy_count; i++) {
        const struct named_policy *policy = &private->policies[i];
        const struct mode_row plain = row_of_policy(settings, policy, rule);
        rows[count++] = plain;
        for (size_t j = 0; j < private->group_count; j++)
            if (groups_covers(&private->groups[j], policy->name))
                rows[count++] = row_of_group(policy, &plain, &private->groups[j], j, rule);
    }
    *ret_rows = (struct mode_rows){rows, count};
    return rows;
}

static bool refuse(const char *kind, const struct nearest *nearest, struct error *error)
{
    const char *near = nearest->name;
    return error_set(error, "there is no %s \"%s\"%s%s%s", kind, nearest->wanted,
                     near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

enum rule_id modes_rule_named(const char *name, struct error *error)
{
    struct nearest nearest = nearest_to(name);
    size_t i = 0;
    while (i < RULE_COUNT && strcmp(rules[i]->name, name) != 0)
        nearest_offer(&nearest, rules[i++]->name);
    if (i == RULE_COUNT)
        refuse("rule", &nearest, error);
    return (enum rule_id)i;
}

enum mode modes_for_login(const struct settings *settings, const char *policy, struct bytes login,
                          enum rule_id rule)
{
    const struct policy *found = settings_policy(settings, policy, login);
    return found ? found->settings[rule]->mode : MODE_OFF;
}

bool modes_have_policy(const struct settings *settings, const char *name, struct error *error)
{
    const struct settings_private *private = settings->private;
    struct nearest nearest = nearest_to(name);
    for (size_t i = 0; i < private->policy_count; i++) {
        if (strcmp(private->policies[i].name, name) == 0)
            return true;
        nearest_offer(&nearest, private->policies[i].name);
    }
    return refuse("policy", &nearest, error);
}

bool modes_have_group(const struct settings *settings, const char *name, struct error *error)
{
    const struct settings_private *private = settings->private;
    struct nearest nearest = nearest_to(name);
    for (size_t i = 0; i < private->group_count; i++) {
        if (strcmp(private->groups[i].name, name) == 0)
            return true;
        nearest_offer(&nearest, private->groups[i].name);
    }
    return refuse("group of users", &nearest, error);
}
