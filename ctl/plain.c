/* Writing text that cannot steer the terminal. */
#include "ctl/plain.h"

#include <stdint.h>
#include <unistr.h>

#include "policy/invisible.h"

static bool steers(ucs4_t character)
{
    return (character < ' ' && character != '\n' && character != '\t') ||
           (character >= 0x7f && character < 0xa0) || character == 0x061c ||
           (character >= 0x200e && character <= 0x200f) ||
           (character >= 0x2028 && character <= 0x202e) ||
           (character >= 0x2066 && character <= 0x2069);
}

static bool misleads(ucs4_t character)
{
    return character == '\t' || invisible_kind_of(character);
}

static void write_without(FILE *out, struct bytes text, bool (*unwanted)(ucs4_t))
{
    while (text.len) {
        ucs4_t character;
        int len = u8_mbtoucr(&character, (const uint8_t *)text.data, text.len);
        bool bare = len > 0 && !unwanted(character);
        size_t taken = len > 0 ? (size_t)len : 1;
        if (bare)
            fwrite(text.data, 1, taken, out);
        for (size_t i = 0; !bare && i < taken; i++)
            fprintf(out, "\\x%02x", (unsigned)(unsigned char)text.data[i]);
        text = bytes_slice(text, taken, text.len);
    }
}

void plain_write(FILE *out, struct bytes text)
{
    write_without(out, text, steers);
}

void plain_write_value(FILE *out, struct bytes text)
{
    write_without(out, text, misleads);
}
