/* The lists of a report on a terminal. */
#ifndef CTL_REPORT_TEXT_LISTS_H
#define CTL_REPORT_TEXT_LISTS_H

#include "ctl/report/report.h"

struct text_page {
    const struct summary *summary;
    const struct report_look *look;
    FILE *out;
    struct error *error;
};

/* Reasons, people, observed rules, contained logins, friction, networks, TLS, mechanisms,
 * signatures. */
MUST_CHECK bool text_lists(const struct text_page *page);

/* note may be NULL. */
void text_heading(const struct text_page *page, const char *title, const char *note);

#endif
