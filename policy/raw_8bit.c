/* Telling raw names and subjects, which people send, from raw addresses, which they do not. */
#include "policy/raw_8bit.h"

#include "policy/cfws.h"

bool raw_8bit_in(struct bytes text)
{
    for (size_t at = bytes_find_odd(text, 0); at < text.len; at = bytes_find_odd(text, at + 1))
        if ((unsigned char)text.data[at] > 127)
            return true;
    return false;
}

bool raw_8bit_outside_quotes(struct bytes rest)
{
    while (rest.len) {
        struct bytes inside;
        if (!cfws_skip(&rest))
            return false;
        if (rest.len && rest.data[0] == '"') {
            if (!cfws_take_quoted(&rest, &inside))
                return raw_8bit_in(rest);
            continue;
        }
        if (raw_8bit_in(cfws_take_token(&rest, "")))
            return true;
        if (rest.len && rest.data[0] == ')')
            rest = bytes_slice(rest, 1, rest.len);
    }
    return false;
}

bool raw_8bit_in_address(struct bytes rest)
{
    bool bare = false; /* the mailbox so far, unless an angle bracket shows that it was a name */
    while (rest.len) {
        struct bytes text;
        if (!cfws_skip(&rest) || !rest.len)
            break;
        if (rest.data[0] == '"') {
            if (!cfws_take_quoted(&rest, &text))
                return bare || raw_8bit_in(rest);
            bare = bare || (raw_8bit_in(text) && rest.len && rest.data[0] == '@');
            continue;
        }
        text = cfws_take_token(&rest, "<>,;:");
        bare = bare || (raw_8bit_in(text) && bytes_find(text, '@') < text.len);
        if (!rest.len || text.len)
            continue;
        if (rest.data[0] == '<') {
            size_t end = bytes_find(rest, '>');
            if (raw_8bit_in(bytes_slice(rest, 0, end)))
                return true;
            bare = false;
            rest = bytes_slice(rest, end, rest.len);
            continue;
        }
        if (bare && rest.data[0] != ')')
            return true;
        rest = bytes_slice(rest, 1, rest.len);
    }
    return bare;
}
