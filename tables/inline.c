/* inline:{ { key = value }, key=value }: a table within the configuration. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

#include "tables/kind.h"
#include "tables/lines.h"
#include "tables/rows.h"

#define EXPECTED "inline:{ { key = value }, ... } is expected"

/* The length of what stands between { and its }, both included; 0 when it isn't closed. */
static size_t braces(const char *text)
{
    size_t depth = 0;
    for (size_t i = 0; text[i]; i++) {
        if (text[i] == '{')
            depth++;
        else if (text[i] == '}' && --depth == 0)
            return i + 1;
    }
    return 0;
}

static bool is_separator(char byte)
{
    return byte == ',' || byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* Cuts the next entry out of the text, or NULL at its end. */
static char *next_entry(char **text)
{
    char *start = *text;
    while (*start && is_separator(*start))
        start++;
    size_t depth = 0;
    char *stop = start;
    for (; *stop && (depth || !is_separator(*stop)); stop++) {
        if (*stop == '{')
            depth++;
        else if (*stop == '}' && depth)
            depth--;
    }
    *text = *stop ? stop + 1 : stop;
    *stop = '\0';
    return *start ? start : NULL;
}

/* Blanks at both ends taken off, in place. */
static char *trim(char *text)
{
    while (lines_is_blank(*text))
        text++;
    size_t len = strlen(text);
    while (len && lines_is_blank(text[len - 1]))
        len--;
    text[len] = '\0';
    return text;
}

/* Where the key ends: at a blank or = outside of double quotes. NULL: a quote isn't closed. */
static char *key_end(char *text)
{
    bool quoted = false;
    for (; *text; text++) {
        if (*text == '\\') {
            if (!*++text)
                break;
        } else if (*text == '"') {
            quoted = !quoted;
        } else if (!quoted && (*text == '=' || lines_is_blank(*text))) {
            break;
        }
    }
    return quoted ? NULL : text;
}

static bool split(char *text, struct row_text *ret_entry, struct error *error)
{
    char *key = trim(text);
    char *stop = key_end(key);
    if (!stop)
        return error_set(error, "a double quote is opened and not closed in \"%.200s\"", key);
    char *equals = stop;
    while (lines_is_blank(*equals))
        equals++;
    if (*equals != '=' || stop == key)
        return error_set(error, "\"%.200s\" is not key = value", key);
    char *value = trim(equals + 1);
    if (!*value)
        return error_set(error, "\"%.200s\" has no value", key);
    *stop = '\0';
    *ret_entry = (struct row_text){key, (size_t)(stop - key), value, 0};
    return true;
}

static bool add_entry(struct rows *rows, char *text, unsigned number, enum table_case letters,
                      struct error *error)
{
    if (*text == '{') {
        size_t len = braces(text);
        if (!len || text[len])
            return error_set(error, "braces do not match in \"%.200s\"", text);
        text[len - 1] = '\0';
        text++;
    }
    struct row_text entry = {0};
    if (!split(text, &entry, error))
        return false;
    entry.line = number;
    return rows_add(rows, letters, &entry, error);
}

static bool add_entries(struct rows *rows, char *text, enum table_case letters, struct error *error)
{
    unsigned number = 0;
    for (char *entry; (entry = next_entry(&text));)
        if (!add_entry(rows, entry, ++number, letters, error))
            return false;
    if (!number)
        return error_set(error, "the table is empty; " EXPECTED);
    const struct row *first;
    const struct row *second;
    if (rows_index(rows, &first, &second))
        return true;
    if (!second)
        return error_set(error, "out of memory");
    return error_set(error, "\"%.100s\" stands in it twice" ROWS_TWICE, rows_key(rows, second));
}

static void free_state(void *state)
{
    rows_done(state);
    free(state);
}

static bool open_table(const char *path, struct table *table, struct error *error)
{
    size_t len = strlen(path);
    if (*path != '{' || braces(path) != len || len > ROWS_TEXT_MAX)
        return error_set(error, "%.200s: " EXPECTED, table->name);
    if (u8_check((const uint8_t *)path, len))
        return error_set(error, "inline: the table is not UTF-8");
    struct rows *rows = calloc(1, sizeof *rows);
    char *text = rows ? strndup(path + 1, len - 2) : NULL;
    if (!text) {
        free(rows);
        return error_set(error, "inline: out of memory");
    }
    rows_init(rows, text);
    if (!add_entries(rows, text, table->letters, error)) {
        free_state(rows);
        return error_prefix(error, "inline: ");
    }
    table->state = rows;
    return true;
}

static enum table_result find(const struct table *table, struct arena *arena, struct bytes key,
                              struct table_answer *ret_answer)
{
    const struct row *row = rows_find(table->state, key);
    if (!row)
        return TABLE_ABSENT;
    return table_found(arena, ret_answer, bytes_of(rows_value(table->state, row)), "inline:%u %s",
                       row->line, rows_key(table->state, row));
}

static enum table_walk each(const struct table *table, const struct table_visitor *visitor,
                            struct error *error)
{
    (void)error;
    return rows_each(table->state, "inline", visitor);
}

const struct table_kind table_kind_inline = {
    .name = "inline",
    .open = open_table,
    .find = find,
    .each = each,
    .free = free_state,
};
