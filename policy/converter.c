/* One idle converter for each charset: who finds none opens another. */
#include "policy/converter.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

static _Atomic(iconv_t) idle[CHARSET_NAMES];

iconv_t converter_take(const struct charset *charset)
{
    iconv_t converter = atomic_exchange(&idle[charset_index(charset)], NULL);
    if (converter)
        return converter;
    converter = iconv_open("UTF-8", charset->iconv);
    return converter == CONVERTER_MISSING && errno != EINVAL ? NULL : converter;
}

/* What is missing is not kept: iconv says so, too, of one whose file it could not open because too
 * many were open. */
void converter_give(const struct charset *charset, iconv_t converter)
{
    if (converter == CONVERTER_MISSING)
        return;
    iconv_t other = atomic_exchange(&idle[charset_index(charset)], converter);
    if (other)
        iconv_close(other);
}
