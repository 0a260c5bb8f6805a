/* Types and ranges: what a value may be, and the C form that it gets. */
#include "conf/value.h"

#include <string.h>

#include "conf/unit.h"

static bool refuse(const struct option_row *row, const struct node *node, struct error *error)
{
    char expected[500];
    char found[100];
    value_expected(row, expected, sizeof expected);
    node_describe(node, found, sizeof found);
    return node_error(node, error, "expected %s, found %s", expected, found);
}

/* Of an item inside a list, a list is not what was expected. */
static bool refuse_item(const struct option_row *row, const struct node *item, struct error *error)
{
    struct option_row single = *row;
    if (item->parent && item->parent->type != NODE_GROUP)
        single.type = row->type == OPTION_TEXTS ? OPTION_TEXT : OPTION_INT;
    return refuse(&single, item, error);
}

static bool in_range(const struct option_row *row, int64_t number)
{
    return number >= row->min && number <= (row->max ? row->max : INT64_MAX);
}

/* A number, or for sizes and durations a text with a unit. */
static bool read_quantity(const struct option_row *row, const struct node *node,
                          int64_t *ret_number)
{
    if (node->type == NODE_NUMBER)
        *ret_number = node->number;
    else if (node->type != NODE_TEXT || row->type == OPTION_INT)
        return false;
    else if (!unit_read(row->type, bytes_of(node->text), ret_number))
        return false;
    return in_range(row, *ret_number);
}

static bool read_choice(const struct option_row *row, const struct node *node, int *ret_choice)
{
    if (node->type != NODE_TEXT)
        return false;
    for (int i = 0; row->choices[i]; i++)
        if (strcmp(row->choices[i], node->text) == 0) {
            *ret_choice = i;
            return true;
        }
    return false;
}

static bool check_text(const struct option_row *row, const struct node *node, struct error *error)
{
    struct error why = {""};
    if (!row->check || row->check(node->text, &why))
        return true;
    char found[100];
    node_describe(node, found, sizeof found);
    return node_error(node, error, "%s, found %s", why.text, found);
}

static bool read_text(const struct option_row *row, const struct node *node, const char **ret_text,
                      struct error *error)
{
    if (node->type != NODE_TEXT)
        return refuse(row, node, error);
    /* Where the default is none, "" goes back to it. */
    if (!row->default_value && !node->text[0]) {
        *ret_text = NULL;
        return true;
    }
    *ret_text = node->text;
    return check_text(row, node, error);
}

static bool check_clash(const struct option_row *row, const struct node *node,
                        const char *const *before, size_t count, struct error *error)
{
    struct error why = {""};
    char found[100];
    for (size_t i = 0; row->clash && i < count; i++) {
        if (!row->clash(before[i], node->text, &why))
            continue;
        node_describe(node, found, sizeof found);
        return node_error(node, error, "%s, found %s", why.text, found);
    }
    return true;
}

/* The items of a list; a single value counts as a list of one. */
static const struct node *first_item(const struct node *node, size_t *ret_count)
{
    bool list = node->type == NODE_ARRAY || node->type == NODE_LIST;
    *ret_count = list ? node->count : 1;
    return list ? node->first : node;
}

static bool read_texts(const struct option_row *row, const struct node *node, struct arena *arena,
                       struct texts *ret_texts, struct error *error)
{
    size_t count;
    const struct node *item = first_item(node, &count);
    if (row->max && count > (uint64_t)row->max)
        return node_error(node, error, "expected at most %lld items, found %zu",
                          (long long)row->max, count);
    const char **items = arena_alloc(arena, count * sizeof *items);
    if (!items)
        return error_set(error, "out of memory");
    for (size_t i = 0; i < count; i++, item = item->next) {
        if (item->type != NODE_TEXT)
            return refuse_item(row, item, error);
        if (!check_text(row, item, error) || !check_clash(row, item, items, i, error))
            return false;
        items[i] = item->text;
    }
    *ret_texts = (struct texts){items, count};
    return true;
}

static bool read_numbers(const struct option_row *row, const struct node *node, struct arena *arena,
                         struct numbers *ret_numbers, struct error *error)
{
    size_t count;
    const struct node *item = first_item(node, &count);
    int64_t *items = arena_alloc(arena, count * sizeof *items);
    if (!items)
        return error_set(error, "out of memory");
    for (size_t i = 0; i < count; i++, item = item->next) {
        if (item->type != NODE_NUMBER || !in_range(row, item->number))
            return refuse_item(row, item, error);
        items[i] = item->number;
    }
    *ret_numbers = (struct numbers){items, count};
    return true;
}

bool value_read(const struct option_row *row, const struct node *node, struct arena *arena,
                void *settings, struct error *error)
{
    void *member = (char *)settings + row->offset;
    switch (row->type) {
    case OPTION_BOOL:
        if (node->type != NODE_BOOL)
            return refuse(row, node, error);
        *(bool *)member = node->boolean;
        return true;
    case OPTION_INT:
    case OPTION_SIZE:
    case OPTION_DURATION:
        return read_quantity(row, node, member) || refuse(row, node, error);
    case OPTION_CHOICE:
        return read_choice(row, node, member) || refuse(row, node, error);
    case OPTION_TEXT:
        return read_text(row, node, member, error);
    case OPTION_TEXTS:
        return read_texts(row, node, arena, member, error);
    case OPTION_NUMBERS:
        return read_numbers(row, node, arena, member, error);
    }
    return refuse(row, node, error);
}
