/* Which mode a rule has, for whom, and where that is said. */
#ifndef CONF_MODES_H
#define CONF_MODES_H

#include "conf/settings.h"

struct mode_row {
    const char *policy;
    const char *group; /* of users; NULL: for all who are in no group */
    enum mode mode;
    enum action action;
    const char *file; /* where the mode is said; NULL: it is a default */
    unsigned line;
    bool follows; /* it says no mode of its own: a policy as its base, a group as the policy */
};

struct mode_rows {
    const struct mode_row *rows;
    size_t count;
};

/* A row for each policy, and behind it one for each group of users that has a say in it. In the
 * arena; the texts are the settings'. False when memory is out. */
MUST_CHECK bool modes_of_rule(const struct settings *settings, enum rule_id rule,
                              struct arena *arena, struct mode_rows *ret_rows);

/* The rule of that name; RULE_COUNT where there is none, with an error that names the nearest. */
enum rule_id modes_rule_named(const char *name, struct error *error);

/* What the rule is for this login in that policy; MODE_OFF where there is no such policy. */
enum mode modes_for_login(const struct settings *settings, const char *policy, struct bytes login,
                          enum rule_id rule);

/* Whether there is a policy, or a group of users, of that name; the error names the nearest. */
MUST_CHECK bool modes_have_policy(const struct settings *settings, const char *name,
                                  struct error *error);
MUST_CHECK bool modes_have_group(const struct settings *settings, const char *name,
                                 struct error *error);

#endif
