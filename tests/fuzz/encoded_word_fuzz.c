/* Encoded words: what comes out is UTF-8, and what hides in it is said. */
#include "policy/encoded_word.h"

#include <unistr.h>

#include "policy/invisible.h"
#include "policy/smuggle.h"
#include "tests/fuzz/fuzz.h"

#define CEILING ((size_t)4 << 20)

static bool has_line_break(struct bytes text)
{
    struct invisible found;
    return invisible_find(text, INVISIBLE_LINE_BREAK, &found);
}

static bool has_nul(struct bytes text)
{
    return bytes_find(text, '\0') < text.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(CEILING);
    struct bytes raw = fuzz_bytes(data, size);
    struct decoded_text decoded;
    if (encoded_word_decode(arena, raw, &decoded)) {
        struct bytes text = decoded.text;
        if (u8_check((const uint8_t *)text.data, text.len))
            fuzz_fail("not UTF-8: %s", fuzz_show(text));
        if (!has_nul(raw) && has_nul(text) != decoded.has_nul)
            fuzz_fail("a NUL that is not said, or said and not there: %s", fuzz_show(raw));
        if (!has_line_break(raw) && has_line_break(text) && !decoded.has_line_break)
            fuzz_fail("a line break that is not said: %s", fuzz_show(raw));
        if (!decoded.had_words && (decoded.has_nul || decoded.has_line_break))
            fuzz_fail("no word, and something hidden in one: %s", fuzz_show(raw));
        if (bytes_find_nocase(raw, BYTES("=?")) == raw.len && decoded.had_words)
            fuzz_fail("a word where none begins: %s", fuzz_show(raw));
    } else if (!arena_failed(arena)) {
        fuzz_fail("not decoded, and memory was there: %s", fuzz_show(raw));
    }
    (void)smuggle_has_address(arena, raw, size % 2);
    arena_free(arena);
    return 0;
}
