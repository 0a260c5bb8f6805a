/* Quoted-printable and base64, wherever they stand: the parts' headers are not asked. */
#include "ctl/explain/encoded_text.h"

#include <stdlib.h>
#include <string.h>

static int hex_of(char character)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = character ? strchr(digits, bytes_lower(character)) : NULL;
    return found ? (int)(found - digits) : -1;
}

/* The bytes that a soft line break takes up behind its "="; 0: it is none. */
static size_t soft_break(struct bytes rest)
{
    size_t at = 0;
    while (at < rest.len &&
           (rest.data[at] == ' ' || rest.data[at] == '\t' || rest.data[at] == '\r'))
        at++;
    return at < rest.len && rest.data[at] == '\n' ? at + 1 : 0;
}

char *encoded_text_quoted(struct bytes text, size_t *ret_len)
{
    char *plain = malloc(text.len + 1);
    *ret_len = 0;
    for (size_t at = 0; plain && at < text.len; at++) {
        char byte = text.data[at];
        struct bytes rest = bytes_slice(text, at + 1, text.len);
        size_t gone = byte == '=' ? soft_break(rest) : 0;
        int high = byte == '=' && rest.len > 1 ? hex_of(rest.data[0]) : -1;
        int low = high >= 0 ? hex_of(rest.data[1]) : -1;
        if (low >= 0) {
            byte = (char)(high * 16 + low);
            at += 2;
        }
        at += gone;
        if (!gone)
            plain[(*ret_len)++] = byte;
    }
    return plain;
}

static int sextet_of(char character)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = character ? strchr(digits, character) : NULL;
    return found ? (int)(found - digits) : -1;
}

/* Whole groups of four, of which the last may be filled up. */
static bool is_base64(struct bytes line)
{
    size_t digits = line.len;
    while (digits && line.len - digits < 2 && line.data[digits - 1] == '=')
        digits--;
    for (size_t i = 0; i < digits; i++)
        if (sextet_of(line.data[i]) < 0)
            return false;
    return digits && line.len % 4 == 0;
}

static size_t decode_line(struct bytes line, char *out)
{
    size_t len = 0;
    unsigned bits = 0, count = 0;
    for (size_t i = 0; i < line.len && line.data[i] != '='; i++) {
        bits = (bits << 6 | (unsigned)sextet_of(line.data[i])) & 0xffff;
        count += 6;
        if (count < 8)
            continue;
        count -= 8;
        out[len++] = (char)(bits >> count & 0xff);
    }
    return len;
}

char *encoded_text_base64(struct bytes text, size_t *ret_len)
{
    char *plain = malloc(text.len + 1);
    *ret_len = 0;
    while (plain && text.len) {
        size_t end = bytes_find(text, '\n');
        struct bytes line = bytes_trim(bytes_slice(text, 0, end));
        if (is_base64(line))
            *ret_len += decode_line(line, plain + *ret_len);
        else if (*ret_len && plain[*ret_len - 1] != '\n')
            plain[(*ret_len)++] = '\n';
        text = bytes_slice(text, end + 1, text.len);
    }
    return plain;
}
