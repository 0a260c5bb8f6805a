/* Comparing and cutting borrowed runs of bytes, in ASCII only: no locale has a say. */
#include "policy/bytes.h"

#include <stdint.h>

bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool bytes_are_ascii(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] > 127)
            return false;
    return true;
}

bool bytes_start_with_nocase(struct bytes text, struct bytes prefix)
{
    if (text.len < prefix.len)
        return false;
    for (size_t i = 0; i < prefix.len; i++)
        if (!bytes_alike(text.data[i], prefix.data[i]))
            return false;
    return true;
}

bool bytes_end_with_nocase(struct bytes text, struct bytes suffix)
{
    return text.len >= suffix.len &&
           bytes_equal_nocase(bytes_slice(text, text.len - suffix.len, text.len), suffix);
}

size_t bytes_find(struct bytes text, char byte)
{
    const char *at = text.len ? memchr(text.data, byte, text.len) : NULL;
    return at ? (size_t)(at - text.data) : text.len;
}

size_t bytes_find_nocase(struct bytes text, struct bytes needle)
{
    if (!needle.len)
        return 0;
    char first = bytes_lower(needle.data[0]);
    bool cased = first >= 'a' && first <= 'z';
    for (size_t i = 0; needle.len <= text.len && i <= text.len - needle.len; i++) {
        if (!cased)
            i += bytes_find(bytes_slice(text, i, text.len), first);
        else if (bytes_lower(text.data[i]) != first)
            continue;
        if (bytes_start_with_nocase(bytes_slice(text, i, text.len), needle))
            return i;
    }
    return text.len;
}

struct bytes bytes_slice(struct bytes text, size_t from, size_t to)
{
    if (to > text.len)
        to = text.len;
    if (from >= to)
        return (struct bytes){NULL, 0};
    return (struct bytes){text.data + from, to - from};
}

/* Eight bytes at once: the high bit of each is set where it is over 0x7E or below a space, and may
 * be set wrongly only behind such a byte. */
static bool has_odd(const char *eight)
{
    const uint64_t ones = 0x0101010101010101U;
    uint64_t word;
    memcpy(&word, eight, sizeof word);
    return (word | (word + ones) | (word - ones * ' ')) & ones * 0x80;
}

size_t bytes_skip_printable(struct bytes text, size_t from)
{
    while (from + sizeof(uint64_t) <= text.len && !has_odd(text.data + from))
        from += sizeof(uint64_t);
    while (from < text.len && bytes_is_printable(text.data[from]))
        from++;
    return from;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

struct bytes bytes_trim(struct bytes text)
{
    size_t from = 0;
    size_t to = text.len;
    while (from < to && is_blank(text.data[from]))
        from++;
    while (to > from && is_blank(text.data[to - 1]))
        to--;
    return bytes_slice(text, from, to);
}
