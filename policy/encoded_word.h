/* RFC 2047 encoded words and RFC 2231 parameters: what a reader would show for raw field bytes. */
#ifndef POLICY_ENCODED_WORD_H
#define POLICY_ENCODED_WORD_H

#include "policy/arena.h"
#include "policy/bytes.h"

struct decoded_text {
    struct bytes text; /* UTF-8; bytes that are invalid in their charset as U+FFFD; words of an
                          unknown charset as if they were UTF-8 */
    bool had_words;    /* at least one encoded word stood in it */
    bool odd_charset; /* UTF-7, UTF-16/32, or one that nobody can decode: readers differ. So they do
                         where a word of ISO-2022 does not return to ASCII before the next. */
    bool wide_charset; /* UTF-7, UTF-16/32: odd ones that some readers do decode */
    bool malformed;    /* something begins as an encoded word and does not end as one, or a word
                          has no charset, or a name of one that is too long, or holds a fold, another
                          word's beginning, or what is no base64 */
    bool
        has_line_break; /* a decoded word holds CR, LF, VT, FF, FS, GS, RS, NEL, U+2028 or U+2029 */
    bool has_nul;
};

/* Decodes all encoded words in a text, anywhere (quoted strings and comments too, as lenient
 * readers do), joins adjacent ones, unfolds. Linear. False only when memory is out. */
bool encoded_word_decode(struct arena *arena, struct bytes raw, struct decoded_text *ret_text);

#endif
