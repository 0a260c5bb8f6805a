/* The tree of keys: finding, merging, and saying where a key stands. */
#include "conf/node.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "conf/quote.h"

struct node *node_new_group(struct arena *arena)
{
    struct node *node = arena_alloc(arena, sizeof *node);
    if (node)
        node->type = NODE_GROUP;
    return node;
}

static struct node *find(const struct node *group, const char *name)
{
    for (struct node *child = group->first; child; child = child->next)
        if (child->name && strcmp(child->name, name) == 0)
            return child;
    return NULL;
}

const struct node *node_member(const struct node *group, const char *name)
{
    return group ? find(group, name) : NULL;
}

void node_append(struct node *parent, struct node *child)
{
    child->parent = parent;
    child->next = NULL;
    child->index = parent->count++;
    if (parent->last)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
}

static void replace(struct node *old, const struct node *fresh)
{
    struct node place = *old;
    *old = *fresh;
    old->index = place.index;
    old->parent = place.parent;
    old->next = place.next;
    for (struct node *child = old->first; child; child = child->next)
        child->parent = old;
}

void node_merge(struct node *base, struct node *over)
{
    for (struct node *child = over->first; child;) {
        struct node *next = child->next;
        struct node *old = find(base, child->name);
        if (!old)
            node_append(base, child);
        else if (old->type == NODE_GROUP && child->type == NODE_GROUP)
            node_merge(old, child);
        else
            replace(old, child);
        child = next;
    }
}

void node_path(const struct node *node, char *path, size_t size)
{
    path[0] = '\0';
    if (!node->parent) {
        snprintf(path, size, "%s", node->name ? node->name : "");
        return;
    }
    node_path(node->parent, path, size);
    size_t used = strlen(path);
    if (node->name)
        snprintf(path + used, size - used, "%s%s", used ? "." : "", node->name);
    else
        snprintf(path + used, size - used, "[%zu]", node->index + 1);
}

bool node_error(const struct node *node, struct error *error, const char *format, ...)
{
    char path[200];
    va_list args;
    va_start(args, format);
    vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
    node_path(node, path, sizeof path);
    if (!node->file)
        return error_prefix(error, "default of %s: ", path);
    if (!path[0])
        return error_prefix(error, "%s: ", node->file);
    return error_prefix(error, "%s:%u: %s: ", node->file, node->line, path);
}

void node_describe(const struct node *node, char *text, size_t size)
{
    switch (node->type) {
    case NODE_BOOL:
        snprintf(text, size, "%s", node->boolean ? "true" : "false");
        break;
    case NODE_NUMBER:
        snprintf(text, size, "%" PRId64, node->number);
        break;
    case NODE_FLOAT:
        snprintf(text, size, "%g", node->real);
        break;
    case NODE_TEXT:
        quote_text(node->text, text, size);
        break;
    case NODE_ARRAY:
        snprintf(text, size, "an array [ ... ]");
        break;
    case NODE_LIST:
        snprintf(text, size, "a list ( ... )");
        break;
    case NODE_GROUP:
        snprintf(text, size, "a group { ... }");
        break;
    }
}
