/* Comparing and cutting borrowed runs of bytes, in ASCII only: no locale has a say. */
#include "policy/bytes.h"

#include <string.h>

struct bytes bytes_of(const char *text)
{
    return (struct bytes){text, text ? strlen(text) : 0};
}

char bytes_lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool bytes_start_with_nocase(struct bytes text, struct bytes prefix)
{
    if (text.len < prefix.len)
        return false;
    for (size_t i = 0; i < prefix.len; i++)
        if (bytes_lower(text.data[i]) != bytes_lower(prefix.data[i]))
            return false;
    return true;
}

bool bytes_equal_nocase(struct bytes a, struct bytes b)
{
    return a.len == b.len && bytes_start_with_nocase(a, b);
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
    for (size_t i = 0; needle.len <= text.len && i <= text.len - needle.len; i++)
        if (bytes_start_with_nocase(bytes_slice(text, i, text.len), needle))
            return i;
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
