/* What the parts of the HTML page share. */
#ifndef CTL_REPORT_HTML_PRIVATE_H
#define CTL_REPORT_HTML_PRIVATE_H

#include "ctl/report/report.h"

struct html_page {
    const struct summary *summary;
    FILE *out;
};

/* The style sheet's text: the page's policy allows the one with its hash and no other. */
extern const char html_style[];

/* Pixels of a plot above its highest line and below its base line, for numbers and labels. */
#define HTML_TOP 10
#define HTML_BOTTOM 22

/* The numbers beside a plot's lines: 0, the half where it is whole, the top. whole: the plot's
 * height with all. */
void html_scale(const struct html_page *page, int64_t top, int height, int whole);
void html_grid(const struct html_page *page, int64_t top, int height);
void html_base(const struct html_page *page, int height);

/* Plots and the tables behind them. */
void html_over_time(const struct html_page *page);
void html_latency(const struct html_page *page);
void html_lists(const struct html_page *page);

/* <section><h2>; note may be NULL. Close it with html_section_end. */
void html_section(const struct html_page *page, const char *title, const char *note);
void html_section_end(const struct html_page *page);

/* <time>, shown in local time; seconds only where wanted. */
void html_time(const struct html_page *page, int64_t at);

/* A small square in an outcome's colour. */
void html_swatch(const struct html_page *page, const char *class);

#endif
