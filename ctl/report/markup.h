/* Text of others within HTML: it is shown, and nothing more. */
#ifndef CTL_REPORT_MARKUP_H
#define CTL_REPORT_MARKUP_H

#include <stdio.h>

#include "policy/bytes.h"

#define MARKUP_MOST 160 /* characters that are shown of one text */

/* Safe in an element and in a quoted attribute. Characters that are not seen or that turn the
 * direction of writing, and bytes that are no UTF-8, stand there as \xNN; a longer text ends in
 * "...". */
void markup_write(FILE *out, struct bytes text);

/* An element of its own, so that its direction of writing ends with it: <bdi>. */
void markup_name(FILE *out, const char *text);

#endif
