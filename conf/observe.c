/* Which rules may refuse mail, and how they are only watched. */
#include "conf/observe.h"

#include "conf/private.h"

/* The rule dkim signs: watched, it would not. It refuses where a key is missing. login_state
 * refuses what an admin said, or a sign of theft that is not watched: where all of these are, it
 * stays. */
static bool may_refuse(const struct policy *policy, size_t rule)
{
    const struct rule_settings *settings = policy->settings[rule];
    return rule != RULE_dkim && rule != RULE_login_state && settings->mode == MODE_ENFORCE &&
           (settings->action > ACTION_FIX || rules[rule]->refuses_beyond_mending ||
            rules[rule]->contains);
}

static bool any_may_refuse(const struct policy *policy)
{
    for (size_t i = 0; i < RULE_COUNT; i++)
        if (may_refuse(policy, i))
            return true;
    return false;
}

bool observe_is_needed(const struct settings *settings)
{
    const struct settings_private *private = settings->private;
    for (size_t i = 0; i < private->policy_count; i++) {
        if (any_may_refuse(&private->policies[i].plain))
            return true;
        for (size_t j = 0; j < private->group_count; j++)
            if (any_may_refuse(&private->policies[i].by_group[j]))
                return true;
    }
    return false;
}

static bool says_mode(const struct group *group, const char *policy, size_t rule)
{
    return groups_covers(group, policy) && group->rules &&
           node_member(node_member(group->rules, rules[rule]->name), "mode");
}

const char *observe_group_left(const struct settings *settings)
{
    const struct settings_private *private = settings->private;
    for (size_t i = 0; i < private->policy_count; i++)
        for (size_t j = 0; j < private->group_count; j++)
            for (size_t k = 0; k < RULE_COUNT; k++)
                if (says_mode(&private->groups[j], private->policies[i].name, k) &&
                    may_refuse(&private->policies[i].by_group[j], k))
                    return private->groups[j].name;
    return NULL;
}

void observe_write(const struct settings *settings, FILE *out)
{
    const struct settings_private *private = settings->private;
    fputs("policies: {\n", out);
    for (size_t i = 0; i < private->policy_count; i++) {
        const struct policy *policy = &private->policies[i].plain;
        fprintf(out, "  %s: {\n", policy->name);
        if (policy->settings[RULE_dkim]->mode == MODE_ENFORCE)
            fputs("    dkim: { on_missing_key = \"accept\"; };\n", out);
        for (size_t j = 0; j < RULE_COUNT; j++)
            if (may_refuse(policy, j))
                fprintf(out, "    %s: { mode = \"observe\"; };\n", rules[j]->name);
        fputs("  };\n", out);
    }
    fputs("};\n", out);
}
