/* Numbers drawn with characters. */
#ifndef CTL_REPORT_SPARK_H
#define CTL_REPORT_SPARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A column for each number, from the least block for 1 to the full one for the greatest; a blank
 * for 0. utf8: blocks of eight heights; else ASCII. At most size - 1 bytes, NUL-terminated; 3 bytes
 * a number do. */
void spark_line(const int64_t *numbers, size_t count, bool utf8, char *ret_text, size_t size);

/* A bar of at most width columns for a number of a greatest; what is not 0 has at least a trace. 3
 * * width + 1 bytes do. */
void spark_bar(int64_t number, int64_t most, unsigned width, bool utf8, char *ret_text,
               size_t size);

#endif
