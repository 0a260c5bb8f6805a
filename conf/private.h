/* What the parts of conf/ keep behind a settings object. */
#ifndef CONF_PRIVATE_H
#define CONF_PRIVATE_H

#include <stdatomic.h>

#include "conf/schema.h"

struct group {
    const char *name;
    struct texts logins;
    struct texts policies; /* none: all */
    const struct node *node;
    const struct node *rules; /* or NULL */
};

struct named_policy {
    const char *name;
    const char *base;        /* a built-in policy's name; its own where it is one */
    const struct node *node; /* what was written of it, or NULL */
    struct policy plain;     /* without a group */
    struct policy *by_group; /* one a group */
};

struct settings_private {
    struct arena *arena; /* everything, the settings themselves too */
    atomic_uint references;
    struct schema schema;
    struct node *root;            /* all files, merged */
    const struct node *listeners; /* as written, or the default ones */
    struct group *groups;
    size_t group_count;
    struct named_policy *policies;
    size_t policy_count;
};

/* Each builds its part from the merged tree; in this order. */
MUST_CHECK bool groups_build(struct settings *settings, struct error *error);
MUST_CHECK bool policies_build(struct settings *settings, struct error *error);
MUST_CHECK bool listeners_build(struct settings *settings, struct error *error);

/* The listeners that hold when none are written, as they would stand in it. */
extern const char listeners_default[];

/* The index of the group that the login is in, or group_count. */
size_t groups_find(const struct settings *settings, struct bytes login);

/* Whether the group names the login. */
bool groups_has(const struct group *group, struct bytes login);

/* Whether the group has a say in the policy. */
bool groups_covers(const struct group *group, const char *policy);

/* NULL: there is none of that name. */
const struct named_policy *policies_find(const struct settings *settings, const char *name);

/* Whether there is a policy of that name; the error is about the node that named it. */
MUST_CHECK bool policies_check_name(const struct settings *settings, const char *name,
                                    const struct node *node, struct error *error);

#endif
