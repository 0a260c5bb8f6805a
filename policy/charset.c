/* Charsets to UTF-8: UTF-8 and ASCII by hand, the others by iconv. */
#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <string.h>
#include <unistr.h>

#include "policy/charset_names.h"

static const iconv_t CANNOT_OPEN = (iconv_t)-1;

bool charset_is_odd(const struct charset *charset)
{
    return charset->kind == CHARSET_ODD;
}

void charset_decoder_init(struct charset_decoder *decoder, struct arena *arena)
{
    *decoder = (struct charset_decoder){.arena = arena};
}

void charset_decoder_done(struct charset_decoder *decoder)
{
    for (size_t i = 0; decoder->open && i < charset_names(); i++)
        if (decoder->open[i] && decoder->open[i] != CANNOT_OPEN)
            iconv_close(decoder->open[i]);
    decoder->open = NULL;
}

/* NULL when memory is out. */
static iconv_t open_converter(struct charset_decoder *decoder, const struct charset *charset)
{
    if (!decoder->open)
        decoder->open = arena_alloc(decoder->arena, charset_names() * sizeof *decoder->open);
    if (!decoder->open)
        return NULL;
    void **converter = &decoder->open[charset_index(charset)];
    if (!*converter) {
        *converter = iconv_open("UTF-8", charset->iconv);
        if (*converter == CANNOT_OPEN && errno != EINVAL) {
            *converter = NULL;
            arena_alloc(decoder->arena, SIZE_MAX); /* so that the arena remembers */
        }
    }
    return *converter;
}

static char *put_replacement(char *out)
{
    *out++ = '\xEF';
    *out++ = '\xBF';
    *out++ = '\xBD';
    return out;
}

static char *decode_utf8(struct bytes from, char *out)
{
    for (size_t at = 0; at < from.len;) {
        if ((unsigned char)from.data[at] < 0x80) {
            *out++ = from.data[at++];
            continue;
        }
        ucs4_t character;
        int size = u8_mbtoucr(&character, (const uint8_t *)from.data + at, from.len - at);
        if (size <= 0) {
            out = put_replacement(out);
            at++;
            continue;
        }
        memcpy(out, from.data + at, (size_t)size);
        out += size;
        at += (size_t)size;
    }
    return out;
}

static char *decode_ascii(struct bytes from, char *out)
{
    for (size_t i = 0; i < from.len; i++) {
        if ((unsigned char)from.data[i] < 0x80)
            *out++ = from.data[i];
        else
            out = put_replacement(out);
    }
    return out;
}

static char *decode_iconv(iconv_t converter, struct bytes from, char *out)
{
    union {
        const char *from;
        char *iconv; /* iconv's prototype lacks the const */
    } input = {from.data};
    size_t left = from.len;
    size_t room = CHARSET_ROOM(from.len);
    iconv(converter, NULL, NULL, NULL, NULL);
    while (left) {
        if (iconv(converter, &input.iconv, &left, &out, &room) != (size_t)-1 || errno == E2BIG ||
            room < 3 * left)
            break;
        out = put_replacement(out);
        room -= 3;
        input.from++;
        left--;
    }
    iconv(converter, NULL, NULL, &out, &room); /* what a stateful converter held back */
    return out;
}

static bool is_c1(char byte)
{
    return (unsigned char)byte >= 0x80 && (unsigned char)byte <= 0x9F;
}

static char *decode_iso_8859(iconv_t converter, struct bytes from, char *out)
{
    for (size_t at = 0; at < from.len;) {
        size_t end = at;
        while (end < from.len && !is_c1(from.data[end]))
            end++;
        out = decode_iconv(converter, bytes_slice(from, at, end), out);
        if (end < from.len) {
            out = put_replacement(out);
            end++;
        }
        at = end;
    }
    return out;
}

bool charset_decode(struct charset_decoder *decoder, const struct charset *charset,
                    struct bytes from, char *out, size_t *ret_len)
{
    char *end;
    if (charset->kind == CHARSET_UTF8) {
        end = decode_utf8(from, out);
    } else if (charset->kind == CHARSET_ASCII) {
        end = decode_ascii(from, out);
    } else {
        iconv_t converter = open_converter(decoder, charset);
        if (!converter)
            return false;
        if (converter == CANNOT_OPEN) /* a system without that converter */
            end = decode_ascii(from, out);
        else if (charset->kind == CHARSET_ISO_8859)
            end = decode_iso_8859(converter, from, out);
        else
            end = decode_iconv(converter, from, out);
    }
    *ret_len = (size_t)(end - out);
    return true;
}
