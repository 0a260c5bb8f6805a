/* Texts as the configuration's syntax writes them. */
#ifndef CONF_QUOTE_H
#define CONF_QUOTE_H

#include <stddef.h>
#include <stdio.h>

/* "text" with quotes, backslashes and control characters escaped, so that it reads back as it was.
 */
void quote_write(FILE *out, const char *text);

/* The same for an error's sentence: cut to some 60 bytes. */
void quote_text(const char *text, char *quoted, size_t size);

#endif
