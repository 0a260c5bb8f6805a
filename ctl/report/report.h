/* A summary shown: on a terminal, as one HTML file, as JSON. */
#ifndef CTL_REPORT_REPORT_H
#define CTL_REPORT_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "history/summary.h"

/* What can be written to a terminal, a pipe, a file. */
struct report_look {
    bool utf8;      /* blocks and dashes; else ASCII */
    bool colour;    /* escape codes */
    unsigned width; /* columns */
};

/* As the environment says: the locale, NO_COLOR, TERM, whether out is a terminal and how wide. Sets
 * the locale's character type. */
void report_look_at(FILE *out, struct report_look *ret_look);

MUST_CHECK bool report_text(const struct summary *summary, const struct report_look *look,
                            FILE *out, struct error *error);
void report_json(const struct summary *summary, FILE *out);

/* One file that needs no other; every text of others is escaped. */
void report_html(const struct summary *summary, FILE *out);

#endif
