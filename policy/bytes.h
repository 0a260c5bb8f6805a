/* A borrowed run of bytes: not NUL-terminated, may hold any byte, owns nothing. */
#ifndef POLICY_BYTES_H
#define POLICY_BYTES_H

#include <stdbool.h>
#include <stddef.h>

struct bytes {
    const char *data; /* may be NULL only when len is 0 */
    size_t len;
};

/* A NULL-safe view of a C string; NULL gives no bytes. */
struct bytes bytes_of(const char *text);

/* A view of a string literal, for static tables. */
#define BYTES(literal) ((struct bytes){(literal), sizeof(literal) - 1})

bool bytes_equal(struct bytes a, struct bytes b);

/* Equal when ASCII letters are compared without case; other bytes must be the same. */
bool bytes_equal_nocase(struct bytes a, struct bytes b);

bool bytes_start_with_nocase(struct bytes text, struct bytes prefix);
bool bytes_end_with_nocase(struct bytes text, struct bytes suffix);

/* The first place of a byte, or text.len where there is none. */
size_t bytes_find(struct bytes text, char byte);

/* The first place of a needle, ASCII case ignored, or text.len. */
size_t bytes_find_nocase(struct bytes text, struct bytes needle);

/* text[from, to); both ends are cut to the text's length. */
struct bytes bytes_slice(struct bytes text, size_t from, size_t to);

/* Without space, tab, CR and LF at both ends. */
struct bytes bytes_trim(struct bytes text);

/* The ASCII lower case of one byte; other bytes unchanged. */
char bytes_lower(char byte);

#endif
