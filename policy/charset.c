/* Charsets to UTF-8: UTF-8 and ASCII by hand, the others by iconv. */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistr.h>

#include "policy/converter.h"

bool charset_is_odd(const struct charset *charset)
{
    return charset->kind == CHARSET_ODD;
}

static bool is_line_break(unsigned character)
{
    return (character >= 0x0A && character <= 0x0D) || (character >= 0x1C && character <= 0x1E) ||
           character == 0x85 || character == 0x2028 || character == 0x2029;
}

bool charset_pairs_break(struct bytes text)
{
    const unsigned char *byte = (const unsigned char *)text.data;
    for (size_t i = 0; i + 1 < text.len; i += 2)
        if (is_line_break((unsigned)byte[i] << 8 | byte[i + 1]) ||
            is_line_break((unsigned)byte[i + 1] << 8 | byte[i]))
            return true;
    return false;
}

bool charset_breaks_otherwise(const struct charset *charset, struct bytes text)
{
    return charset_is_odd(charset) && strcmp(charset->iconv, "UTF-7") != 0 &&
           charset_pairs_break(text);
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
        size_t plain = bytes_find_odd(from, at) - at;
        if (plain) {
            memcpy(out, from.data + at, plain);
            out += plain;
            at += plain;
            continue;
        }
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
        while (size--) /* memcpy would be a call for two bytes */
            *out++ = from.data[at++];
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

/* UTF-16 and UTF-32 go by the mark that a text begins with, and are little endian without one.
 * glibc's own converters remember a mark of the other order after they were reset, and would read
 * the next message by it. */
static const struct charset *by_order(const struct charset *charset, struct bytes *text)
{
    static const struct {
        const char *iconv;
        struct bytes mark, name;
    } orders[] = {
        {"UTF-16", {"\xFE\xFF", 2}, {"utf-16be", 8}},
        {"UTF-16", {"\xFF\xFE", 2}, {"utf-16le", 8}},
        {"UTF-16", {"", 0}, {"utf-16le", 8}},
        {"UTF-32", {"\0\0\xFE\xFF", 4}, {"utf-32be", 8}},
        {"UTF-32", {"\xFF\xFE\0\0", 4}, {"utf-32le", 8}},
        {"UTF-32", {"", 0}, {"utf-32le", 8}},
    };
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        struct bytes mark = orders[i].mark;
        if (strcmp(charset->iconv, orders[i].iconv) != 0 ||
            !bytes_equal(bytes_slice(*text, 0, mark.len), mark))
            continue;
        *text = bytes_slice(*text, mark.len, text->len);
        return charset_find(orders[i].name);
    }
    return charset;
}

static char *decode_iconv(iconv_t converter, struct bytes from, char *out)
{
    union {
        const char *from;
        char *iconv; /* iconv's prototype lacks the const */
    } input = {from.data};
    size_t left = from.len;
    size_t room = CHARSET_ROOM(from.len);
    while (left) {
        if (iconv(converter, &input.iconv, &left, &out, &room) != (size_t)-1 || errno == E2BIG ||
            room < 3 * left)
            break;
        out = put_replacement(out);
        room -= 3;
        input.from++;
        left--;
    }
    /* What a stateful converter held back; it is as new then, for whoever comes next. */
    if (iconv(converter, NULL, NULL, &out, &room) == (size_t)-1)
        iconv(converter, NULL, NULL, NULL, NULL);
    return out;
}

static bool is_c1(const char *utf8)
{
    return utf8[0] == '\xC2' && (unsigned char)utf8[1] >= 0x80 && (unsigned char)utf8[1] <= 0x9F;
}

/* What iconv makes of the bytes 0x80 to 0x9F, from the end on: a replacement is longer. */
static char *replace_c1(char *begin, char *end)
{
    size_t count = 0;
    for (const char *at = begin; at + 1 < end; at++)
        count += is_c1(at);
    char *to = end + count;
    char *new_end = to;
    for (const char *from = end; from != to;) {
        if (from - begin >= 2 && is_c1(from - 2)) {
            from -= 2;
            to -= 3;
            put_replacement(to);
        } else {
            *--to = *--from;
        }
    }
    return new_end;
}

/* Whether the text is the same in UTF-8: so printable ASCII is in all that iconv is asked for. */
static bool is_plain(const struct charset *charset, struct bytes text)
{
    return (charset->kind == CHARSET_ICONV || charset->kind == CHARSET_ISO_8859) &&
           bytes_skip_printable(text, 0) == text.len;
}

bool charset_decode(struct arena *arena, const struct charset *charset, struct bytes from,
                    char *out, size_t *ret_len)
{
    char *end;
    if (charset->kind == CHARSET_UTF8) {
        end = decode_utf8(from, out);
    } else if (charset->kind == CHARSET_ASCII) {
        end = decode_ascii(from, out);
    } else if (is_plain(charset, from)) {
        memcpy(out, from.data, from.len);
        end = out + from.len;
    } else {
        charset = charset->kind == CHARSET_ODD ? by_order(charset, &from) : charset;
        iconv_t converter = converter_take(charset);
        if (!converter) {
            arena_alloc(arena, SIZE_MAX); /* so that the arena remembers */
            return false;
        }
        if (converter == CONVERTER_MISSING)
            end = decode_ascii(from, out);
        else
            end = decode_iconv(converter, from, out);
        if (charset->kind == CHARSET_ISO_8859)
            end = replace_c1(out, end);
        converter_give(charset, converter);
    }
    *ret_len = (size_t)(end - out);
    return true;
}
