/* Holds the tree of a file against the schema: right names, right places, right values. */
#include <string.h>

#include "conf/nearest.h"
#include "conf/schema.h"
#include "conf/value.h"

struct check {
    struct arena *arena;
    struct error *error;
};

static bool check_group(const struct check *check, const struct shape *shape,
                        const struct node *group);

static const struct option_row *find_option(const struct shape *shape, const char *name)
{
    for (const struct option_row *row = shape->options; row->name; row++)
        if (strcmp(row->name, name) == 0)
            return row;
    return NULL;
}

static const struct branch *find_branch(const struct shape *shape, const char *name)
{
    for (const struct branch *branch = shape->branches; branch->name; branch++)
        if (strcmp(branch->name, name) == 0)
            return branch;
    return NULL;
}

static bool check_value(const struct check *check, const struct option_row *row,
                        const struct node *node)
{
    union {
        bool boolean;
        int choice;
        int64_t number;
        const char *text;
        struct texts texts;
        struct numbers numbers;
    } nowhere;
    struct option_row probe = *row;
    probe.offset = 0;
    return value_read(&probe, node, check->arena, &nowhere, check->error);
}

static bool refuse_place(const struct check *check, const struct node *node, const char *expected)
{
    char found[100];
    node_describe(node, found, sizeof found);
    return node_error(node, check->error, "expected %s, found %s", expected, found);
}

static bool check_list(const struct check *check, const struct shape *shape,
                       const struct node *list)
{
    if (list->type != NODE_LIST)
        return refuse_place(check, list, "a list of groups ( { ... }, { ... } )");
    for (const struct node *item = list->first; item; item = item->next) {
        if (item->type != NODE_GROUP)
            return refuse_place(check, item, "a group { ... }");
        if (!check_group(check, shape, item))
            return false;
    }
    return true;
}

static bool check_branch(const struct check *check, const struct shape *shape,
                         const struct node *node)
{
    if (node->type != NODE_GROUP)
        return refuse_place(check, node, "a group { ... }");
    return check_group(check, shape, node);
}

static bool refuse_name(const struct check *check, const struct shape *shape,
                        const struct node *node)
{
    struct nearest nearest = nearest_to(node->name);
    for (const struct option_row *row = shape->options; row->name; row++)
        nearest_offer(&nearest, row->name);
    for (const struct branch *branch = shape->branches; branch->name; branch++)
        nearest_offer(&nearest, branch->name);
    if (nearest.name)
        return node_error(node, check->error, "there is no such key; did you mean \"%s\"?",
                          nearest.name);
    return node_error(node, check->error,
                      "there is no such key; submilterctl conf --defaults shows all there are");
}

static bool check_group(const struct check *check, const struct shape *shape,
                        const struct node *group)
{
    for (const struct node *node = group->first; node; node = node->next) {
        const struct option_row *row = find_option(shape, node->name);
        const struct branch *branch = find_branch(shape, node->name);
        bool good;
        if (row)
            good = check_value(check, row, node);
        else if (branch && branch->list)
            good = check_list(check, branch->shape, node);
        else if (branch)
            good = check_branch(check, branch->shape, node);
        else if (shape->others)
            good = check_branch(check, shape->others, node);
        else
            good = refuse_name(check, shape, node);
        if (!good)
            return false;
    }
    return true;
}

bool schema_check(const struct schema *schema, const struct node *root, struct arena *arena,
                  struct error *error)
{
    struct check check = {arena, error};
    return check_group(&check, schema->top, root);
}
