/* What was written in the configuration, as a tree: each key with the file and line where it
 * stands. */
#ifndef CONF_NODE_H
#define CONF_NODE_H

#include <stdint.h>

#include "policy/arena.h"
#include "policy/error.h"

enum node_type {
    NODE_BOOL,
    NODE_NUMBER,
    NODE_FLOAT,
    NODE_TEXT,
    NODE_ARRAY, /* [ 1, 2 ] */
    NODE_LIST,  /* ( { }, { } ) */
    NODE_GROUP, /* { key = value; } */
};

struct node {
    const char *name; /* NULL for items of arrays and lists, and for the root */
    enum node_type type;
    bool boolean;
    int64_t number;
    double real;
    const char *text;
    const char *file; /* NULL: nobody wrote it, it is a default */
    unsigned line;
    size_t index; /* among its parent's children, from 0 */
    struct node *parent;
    struct node *first, *last; /* children */
    struct node *next;
    size_t count;
};

/* An empty group; NULL when memory is out. */
struct node *node_new_group(struct arena *arena);

/* The member of a group (NULL allowed) that has the name, or NULL. */
const struct node *node_member(const struct node *group, const char *name);

/* Puts a node behind its new parent's last child. */
void node_append(struct node *parent, struct node *child);

/* Lays one tree over another, both of them groups: groups merge, everything else replaces. `over`
 * is used up. */
void node_merge(struct node *base, struct node *over);

/* Error "FILE:LINE: key.path: sentence"; always false. */
bool node_error(const struct node *node, struct error *error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "policies.submission.tls", "listeners[2].ports": items are counted from 1. Cut to size. */
void node_path(const struct node *node, char *path, size_t size);

/* What stands there, in a few words for an error: "\"high\"", "12", "a group". */
void node_describe(const struct node *node, char *text, size_t size);

#endif
