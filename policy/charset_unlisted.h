/* Charsets that hide a line break from who takes them for UTF-8. */
#ifndef POLICY_CHARSET_UNLISTED_H
#define POLICY_CHARSET_UNLISTED_H

#include "policy/bytes.h"

/* name: of a charset that charset_find does not know. text: the bytes of an encoded word in it, its
 * Q or B taken off, or of a parameter, its percent signs taken off. True where Python's, Java's or
 * glibc's decoders make a line break of something in it: they take EBCDIC, and backslash escapes,
 * for charsets like others, and know more names of UTF-16. So does PHP with encodings of other
 * kinds, of which any text counts. */
bool charset_unlisted_breaks(struct bytes name, struct bytes text);

#endif
