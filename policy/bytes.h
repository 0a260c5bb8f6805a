/* A borrowed run of bytes: not NUL-terminated, may hold any byte, owns nothing. */
#ifndef POLICY_BYTES_H
#define POLICY_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct bytes {
    const char *data; /* may be NULL only when len is 0 */
    size_t len;
};

/* A NULL-safe view of a C string; NULL gives no bytes. */
static inline struct bytes bytes_of(const char *text)
{
    return (struct bytes){text, text ? strlen(text) : 0};
}

/* A view of a string literal, for static tables. */
#define BYTES(literal) ((struct bytes){(literal), sizeof(literal) - 1})

/* The ASCII lower case of one byte; other bytes unchanged. */
static inline char bytes_lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

/* Whether two bytes are equal but for ASCII case. */
static inline bool bytes_alike(char a, char b)
{
    return a == b || ((a ^ b) == ('a' ^ 'A') && bytes_lower(a) >= 'a' && bytes_lower(a) <= 'z');
}

bool bytes_are_ascii(struct bytes text);

bool bytes_equal(struct bytes a, struct bytes b);

bool bytes_start_with_nocase(struct bytes text, struct bytes prefix);

/* Equal when ASCII letters are compared without case; other bytes must be the same. */
static inline bool bytes_equal_nocase(struct bytes a, struct bytes b)
{
    return a.len == b.len && bytes_start_with_nocase(a, b);
}

bool bytes_end_with_nocase(struct bytes text, struct bytes suffix);

/* The first place of a byte, or text.len where there is none. */
size_t bytes_find(struct bytes text, char byte);

/* The first place of a needle, ASCII case ignored, or text.len. */
size_t bytes_find_nocase(struct bytes text, struct bytes needle);

/* RFC 5234's VCHAR or a space. */
static inline bool bytes_is_printable(char byte)
{
    return byte >= ' ' && byte <= '~';
}

/* The first place at or behind `from` of a byte that is not printable ASCII, or text.len. */
size_t bytes_skip_printable(struct bytes text, size_t from);

/* The same, inline where the first byte is one: text of another script is nothing else. */
static inline size_t bytes_find_odd(struct bytes text, size_t from)
{
    if (from < text.len && !bytes_is_printable(text.data[from]))
        return from;
    return bytes_skip_printable(text, from);
}

/* text[from, to); both ends are cut to the text's length. */
struct bytes bytes_slice(struct bytes text, size_t from, size_t to);

/* Without space, tab, CR and LF at both ends. */
struct bytes bytes_trim(struct bytes text);

#endif
