/* Columns of text. */
#include "ctl/table_text.h"

#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistr.h>
#include <uniwidth.h>

#include "ctl/plain.h"

#define GAP 2
#define UNLIMITED ((unsigned)-1)
#define ASK_TERMINAL ((unsigned)-1)

struct cell {
    char *text; /* what is shown */
    size_t len;
    unsigned width; /* columns of the screen */
};

struct table_text {
    const struct table_text_column *columns;
    size_t column_count;
    struct cell *cells; /* of the rows that wait, in reading order */
    size_t count, space;
    unsigned *widths; /* a column's widest cell so far */
    bool *left_out;
    unsigned terminal;
    const char *cut_mark;
    bool titles;
    bool failed;
};

/* The environment is asked, and the program's own locale left as it is. */
static bool locale_is_utf8(void)
{
    locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    bool utf8 = locale != (locale_t)0 && strcmp(nl_langinfo_l(CODESET, locale), "UTF-8") == 0;
    if (locale != (locale_t)0)
        freelocale(locale);
    return utf8;
}

struct table_text *table_text_new(const struct table_text_column *columns, size_t count)
{
    struct table_text *table = calloc(1, sizeof *table);
    if (!table)
        return NULL;
    table->columns = columns;
    table->column_count = count;
    table->terminal = ASK_TERMINAL;
    table->titles = true;
    table->cut_mark = locale_is_utf8() ? "\xe2\x80\xa6" : "...";
    table->widths = calloc(count, sizeof *table->widths);
    table->left_out = calloc(count, sizeof *table->left_out);
    if (table->widths && table->left_out)
        return table;
    table_text_free(table);
    return NULL;
}

static void forget_rows(struct table_text *table)
{
    for (size_t i = 0; i < table->count; i++)
        free(table->cells[i].text);
    table->count = 0;
}

void table_text_free(struct table_text *table)
{
    if (!table)
        return;
    forget_rows(table);
    free(table->cells);
    free(table->widths);
    free(table->left_out);
    free(table);
}

static unsigned width_of(const char *text, size_t len)
{
    int width = u8_width((const uint8_t *)text, len, "UTF-8");
    return width > 0 ? (unsigned)width : 0;
}

static bool make_cell(struct bytes text, struct cell *ret_cell)
{
    FILE *stream = open_memstream(&ret_cell->text, &ret_cell->len);
    if (!stream)
        return false;
    plain_write_value(stream, text);
    bool written = !ferror(stream);
    if (fclose(stream) != 0 || !written) {
        free(ret_cell->text);
        return false;
    }
    ret_cell->width = width_of(ret_cell->text, ret_cell->len);
    return true;
}

static void add(struct table_text *table, struct bytes text)
{
    if (table->count == table->space) {
        size_t space = table->space ? table->space * 2 : 16 * table->column_count;
        struct cell *cells = reallocarray(table->cells, space, sizeof *cells);
        table->failed = table->failed || !cells;
        if (!cells)
            return;
        table->cells = cells;
        table->space = space;
    }
    if (!make_cell(text, &table->cells[table->count])) {
        table->failed = true;
        return;
    }
    unsigned width = table->cells[table->count].width;
    unsigned *widest = &table->widths[table->count % table->column_count];
    *widest = width > *widest ? width : *widest;
    table->count++;
}

/* The titles are the row before the first. */
static void add_titles(struct table_text *table)
{
    for (size_t i = 0; table->titles && i < table->column_count; i++)
        add(table, bytes_of(table->columns[i].title));
    table->titles = false;
}

void table_text_add(struct table_text *table, struct bytes text)
{
    add_titles(table);
    add(table, text);
}

void table_text_add_number(struct table_text *table, int64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, number);
    table_text_add(table, bytes_of(text));
}

size_t table_text_rows(const struct table_text *table)
{
    return (table->count + table->column_count - 1) / table->column_count;
}

void table_text_hide_titles(struct table_text *table)
{
    table->titles = false;
}

void table_text_set_width(struct table_text *table, unsigned width)
{
    table->terminal = width ? width : UNLIMITED - 1;
}

static unsigned width_of_terminal(const struct table_text *table, FILE *out)
{
    struct winsize size;
    if (table->terminal != ASK_TERMINAL)
        return table->terminal;
    if (ioctl(fileno(out), TIOCGWINSZ, &size) != 0)
        return UNLIMITED - 1;
    return size.ws_col ? size.ws_col : 80;
}

static unsigned width_of_row(const struct table_text *table, const unsigned *widths)
{
    unsigned sum = 0;
    for (size_t i = 0; i < table->column_count; i++)
        sum += table->left_out[i] ? 0 : widths[i] + (sum ? GAP : 0);
    return sum;
}

static unsigned enough_of(const struct table_text_column *column)
{
    return column->enough > column->least ? column->enough : column->least;
}

/* The widest column that may be cut loses one. */
static bool shrink(const struct table_text *table, unsigned *widths, bool below_enough)
{
    size_t widest = table->column_count;
    for (size_t i = 0; i < table->column_count; i++) {
        const struct table_text_column *column = &table->columns[i];
        unsigned least = below_enough ? column->least : enough_of(column);
        if (!table->left_out[i] && column->least && widths[i] > least &&
            (widest == table->column_count || widths[i] > widths[widest]))
            widest = i;
    }
    if (widest == table->column_count)
        return false;
    widths[widest]--;
    return true;
}

/* One column fewer. */
static bool leave_out(struct table_text *table)
{
    size_t chosen = table->column_count;
    unsigned spare = 0;
    for (size_t i = 0; i < table->column_count; i++)
        if (!table->left_out[i] && table->columns[i].spare > spare) {
            spare = table->columns[i].spare;
            chosen = i;
        }
    if (chosen == table->column_count)
        return false;
    table->left_out[chosen] = true;
    return true;
}

static unsigned enough_of_row(const struct table_text *table)
{
    unsigned sum = 0;
    for (size_t i = 0; i < table->column_count; i++) {
        unsigned enough = enough_of(&table->columns[i]), width = table->widths[i];
        if (!table->left_out[i])
            sum += (enough && enough < width ? enough : width) + (sum ? GAP : 0);
    }
    return sum;
}

static void fit(struct table_text *table, unsigned terminal, unsigned *widths)
{
    while (enough_of_row(table) > terminal && leave_out(table))
        ;
    memcpy(widths, table->widths, table->column_count * sizeof *widths);
    while (width_of_row(table, widths) > terminal &&
           (shrink(table, widths, false) || shrink(table, widths, true)))
        ;
}

/* How many bytes of a cell take up width columns at most, and how many columns these are. */
static size_t cut(const struct cell *cell, unsigned width, unsigned *ret_width)
{
    size_t taken = 0;
    *ret_width = 0;
    while (taken < cell->len) {
        ucs4_t character;
        int len = u8_mbtoucr(&character, (const uint8_t *)cell->text + taken, cell->len - taken);
        if (len <= 0)
            break;
        unsigned next = width_of(cell->text + taken, (size_t)len);
        if (*ret_width + next > width)
            break;
        *ret_width += next;
        taken += (size_t)len;
    }
    return taken;
}

static void pad(FILE *out, unsigned count)
{
    fprintf(out, "%*s", (int)count, "");
}

static void print_cell(const struct table_text *table, const struct cell *cell, unsigned width,
                       bool right, bool last, FILE *out)
{
    unsigned shown = cell->width, mark = width_of(table->cut_mark, strlen(table->cut_mark));
    size_t taken = cell->len;
    bool too_wide = cell->width > width;
    if (too_wide)
        taken = cut(cell, width > mark ? width - mark : 0, &shown);
    shown += too_wide ? mark : 0;
    if (right && shown < width)
        pad(out, width - shown);
    fwrite(cell->text, 1, taken, out);
    if (too_wide)
        fputs(table->cut_mark, out);
    if (!right && !last && shown < width)
        pad(out, width - shown);
}

static void print_row(const struct table_text *table, const struct cell *cells,
                      const unsigned *widths, FILE *out)
{
    size_t last = 0;
    bool first = true;
    for (size_t i = 0; i < table->column_count; i++)
        last = table->left_out[i] ? last : i;
    for (size_t i = 0; i < table->column_count; i++) {
        if (table->left_out[i])
            continue;
        if (!first)
            pad(out, GAP);
        first = false;
        print_cell(table, &cells[i], widths[i], table->columns[i].right, i == last, out);
    }
    fputc('\n', out);
}

bool table_text_print(struct table_text *table, FILE *out, struct error *error)
{
    unsigned *widths = calloc(table->column_count, sizeof *widths);
    add_titles(table);
    table->failed = table->failed || !widths;
    if (!table->failed) {
        fit(table, width_of_terminal(table, out), widths);
        for (size_t i = 0; i + table->column_count <= table->count; i += table->column_count)
            print_row(table, table->cells + i, widths, out);
    }
    free(widths);
    forget_rows(table);
    return !table->failed || error_set(error, "memory is out");
}
