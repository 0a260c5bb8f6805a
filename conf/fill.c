/* Walks a table of rows and writes the struct that it describes. */
#include "conf/fill.h"

#include "conf/parse.h"

static bool fill_default(const struct option_row *row, struct arena *arena, void *settings,
                         struct error *error)
{
    struct node *node = NULL;
    return parse_default(arena, row->name, row->default_value, &node, error) &&
           value_read(row, node, arena, settings, error);
}

bool fill_all(const struct option_row *rows, const struct node *group, struct arena *arena,
              void *settings, struct error *error)
{
    for (const struct option_row *row = rows; row->name; row++)
        if (row->default_value && !node_member(group, row->name) &&
            !fill_default(row, arena, settings, error))
            return false;
    return fill_written(rows, group, arena, settings, error);
}

bool fill_written(const struct option_row *rows, const struct node *group, struct arena *arena,
                  void *settings, struct error *error)
{
    for (const struct option_row *row = rows; row->name; row++) {
        const struct node *node = node_member(group, row->name);
        if (node && !value_read(row, node, arena, settings, error))
            return false;
    }
    return true;
}
