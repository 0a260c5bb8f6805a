/* The rows of one rule: mode and action, which every rule has, and its own. */
#ifndef CONF_RULE_ROWS_H
#define CONF_RULE_ROWS_H

#include "conf/node.h"
#include "policy/rule.h"

/* Where the rows of `mode` and `action` point: they stand first in a rule's table, the rule's own
 * rows (which point into the rule's settings) behind them. */
struct rule_words {
    int mode;
    int action;
};

#define RULE_WORDS_ROWS 2

/* The table, in the arena; NULL when memory is out. */
const struct option_row *rule_rows_new(const struct rule *rule, struct arena *arena);

/* Fills a rule's settings: with the defaults, and then with what a group of the file says. Both
 * NULL groups and partial ones are fine. */
MUST_CHECK bool rule_rows_defaults(const struct rule *rule, const struct option_row *rows,
                                   struct arena *arena, struct rule_settings *settings,
                                   struct error *error);
MUST_CHECK bool rule_rows_override(const struct rule *rule, const struct option_row *rows,
                                   const struct node *group, struct arena *arena,
                                   struct rule_settings *settings, struct error *error);

#endif
