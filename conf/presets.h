/* What sets the built-in policies apart from every rule's own defaults. */
#ifndef CONF_PRESETS_H
#define CONF_PRESETS_H

#include <stddef.h>

struct preset {
    const char *policy;
    const char *rule; /* "*": every rule; what is said of one rule goes before it */
    const char *key;
    const char *value; /* as it would stand in the file */
};

extern const struct preset presets[];
extern const size_t preset_count;

/* "submission", "local", "inbound"; NULL-terminated. */
extern const char *const builtin_policies[];

/* The value that a built-in policy starts with, or NULL: the row's default. */
const char *preset_find(const char *policy, const char *rule, const char *key);

#endif
