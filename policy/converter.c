/* One idle converter for each charset: who finds none opens another. */
#include "policy/converter.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static _Atomic(iconv_t) idle[CHARSET_NAMES];
static atomic_bool there[CHARSET_NAMES]; /* it was opened once */

/* The first of those that iconv calls the same. */
static size_t first_alike(size_t index)
{
    size_t first = 0;
    while (strcmp(charset_at(first)->iconv, charset_at(index)->iconv) != 0)
        first++;
    return first;
}

void converter_begin(void)
{
    for (size_t i = 0; i < CHARSET_NAMES; i++) {
        size_t first = first_alike(i);
        iconv_t converter = first == i ? converter_take(charset_at(i)) : NULL;
        if (converter)
            converter_give(charset_at(i), converter);
        atomic_store(&there[i], atomic_load(&there[first]));
    }
}

/* iconv says EINVAL, too, of a charset whose module it could not load: only of one that never was
 * there it is believed. */
iconv_t converter_take(const struct charset *charset)
{
    size_t index = charset_index(charset);
    iconv_t converter = atomic_exchange(&idle[index], NULL);
    if (converter)
        return converter;
    converter = iconv_open("UTF-8", charset->iconv);
    if (converter != CONVERTER_MISSING)
        atomic_store(&there[index], true);
    else if (errno != EINVAL || atomic_load(&there[index]))
        return NULL;
    return converter;
}

void converter_give(const struct charset *charset, iconv_t converter)
{
    if (converter == CONVERTER_MISSING)
        return;
    iconv_t other = atomic_exchange(&idle[charset_index(charset)], converter);
    if (other)
        iconv_close(other);
}
