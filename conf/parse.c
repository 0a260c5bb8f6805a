/* libconfig's parser, and its settings copied into a tree of our own. */
#include "conf/parse.h"

#include <assert.h>
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

#include "conf/syntax.h"

#define LINE_SHOWN 80
#define LIBCONFIG_BYTES ((size_t)64 << 10)
#define LIBCONFIG_BYTES_A_BYTE 32

struct source {
    struct arena *arena;
    const char *file;
};

static struct node *copy(const struct source *source, config_setting_t *setting);

static bool copy_children(const struct source *source, config_setting_t *setting, struct node *node)
{
    int count = config_setting_length(setting);
    for (int i = 0; i < count; i++) {
        struct node *child = copy(source, config_setting_get_elem(setting, (unsigned)i));
        if (!child)
            return false;
        node_append(node, child);
    }
    return true;
}

/* libconfig goes on without a text, or a name, that it had no memory for. */
static bool copy_text(const struct source *source, const char *text, const char **ret_copy)
{
    *ret_copy = text ? arena_text(source->arena, bytes_of(text)) : NULL;
    return *ret_copy != NULL;
}

static bool copy_value(const struct source *source, config_setting_t *setting, struct node *node)
{
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_BOOL:
        node->type = NODE_BOOL;
        node->boolean = config_setting_get_bool(setting);
        return true;
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        node->type = NODE_NUMBER;
        node->number = config_setting_get_int64(setting);
        return true;
    case CONFIG_TYPE_FLOAT:
        node->type = NODE_FLOAT;
        node->real = config_setting_get_float(setting);
        return true;
    case CONFIG_TYPE_ARRAY:
        node->type = NODE_ARRAY;
        return copy_children(source, setting, node);
    case CONFIG_TYPE_LIST:
        node->type = NODE_LIST;
        return copy_children(source, setting, node);
    case CONFIG_TYPE_GROUP:
        node->type = NODE_GROUP;
        return copy_children(source, setting, node);
    default:
        node->type = NODE_TEXT;
        return copy_text(source, config_setting_get_string(setting), &node->text);
    }
}

static bool is_of_group(const config_setting_t *setting)
{
    config_setting_t *parent = config_setting_parent(setting);
    return parent && config_setting_is_group(parent);
}

/* NULL when memory is out. */
static struct node *copy(const struct source *source, config_setting_t *setting)
{
    struct node *node = arena_alloc(source->arena, sizeof *node);
    if (!node)
        return NULL;
    if (is_of_group(setting) && !copy_text(source, config_setting_name(setting), &node->name))
        return NULL;
    node->file = source->file;
    node->line = config_setting_source_line(setting);
    return copy_value(source, setting, node) ? node : NULL;
}

/* The line of that number, counted from 1, without the blanks around it. */
static struct bytes line_of(struct bytes text, int number)
{
    while (--number > 0)
        text = bytes_slice(text, bytes_find(text, '\n') + 1, text.len);
    return bytes_trim(bytes_slice(text, 0, bytes_find(text, '\n')));
}

/* syntax_check has left it nothing but keys that stand twice. */
static bool refuse(const config_t *config, const char *file, struct bytes text, struct error *error)
{
    const char *reason = config_error_text(config);
    int number = config_error_line(config);
    struct bytes line = line_of(text, number);
    if (!reason || strcmp(reason, "duplicate setting name") != 0)
        return error_set(error, "%s:%d: %s", file, number, reason ? reason : "cannot be parsed");
    return error_set(error, "%s:%d: a key of this line stands in the same section already: %.*s",
                     file, number, (int)(line.len < LINE_SHOWN ? line.len : LINE_SHOWN), line.data);
}

/* libconfig wants a NUL behind the text, and a line end behind a comment in the last line. */
static char *with_line_end(struct bytes text)
{
    char *line = malloc(text.len + 2);
    if (!line)
        return NULL;
    if (text.len)
        memcpy(line, text.data, text.len);
    line[text.len] = '\n';
    line[text.len + 1] = '\0';
    return line;
}

/* Where it has none libconfig 1.5 follows a null pointer or calls exit(): a reload is refused
 * before that, as far as that can be told. */
static bool has_memory_for(size_t len)
{
    void *volatile room = malloc(LIBCONFIG_BYTES + len * LIBCONFIG_BYTES_A_BYTE);
    bool has = room != NULL;
    free(room);
    return has;
}

bool parse_text(struct arena *arena, const char *file, struct bytes text, struct node **ret_root,
                struct error *error)
{
    const char *shown = file ? file : "default";
    if (!syntax_check(shown, text, error))
        return false;
    char *line = has_memory_for(text.len) ? with_line_end(text) : NULL;
    if (!line)
        return error_set(error, "%s: out of memory", shown);
    config_t config;
    config_init(&config);
    struct source source = {arena, file};
    *ret_root = NULL;
    if (!config_read_string(&config, line))
        refuse(&config, shown, text, error);
    else if (!(*ret_root = copy(&source, config_root_setting(&config))))
        error_set(error, "%s: out of memory", shown);
    config_destroy(&config);
    free(line);
    return *ret_root != NULL;
}

bool parse_default(struct arena *arena, const char *name, const char *value, struct node **ret_node,
                   struct error *error)
{
    struct node *root = NULL;
    char *line = arena_printf(arena, "%s = %s;", name, value);
    if (!line)
        return error_set(error, "out of memory");
    if (!parse_text(arena, NULL, bytes_of(line), &root, error))
        return error_prefix(error, "%s: ", line);
    assert(root && root->first); /* a name and its value parse to one node */
    *ret_node = root->first;
    root->first->parent = NULL;
    return true;
}
