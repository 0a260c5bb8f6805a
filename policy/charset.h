/* Bytes in the charsets that mail is written in, to UTF-8.
 *
 * Only charsets of our own list are handed to iconv: what a client names must never choose which
 * converter is loaded. */
#ifndef POLICY_CHARSET_H
#define POLICY_CHARSET_H

#include "policy/arena.h"
#include "policy/bytes.h"

struct charset;

/* By any of its usual names, ASCII case ignored; NULL: one that we do not know. */
const struct charset *charset_find(struct bytes name);

const struct charset *charset_utf8(void);

/* UTF-7, UTF-16, UTF-32: readers differ on whether they decode them. */
bool charset_is_odd(const struct charset *charset);

/* Whether a reader that takes an odd charset's bytes in the other order than ours, of which UTF-16
 * without a mark leaves the choice, could find a line break in them. */
bool charset_breaks_otherwise(const struct charset *charset, struct bytes text);

/* Whether a line break lies in the text by UTF-16 or UTF-32 of either byte order. */
bool charset_pairs_break(struct bytes text);

/* Bytes that charset_decode may write for len bytes. */
#define CHARSET_ROOM(len) (3 * (len) + 16)

/* Writes UTF-8 to out, which has CHARSET_ROOM(from.len) bytes; what is invalid in the charset
 * becomes U+FFFD, a byte each. ISO-8859-1 is read as windows-1252, as all programs that show mail
 * do; the control characters of the other ISO-8859 sets count as invalid. Linear. False when memory
 * is out (arena_failed() then). */
bool charset_decode(struct arena *arena, const struct charset *charset, struct bytes from,
                    char *out, size_t *ret_len);

#endif
