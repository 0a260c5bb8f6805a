/* texthash:PATH: the text that postmap is fed, kept in memory. */
#include <stdlib.h>
#include <string.h>

#include "tables/file.h"
#include "tables/kind.h"
#include "tables/lines.h"
#include "tables/rows.h"

struct texthash {
    struct rows rows;
};

/* Where the key ends: at the first blank outside of double quotes; a backslash takes the next byte
 * along. */
static bool key_end(const struct lines *lines, const struct line *line, size_t *ret_len,
                    struct error *error)
{
    bool quoted = false;
    size_t i = 0;
    for (; i < line->len; i++) {
        if (line->text[i] == '\\') {
            if (++i == line->len)
                break;
        } else if (line->text[i] == '"') {
            quoted = !quoted;
        } else if (!quoted && lines_is_blank(line->text[i])) {
            break;
        }
    }
    if (quoted)
        return lines_error(lines, line, error, "a double quote is opened and not closed");
    *ret_len = i;
    return true;
}

static bool add_line(struct texthash *texthash, const struct lines *lines, const struct line *line,
                     enum table_case letters, struct error *error)
{
    size_t key_len = 0;
    if (!key_end(lines, line, &key_len, error))
        return false;
    size_t value = key_len;
    while (value < line->len && lines_is_blank(line->text[value]))
        value++;
    if (value == line->len)
        return lines_error(lines, line, error,
                           "\"%.100s\" has no value: write the key, a blank and the value, for "
                           "example: alice@example.com alice",
                           line->text);
    line->text[key_len] = '\0';
    if (line->text[key_len - 1] == ':')
        return lines_error(lines, line, error,
                           "\"%.100s\" ends in a colon, as in an alias file: leave the colon out",
                           line->text);
    return rows_add(&texthash->rows, letters,
                    &(struct row_text){line->text, key_len, line->text + value, line->number},
                    error);
}

static bool add_lines(struct texthash *texthash, struct lines *lines, enum table_case letters,
                      struct error *error)
{
    struct line line;
    while (lines_next(lines, &line, error)) {
        if (!line.text)
            return true;
        if (!add_line(texthash, lines, &line, letters, error))
            return false;
    }
    return false;
}

static bool index_rows(struct texthash *texthash, const char *path, struct error *error)
{
    const struct row *first;
    const struct row *second;
    if (rows_index(&texthash->rows, &first, &second))
        return true;
    if (!second)
        return error_set(error, "%s: out of memory", path);
    return error_set(error, "%s:%u: \"%.100s\" stands in line %u already" ROWS_TWICE, path,
                     second->line, rows_key(&texthash->rows, second), first->line);
}

static void free_state(void *state)
{
    struct texthash *texthash = state;
    rows_done(&texthash->rows);
    free(texthash);
}

static bool open_table(const char *path, struct table *table, struct error *error)
{
    char *text;
    size_t len;
    if (!file_read(path, ROWS_TEXT_MAX, &text, &len, &table->file, error))
        return false;
    struct texthash *texthash = calloc(1, sizeof *texthash);
    if (!texthash) {
        free(text);
        return error_set(error, "%s: out of memory", path);
    }
    rows_init(&texthash->rows, text);
    struct lines lines;
    if (!lines_init(&lines, path, text, len, error) ||
        !add_lines(texthash, &lines, table->letters, error) || !index_rows(texthash, path, error)) {
        free_state(texthash);
        return false;
    }
    table->state = texthash;
    return true;
}

static enum table_result find(const struct table *table, struct arena *arena, struct bytes key,
                              struct table_answer *ret_answer)
{
    const struct texthash *texthash = table->state;
    const struct row *row = rows_find(&texthash->rows, key);
    if (!row)
        return TABLE_ABSENT;
    return table_found(arena, ret_answer, bytes_of(rows_value(&texthash->rows, row)), "%s:%u %s",
                       table->name, row->line, rows_key(&texthash->rows, row));
}

static enum table_walk each(const struct table *table, const struct table_visitor *visitor,
                            struct error *error)
{
    (void)error;
    return rows_each(&((const struct texthash *)table->state)->rows, table->name, visitor);
}

const struct table_kind table_kind_texthash = {
    .name = "texthash",
    .open = open_table,
    .find = find,
    .each = each,
    .free = free_state,
};
