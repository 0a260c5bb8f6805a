/* Escaping for HTML. */
#include "ctl/report/markup.h"

#include <stdint.h>
#include <unistr.h>

#include "policy/invisible.h"

static const char *entity_of(ucs4_t character)
{
    switch (character) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

static bool is_seen(ucs4_t character)
{
    return invisible_kind_of(character) == 0 && character != '\t' &&
           (character & 0xfffe) != 0xfffe && !(character >= 0xfdd0 && character <= 0xfdef);
}

void markup_write(FILE *out, struct bytes text)
{
    for (size_t shown = 0; text.len; shown++) {
        ucs4_t character;
        int len = u8_mbtoucr(&character, (const uint8_t *)text.data, text.len);
        bool bare = len > 0 && is_seen(character);
        size_t taken = len > 0 ? (size_t)len : 1;
        if (shown == MARKUP_MOST) {
            fputs("\xe2\x80\xa6", out);
            return;
        }
        if (bare && entity_of(character))
            fputs(entity_of(character), out);
        else if (bare)
            fwrite(text.data, 1, taken, out);
        for (size_t i = 0; !bare && i < taken; i++)
            fprintf(out, "\\x%02x", (unsigned)(unsigned char)text.data[i]);
        text = bytes_slice(text, taken, text.len);
    }
}

void markup_name(FILE *out, const char *text)
{
    fputs("<bdi>", out);
    markup_write(out, bytes_of(text));
    fputs("</bdi>", out);
}
