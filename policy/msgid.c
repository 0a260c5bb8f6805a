/* Reading Message-IDs, and making ones that say nothing but the domain. */
#include "policy/msgid.h"

#include <unistr.h>

#include "policy/cfws.h"

#define CHARACTERS 26 /* of 5 bits each: the last one carries only 3 */

static bool is_id_text(struct bytes text, bool utf8)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte <= ' ' || byte == 127 || (byte > 127 && !utf8) || byte == '<' || byte == '>' ||
            byte == '@')
            return false;
    }
    return text.len && !u8_check((const uint8_t *)text.data, text.len);
}

bool msgid_parse(struct bytes value, bool utf8, struct bytes *ret_left, struct bytes *ret_right)
{
    struct bytes rest = value;
    if (!cfws_skip(&rest) || !rest.len || rest.data[0] != '<')
        return false;
    size_t end = bytes_find(rest, '>');
    struct bytes id = bytes_slice(rest, 1, end);
    if (end == rest.len)
        return false;
    rest = bytes_slice(rest, end + 1, rest.len);
    if (!cfws_skip(&rest) || rest.len)
        return false;

    size_t at = bytes_find(id, '@');
    *ret_left = bytes_slice(id, 0, at);
    *ret_right = bytes_slice(id, at + 1, id.len);
    return is_id_text(*ret_left, utf8) && is_id_text(*ret_right, utf8);
}

struct bytes msgid_new(struct arena *arena, const uint8_t random[MSGID_RANDOM], struct bytes domain)
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
    char left[CHARACTERS];
    for (unsigned i = 0; i < CHARACTERS; i++) {
        unsigned bit = i * 5;
        unsigned pair = (unsigned)random[bit / 8] << 8;
        if (bit / 8 + 1 < MSGID_RANDOM)
            pair |= random[bit / 8 + 1];
        left[i] = digits[(pair >> (11 - bit % 8)) & 31];
    }
    const char *text =
        arena_printf(arena, " <%.*s@%.*s>", CHARACTERS, left, (int)domain.len, domain.data);
    return bytes_of(text);
}
