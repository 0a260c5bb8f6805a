/* The charsets that are known, by name. Only policy/charset.c and converter.c use it. */
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

#endif
