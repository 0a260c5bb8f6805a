/* Laying out the commented reference. */
#ifndef CONF_LAYOUT_H
#define CONF_LAYOUT_H

#include <stdbool.h>
#include <stdio.h>

#include "policy/option.h"

struct layout {
    FILE *out;
    int depth;  /* groups that are open */
    bool begun; /* something stands in the group already: an empty line goes before the next */
};

/* An empty line, where one belongs. */
void layout_separate(struct layout *layout);

/* "# " and the text, broken at blanks. */
void layout_comment(const struct layout *layout, const char *text);

/* "# " before each of the text's lines, as they are. */
void layout_lines(const struct layout *layout, const char *text);

/* "# key = value;   # what else it may be"; lists are broken at commas. */
void layout_value(const struct layout *layout, const struct option_row *row, const char *value);

void layout_open(struct layout *layout, const char *name);
void layout_close(struct layout *layout);

#endif
