/* libconfig syntax in, tree out. The only place that knows libconfig. */
#ifndef CONF_PARSE_H
#define CONF_PARSE_H

#include "conf/node.h"

/* A whole file's text. `file` names it in errors and in the nodes, and outlives them; NULL: the
 * text is ours, a default. Any bytes are survived (syntax.h goes first). */
MUST_CHECK bool parse_text(struct arena *arena, const char *file, struct bytes text,
                           struct node **ret_root, struct error *error);

/* One value as it would stand in the file: a row's default. */
MUST_CHECK bool parse_default(struct arena *arena, const char *name, const char *value,
                              struct node **ret_node, struct error *error);

#endif
