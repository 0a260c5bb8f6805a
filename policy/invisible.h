/* Characters that are not seen, or that move what is seen: in names, and above all in addresses. */
#ifndef POLICY_INVISIBLE_H
#define POLICY_INVISIBLE_H

#include <stdint.h>

#include "policy/bytes.h"

/* Bits, to be or-ed for a question. */
enum invisible_kind {
    INVISIBLE_CONTROL = 1,    /* C0 without tab and line breaks, DEL, C1 */
    INVISIBLE_LINE_BREAK = 2, /* CR, LF, VT, FF, NEL, U+2028, U+2029 */
    INVISIBLE_BIDI = 4,       /* embeddings, overrides, isolates: U+202A to E, U+2066 to 9 */
    /* zero-width space, word joiner, BOM, soft hyphen, fillers, ... */
    INVISIBLE_ZERO_WIDTH = 8,
    /* What names and emoji use rightly: ZWJ, ZWNJ, LRM, RLM, ALM, variation selectors, tags. */
    INVISIBLE_JOINER = 16,
    INVISIBLE_BAD_UTF8 = 32, /* a byte that is no UTF-8 */
};

/* What never belongs in a display name. */
#define INVISIBLE_IN_NAMES                                                                         \
    (INVISIBLE_CONTROL | INVISIBLE_LINE_BREAK | INVISIBLE_BIDI | INVISIBLE_ZERO_WIDTH)

/* What never belongs in an address. */
#define INVISIBLE_IN_ADDRESSES (INVISIBLE_IN_NAMES | INVISIBLE_JOINER)

struct invisible {
    enum invisible_kind kind;
    uint32_t character; /* the code point; the byte for BAD_UTF8 */
    size_t at;          /* byte offset */
};

/* The first character of any of the kinds; false: there is none. */
bool invisible_find(struct bytes utf8, unsigned kinds, struct invisible *ret_found);

/* The kind of one character; 0 for one that is seen. */
unsigned invisible_kind_of(uint32_t character);

#endif
