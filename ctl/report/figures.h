/* Numbers as people read them. */
#ifndef CTL_REPORT_FIGURES_H
#define CTL_REPORT_FIGURES_H

#include <stdint.h>

#define FIGURES_SIZE 32

/* "1,627" */
const char *figures_count(int64_t number, char ret_text[FIGURES_SIZE]);

/* "1,200", "12k", "1.6M": of round numbers, for the narrow place beside a plot. */
const char *figures_short(int64_t number, char ret_text[FIGURES_SIZE]);

/* "74.6%", "0.3%"; "<0.1%" for what is not nothing; "" of nothing. */
const char *figures_percent(int64_t part, int64_t whole, char ret_text[FIGURES_SIZE]);

/* Of microseconds: "740 us", "1.52 ms", "2.1 s" */
const char *figures_delay(int64_t microseconds, char ret_text[FIGURES_SIZE]);

/* Of milliseconds: "7 days", "3 hours", "90 s" */
const char *figures_span(int64_t milliseconds, char ret_text[FIGURES_SIZE]);

/* The next round number (1, 2 or 5 and zeros) at or above a maximum: where an axis ends. At
 * least 1. */
int64_t figures_round_up(int64_t most);

#endif
