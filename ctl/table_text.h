/* Rows of text in columns: padded by what they take up on the screen. Text of others cannot steer
 * the terminal (ctl/plain.h) nor break its line. On a terminal rows are cut to its width; in a pipe
 * or a file they are whole. */
#ifndef CTL_TABLE_TEXT_H
#define CTL_TABLE_TEXT_H

#include <stdint.h>
#include <stdio.h>

#include "policy/bytes.h"
#include "policy/error.h"

struct table_text_column {
    const char *title;
    bool right;     /* numbers */
    unsigned least; /* on a narrow terminal it may be cut to this width; 0: it is never cut */
    /* Rather than cut it below this width columns are left out; where none can be, it is cut last.
     * 0: its least width. */
    unsigned enough;
    /* Columns that are left out where that is not enough, the highest first; 0: never. */
    unsigned spare;
};

struct table_text;

/* columns: must outlive it. NULL: memory is out. */
struct table_text *table_text_new(const struct table_text_column *columns, size_t count);
void table_text_free(struct table_text *table);

/* The next cell of the row; a row is full after as many as there are columns. Copied. */
void table_text_add(struct table_text *table, struct bytes text);
void table_text_add_number(struct table_text *table, int64_t number);

/* Rows that wait to be printed; the titles and a row that is not yet full count too. */
size_t table_text_rows(const struct table_text *table);

/* Writes the rows and forgets them, the titles above the first. Later rows keep to the widths of
 * earlier ones where they can, so that rows may be printed some at a time. False: memory was out
 * for one of the cells. */
MUST_CHECK bool table_text_print(struct table_text *table, FILE *out, struct error *error);

/* No titles: before the first cell. */
void table_text_hide_titles(struct table_text *table);

/* For tests: as on a terminal that is so wide; 0: as in a pipe. By default out is asked. What is
 * cut ends in an ellipsis, three points where the locale has no UTF-8. */
void table_text_set_width(struct table_text *table, unsigned width);

#endif
