/* Every key that may stand in the configuration: rows, and the groups and lists that hold them. */
#ifndef CONF_SCHEMA_H
#define CONF_SCHEMA_H

#include "conf/node.h"
#include "conf/settings.h"
#include "policy/arena.h"

struct shape;

/* A group (or list of groups) inside a group. */
struct branch {
    const char *name; /* NULL ends a table of branches */
    bool list;        /* ( { ... }, { ... } ) */
    const struct shape *shape;
    const char *help;
};

/* What may stand in one group. */
struct shape {
    const struct option_row *options; /* its keys; never NULL */
    const struct branch *branches;    /* its groups; never NULL */
    const struct shape *others;       /* groups of any other name hold this; NULL: there are none */
};

/* What the rows of the file's outermost level fill. */
struct top_settings {
    struct texts domains;
    struct texts authserv_ids;
    const char *socket;
    const char *socket_mode;
    const char *socket_group;
    const char *user;
    const char *pid_file;
    bool core_dumps;
    int64_t timeout;
    struct texts expectations;
};

struct listener_settings {
    const char *name;
    struct numbers ports;
    struct texts clients;
    struct texts daemons;
    bool login;
    const char *policy;
    const char *tls_terminator;
};

struct policy_settings {
    const char *base;
};

struct group_settings {
    const char *name;
    struct texts logins;
    struct texts policies;
};

extern const struct option_row top_rows[];
extern const struct option_row senders_rows[];
extern const struct option_row
    dkim_rows[]; /* not dkim_options: libopendkim has a function of that name */
extern const struct option_row log_rows[];
extern const struct option_row history_rows[];
extern const struct option_row counters_rows[];
extern const struct option_row alerts_rows[];
extern const struct option_row listener_rows[];
extern const struct option_row policy_rows[];
extern const struct option_row group_rows[];

/* Rows and branches of everything, the rules' own among them. */
struct schema {
    const struct shape *top;
    const struct shape *rules[RULE_COUNT];
};

/* In the arena. False when memory is out. */
MUST_CHECK bool schema_new(struct arena *arena, struct schema *ret_schema, struct error *error);

/* Whether the tree has only keys of the schema, each with a value that its row allows. */
MUST_CHECK bool schema_check(const struct schema *schema, const struct node *root,
                             struct arena *arena, struct error *error);

#endif
