/* Comments, values and groups of the reference, at their depth. */
#include "conf/layout.h"

#include <string.h>

#include "conf/value.h"

#define WIDTH 92
#define REMARK_COLUMN 44

static void indent(const struct layout *layout)
{
    fprintf(layout->out, "%*s# ", layout->depth * 2, "");
}

static size_t room(const struct layout *layout)
{
    return WIDTH - 2 - (size_t)layout->depth * 2;
}

void layout_separate(struct layout *layout)
{
    if (layout->begun)
        putc('\n', layout->out);
    layout->begun = true;
}

/* How much of the text goes into one line: up to a blank, or one word at least. */
static size_t line_of(const char *text, size_t width)
{
    size_t len = strlen(text);
    if (len <= width)
        return len;
    for (len = width; len > 0 && text[len] != ' '; len--)
        ;
    return len ? len : strcspn(text, " ");
}

void layout_comment(const struct layout *layout, const char *text)
{
    while (*text) {
        size_t len = line_of(text, room(layout));
        indent(layout);
        fprintf(layout->out, "%.*s\n", (int)len, text);
        text += len;
        text += strspn(text, " ");
    }
}

void layout_lines(const struct layout *layout, const char *text)
{
    while (*text) {
        size_t len = strcspn(text, "\n");
        fprintf(layout->out, "%*s#%s%.*s\n", layout->depth * 2, "", len ? " " : "", (int)len, text);
        text += len + (text[len] == '\n');
    }
}

/* Broken where an item ends: the items themselves may hold blanks. */
static void write_list(const struct layout *layout, const char *value, size_t used)
{
    while (*value) {
        const char *comma = strstr(value, "\", ");
        size_t len = comma ? (size_t)(comma + 2 - value) : strlen(value);
        if (used + 1 + len > room(layout)) {
            putc('\n', layout->out);
            indent(layout);
            used = (size_t)fprintf(layout->out, " ");
        }
        used += (size_t)fprintf(layout->out, " %.*s", (int)len, value);
        value += len;
        value += strspn(value, " ");
    }
}

void layout_value(const struct layout *layout, const struct option_row *row, const char *value)
{
    char remark[300];
    indent(layout);
    int used = fprintf(layout->out, "%s =", row->name);
    if (strlen(value) + (size_t)used > room(layout)) {
        write_list(layout, value, (size_t)used);
        fputs(";\n", layout->out);
        return;
    }
    used += fprintf(layout->out, " %s;", value);
    value_range(row, remark, sizeof remark);
    if (remark[0])
        fprintf(layout->out, "%*s # %s", used < REMARK_COLUMN ? REMARK_COLUMN - used : 0, "",
                remark);
    putc('\n', layout->out);
}

void layout_open(struct layout *layout, const char *name)
{
    fprintf(layout->out, "%*s%s: {\n", layout->depth++ * 2, "", name);
    layout->begun = false;
}

void layout_close(struct layout *layout)
{
    fprintf(layout->out, "%*s};\n", --layout->depth * 2, "");
    layout->begun = true;
}
