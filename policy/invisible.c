/* Finding characters that are not seen, by a table of their ranges. */
#include "policy/invisible.h"

#include <unistr.h>

struct range {
    uint32_t first, last;
    enum invisible_kind kind;
};

/* Sorted. Unicode's Default_Ignorable_Code_Point and the controls, sorted by what they do. */
static const struct range ranges[] = {
    {0x00, 0x08, INVISIBLE_CONTROL},
    {0x0A, 0x0D, INVISIBLE_LINE_BREAK},
    {0x0E, 0x1F, INVISIBLE_CONTROL},
    {0x7F, 0x84, INVISIBLE_CONTROL},
    {0x85, 0x85, INVISIBLE_LINE_BREAK},
    {0x86, 0x9F, INVISIBLE_CONTROL},
    {0xAD, 0xAD, INVISIBLE_ZERO_WIDTH},       /* soft hyphen */
    {0x34F, 0x34F, INVISIBLE_ZERO_WIDTH},     /* combining grapheme joiner */
    {0x61C, 0x61C, INVISIBLE_JOINER},         /* Arabic letter mark */
    {0x115F, 0x1160, INVISIBLE_ZERO_WIDTH},   /* Hangul fillers */
    {0x17B4, 0x17B5, INVISIBLE_ZERO_WIDTH},   /* Khmer inherent vowels */
    {0x180B, 0x180D, INVISIBLE_JOINER},       /* Mongolian variation selectors */
    {0x180E, 0x180E, INVISIBLE_ZERO_WIDTH},   /* Mongolian vowel separator */
    {0x180F, 0x180F, INVISIBLE_JOINER},       /* Mongolian variation selector */
    {0x200B, 0x200B, INVISIBLE_ZERO_WIDTH},   /* zero-width space */
    {0x200C, 0x200F, INVISIBLE_JOINER},       /* ZWNJ, ZWJ, LRM, RLM */
    {0x2028, 0x2029, INVISIBLE_LINE_BREAK},   /* line and paragraph separator */
    {0x202A, 0x202E, INVISIBLE_BIDI},         /* embeddings and overrides */
    {0x2060, 0x2065, INVISIBLE_ZERO_WIDTH},   /* word joiner, invisible operators */
    {0x2066, 0x2069, INVISIBLE_BIDI},         /* isolates */
    {0x206A, 0x206F, INVISIBLE_ZERO_WIDTH},   /* deprecated shaping controls */
    {0x2800, 0x2800, INVISIBLE_ZERO_WIDTH},   /* empty Braille pattern */
    {0x3164, 0x3164, INVISIBLE_ZERO_WIDTH},   /* Hangul filler */
    {0xFE00, 0xFE0F, INVISIBLE_JOINER},       /* variation selectors */
    {0xFEFF, 0xFEFF, INVISIBLE_ZERO_WIDTH},   /* byte order mark */
    {0xFFA0, 0xFFA0, INVISIBLE_ZERO_WIDTH},   /* half-width Hangul filler */
    {0xFFF0, 0xFFFB, INVISIBLE_ZERO_WIDTH},   /* reserved, interlinear annotation */
    {0x1BCA0, 0x1BCA3, INVISIBLE_ZERO_WIDTH}, /* shorthand format controls */
    {0x1D173, 0x1D17A, INVISIBLE_ZERO_WIDTH}, /* musical beams */
    {0xE0000, 0xE001F, INVISIBLE_ZERO_WIDTH},
    {0xE0020, 0xE007F, INVISIBLE_JOINER}, /* tags: flags of England, Scotland, Wales */
    {0xE0080, 0xE00FF, INVISIBLE_ZERO_WIDTH},
    {0xE0100, 0xE01EF, INVISIBLE_JOINER}, /* variants of Chinese characters in names */
    {0xE01F0, 0xE0FFF, INVISIBLE_ZERO_WIDTH},
};

unsigned invisible_kind_of(uint32_t character)
{
    if (character > 0x1F && character < 0x7F)
        return 0;
    size_t low = 0;
    size_t high = sizeof ranges / sizeof *ranges;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (character > ranges[middle].last)
            low = middle + 1;
        else if (character < ranges[middle].first)
            high = middle;
        else
            return ranges[middle].kind;
    }
    return 0;
}

bool invisible_find(struct bytes utf8, unsigned kinds, struct invisible *ret_found)
{
    for (size_t at = bytes_find_odd(utf8, 0); at < utf8.len; at = bytes_find_odd(utf8, at)) {
        ucs4_t character;
        int size = u8_mbtoucr(&character, (const uint8_t *)utf8.data + at, utf8.len - at);
        unsigned kind = size > 0 ? invisible_kind_of(character) : INVISIBLE_BAD_UTF8;
        if (kind & kinds) {
            if (size <= 0)
                character = (unsigned char)utf8.data[at];
            *ret_found = (struct invisible){(enum invisible_kind)kind, character, at};
            return true;
        }
        at += size > 0 ? (size_t)size : 1;
    }
    return false;
}
