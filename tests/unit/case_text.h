/* Lines of case files: fields, and bytes written with escapes. */
#ifndef TESTS_UNIT_CASE_TEXT_H
#define TESTS_UNIT_CASE_TEXT_H

#include <stdio.h>

#include "policy/bytes.h"

/* Opens NAME below the source tree's tests/cases; ends the test program where it is not there. */
FILE *case_text_open(const char *name);

/* Cuts the next field off a line: up to " | ", blanks around it taken off. */
char *case_text_field(char **line);

/* \r \n \t \0 \xHH \\ become their bytes, \- becomes none, in a heap buffer of exactly the right
 * size, so that AddressSanitizer shows what reads past it. The caller frees .data. */
struct bytes case_text_bytes(const char *text);

#endif
