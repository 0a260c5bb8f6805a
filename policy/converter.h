/* Converters of iconv's that stay open between messages.
 *
 * glibc unloads a charset's module soon after its last converter is closed, and loading one takes
 * 45 us: a header block within the caps, of encoded words in 47 charsets by turns, took 175 ms. */
#ifndef POLICY_CONVERTER_H
#define POLICY_CONVERTER_H

#include <iconv.h>

#include "policy/charset_names.h"

/* Takes the place of a converter where the system has none for the charset. */
#define CONVERTER_MISSING ((iconv_t)-1)

/* Opens one converter for each of iconv's charsets, and so finds out which the system has: without
 * memory or descriptors later it says of each that it has none, and for good where the first of all
 * is asked for then. They stay open, so that no module is unloaded: where dlclose() has no memory,
 * glibc leaves the loader locked, and every new thread waits for it. 12 ms, once. */
void converter_begin(void);

/* A converter to UTF-8, the caller's alone until it is given back. NULL when memory or
 * descriptors are out: what a text holds is not known then. From any thread. */
iconv_t converter_take(const struct charset *charset);
void converter_give(const struct charset *charset, iconv_t converter);

#endif
