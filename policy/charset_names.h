/* The charsets that are known, by name. Only what decodes them uses it. */
#ifndef POLICY_CHARSET_NAMES_H
#define POLICY_CHARSET_NAMES_H

#include "policy/charset.h"

enum charset_kind {
    CHARSET_UTF8,
    CHARSET_ASCII,
    CHARSET_ICONV,
    CHARSET_ISO_8859, /* by iconv, without 0x80 to 0x9F */
    CHARSET_ODD,      /* by iconv, and readers differ */
};

struct charset {
    const char *name;  /* in lower case */
    const char *iconv; /* what iconv calls it */
    enum charset_kind kind;
};

/* How many names there are, and which of them a charset stands under, and back. */
#define CHARSET_NAMES 153
size_t charset_index(const struct charset *charset);
const struct charset *charset_at(size_t index);

#define CHARSET_LONGEST_NAME 31

/* Letters and digits alone, small, the first CHARSET_LONGEST_NAME of them and a NUL: Python looks
 * charsets up so, more or less. */
void charset_reduce_name(struct bytes name, char *ret_reduced);

#endif
