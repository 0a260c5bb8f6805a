/* The settings of every rule for every policy and group, worked out at load. */
#include <assert.h>
#include <string.h>

#include "conf/fill.h"
#include "conf/nearest.h"
#include "conf/parse.h"
#include "conf/presets.h"
#include "conf/private.h"
#include "conf/rule_rows.h"

static bool is_builtin(const char *name)
{
    for (size_t i = 0; builtin_policies[i]; i++)
        if (strcmp(builtin_policies[i], name) == 0)
            return true;
    return false;
}

/* A policy with a group of the file laid over it; rules that the group doesn't name are shared. */
static bool lay_over(const struct settings_private *private, const struct policy *base,
                     const struct node *over, struct policy *ret_policy, struct error *error)
{
    for (size_t i = 0; i < RULE_COUNT; i++) {
        const struct rule *rule = rules[i];
        const struct node *node = node_member(over, rule->name);
        assert(base->settings[i]);
        ret_policy->settings[i] = base->settings[i];
        if (!node)
            continue;
        struct rule_settings *copy = arena_alloc(private->arena, rule->settings_size);
        if (!copy)
            return error_set(error, "out of memory");
        memcpy(copy, base->settings[i], rule->settings_size);
        if (!rule_rows_override(rule, private->schema.rules[i]->options, node, private->arena, copy,
                                error))
            return false;
        ret_policy->settings[i] = copy;
    }
    return true;
}

/* The presets of one rule in a built-in policy, as if they had been written. */
static bool preset_group(const char *policy, const struct rule *rule, const struct option_row *rows,
                         struct arena *arena, struct node **ret_group, struct error *error)
{
    struct node *group = node_new_group(arena);
    if (!group)
        return error_set(error, "out of memory");
    for (const struct option_row *row = rows; row->name; row++) {
        const char *value = preset_find(policy, rule->name, row->name);
        struct node *node = NULL;
        if (!value)
            continue;
        if (!parse_default(arena, row->name, value, &node, error))
            return false;
        node_append(group, node);
    }
    *ret_group = group;
    return true;
}

static bool build_builtin_rules(const struct settings_private *private, const char *name,
                                struct policy *policy, struct error *error)
{
    for (size_t i = 0; i < RULE_COUNT; i++) {
        const struct rule *rule = rules[i];
        const struct option_row *rows = private->schema.rules[i]->options;
        struct node *group = NULL;
        struct rule_settings *own = arena_alloc(private->arena, rule->settings_size);
        if (!own)
            return error_set(error, "out of memory");
        if (!preset_group(name, rule, rows, private->arena, &group, error) ||
            !rule_rows_defaults(rule, rows, private->arena, own, error) ||
            !rule_rows_override(rule, rows, group, private->arena, own, error))
            return false;
        policy->settings[i] = own;
    }
    return true;
}

static bool add_builtin(struct settings_private *private, const char *name, struct error *error)
{
    const struct node *node = node_member(node_member(private->root, "policies"), name);
    const struct node *base = node_member(node, "base");
    struct policy preset = {.name = name};
    if (base)
        return node_error(base, error, "%s is built in and has no base", name);
    struct named_policy *policy = &private->policies[private->policy_count++];
    *policy = (struct named_policy){.name = name, .base = name, .node = node};
    policy->plain.name = name;
    return build_builtin_rules(private, name, &preset, error) &&
           lay_over(private, &preset, node, &policy->plain, error);
}

static bool refuse_base(const struct node *node, const struct node *base, struct error *error)
{
    if (base)
        return node_error(base, error,
                          "expected \"submission\", \"local\" or \"inbound\", found \"%s\"",
                          base->text);
    struct nearest nearest = nearest_to(node->name);
    for (size_t i = 0; builtin_policies[i]; i++)
        nearest_offer(&nearest, builtin_policies[i]);
    const char *say_base = "a policy of your own says which one it differs from: base = "
                           "\"submission\";";
    if (nearest.name)
        return node_error(node, error, "there is no such policy; did you mean \"%s\"? Else %s",
                          nearest.name, say_base);
    return node_error(node, error, "%s", say_base);
}

static bool add_own(struct settings_private *private, const struct node *node, struct error *error)
{
    const struct node *written = node_member(node, "base");
    if (!written || !is_builtin(written->text))
        return refuse_base(node, written, error);
    struct named_policy *policy = &private->policies[private->policy_count++];
    *policy = (struct named_policy){.name = node->name, .base = written->text, .node = node};
    policy->plain.name = node->name;
    size_t base = 0;
    while (strcmp(private->policies[base].name, written->text) != 0)
        base++;
    return lay_over(private, &private->policies[base].plain, node, &policy->plain, error);
}

static bool add_groups(struct settings_private *private, struct named_policy *policy,
                       struct error *error)
{
    policy->by_group = arena_alloc(private->arena, private->group_count * sizeof *policy->by_group);
    if (!policy->by_group)
        return error_set(error, "out of memory");
    for (size_t i = 0; i < private->group_count; i++) {
        const struct group *group = &private->groups[i];
        const struct node *over = groups_covers(group, policy->name) ? group->rules : NULL;
        policy->by_group[i].name = policy->name;
        if (!lay_over(private, &policy->plain, over, &policy->by_group[i], error))
            return false;
    }
    return true;
}

static bool check_group_policies(const struct settings *settings, const struct group *group,
                                 struct error *error)
{
    const struct node *list = node_member(group->node, "policies");
    for (size_t i = 0; i < group->policies.count; i++)
        if (!policies_check_name(settings, group->policies.items[i], list, error))
            return false;
    return true;
}

bool policies_build(struct settings *settings, struct error *error)
{
    struct settings_private *private = settings->private;
    const struct node *written = node_member(private->root, "policies");
    size_t most = (written ? written->count : 0);
    for (size_t i = 0; builtin_policies[i]; i++)
        most++;
    private->policies = arena_alloc(private->arena, most * sizeof *private->policies);
    if (!private->policies)
        return error_set(error, "out of memory");
    for (size_t i = 0; builtin_policies[i]; i++)
        if (!add_builtin(private, builtin_policies[i], error))
            return false;
    for (const struct node *node = written ? written->first : NULL; node; node = node->next)
        if (!is_builtin(node->name) && !add_own(private, node, error))
            return false;
    for (size_t i = 0; i < private->policy_count; i++)
        if (!add_groups(private, &private->policies[i], error))
            return false;
    for (size_t i = 0; i < private->group_count; i++)
        if (!check_group_policies(settings, &private->groups[i], error))
            return false;
    return true;
}

const struct named_policy *policies_find(const struct settings *settings, const char *name)
{
    const struct settings_private *private = settings->private;
    for (size_t i = 0; i < private->policy_count; i++)
        if (strcmp(private->policies[i].name, name) == 0)
            return &private->policies[i];
    return NULL;
}

bool policies_check_name(const struct settings *settings, const char *name, const struct node *node,
                         struct error *error)
{
    const struct settings_private *private = settings->private;
    if (policies_find(settings, name))
        return true;
    struct nearest nearest = nearest_to(name);
    for (size_t i = 0; i < private->policy_count; i++)
        nearest_offer(&nearest, private->policies[i].name);
    if (nearest.name)
        return node_error(node, error, "there is no policy \"%s\"; did you mean \"%s\"?", name,
                          nearest.name);
    return node_error(node, error, "there is no policy \"%s\"", name);
}

const struct policy *settings_policy(const struct settings *settings, const char *name,
                                     struct bytes login)
{
    const struct named_policy *policy = policies_find(settings, name);
    if (!policy)
        return NULL;
    size_t group = groups_find(settings, login);
    return group < settings->private->group_count ? &policy->by_group[group] : &policy->plain;
}

const struct policy *settings_group_policy(const struct settings *settings, const char *name,
                                           struct bytes group)
{
    const struct settings_private *private = settings->private;
    const struct named_policy *policy = policies_find(settings, name);
    for (size_t i = 0; policy && i < private->group_count; i++)
        if (bytes_equal(bytes_of(private->groups[i].name), group))
            return &policy->by_group[i];
    return NULL;
}

const char *settings_policy_base(const struct settings *settings, const char *name)
{
    const struct named_policy *policy = policies_find(settings, name);
    return policy ? policy->base : NULL;
}

static bool policy_signs(const struct settings *settings, const char *name)
{
    const struct policy *policy = settings_policy(settings, name, (struct bytes){NULL, 0});
    return policy && policy->settings[RULE_dkim]->mode != MODE_OFF;
}

bool settings_signs(const struct settings *settings)
{
    for (size_t i = 0; i < settings->listener_count; i++)
        if (policy_signs(settings, settings->listeners[i].policy))
            return true;
    return policy_signs(settings, "submission") || policy_signs(settings, "local");
}
