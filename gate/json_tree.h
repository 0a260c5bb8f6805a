/* Reading one JSON text into a tree, for records by the million: strict (RFC 8259), linear, and in
 * an arena's memory. Commands that read other JSON use jansson; it takes five times as long. */
#ifndef GATE_JSON_TREE_H
#define GATE_JSON_TREE_H

#include <stdint.h>

#include "policy/arena.h"
#include "policy/bytes.h"
#include "policy/error.h"

#define JSON_TREE_DEPTH 16 /* objects and lists within each other */

enum json_tree_type {
    JSON_TREE_NULL,
    JSON_TREE_FALSE,
    JSON_TREE_TRUE,
    JSON_TREE_INTEGER,
    JSON_TREE_REAL, /* its value is not read */
    JSON_TREE_TEXT,
    JSON_TREE_LIST,
    JSON_TREE_OBJECT,
};

struct json_tree {
    enum json_tree_type type;
    struct bytes name; /* in an object; a NUL stands behind it */
    union {
        int64_t integer;
        struct bytes text; /* valid UTF-8, may hold NULs; a NUL stands behind it */
        struct {
            struct json_tree *first;
            size_t count;
        };
    };
    struct json_tree *next; /* in the same list or object */
};

/* One value with nothing but white space around it. Integers beyond 64 bits and lone surrogates are
 * errors. text is not needed any more afterwards. */
MUST_CHECK bool json_tree_parse(struct bytes text, struct arena *arena, struct json_tree **ret_tree,
                                struct error *error);

/* The member of an object; NULL where there is none, and of what is no object (or NULL). Of two
 * with one name the first. */
const struct json_tree *json_tree_member(const struct json_tree *object, const char *name);

#endif
