/* What a display name shows: too much, or somebody's name. */
#include "policy/display.h"

#include <string.h>

#include "policy/lookalike.h"
#include "policy/mention.h"

#define BLANKS_MAX 8
#define WORDS_MAX 24

static const char *const blanks[] = {
    " ",
    "\t",
    "\r",
    "\n",
    "\xc2\xa0",     /* no-break space */
    "\xe1\x9a\x80", /* Ogham space mark */
    "\xe2\x80\x80",
    "\xe2\x80\x81",
    "\xe2\x80\x82",
    "\xe2\x80\x83", /* en quad ... */
    "\xe2\x80\x84",
    "\xe2\x80\x85",
    "\xe2\x80\x86",
    "\xe2\x80\x87",
    "\xe2\x80\x88",
    "\xe2\x80\x89",
    "\xe2\x80\x8a", /* ... hair space */
    "\xe2\x80\xaf",
    "\xe2\x81\x9f", /* narrow no-break, mathematical space */
    "\xe2\xa0\x80", /* Braille pattern without dots */
    "\xe3\x80\x80",
    "\xe3\x85\xa4", /* ideographic space, Hangul filler */
};

static size_t blank_length(struct bytes text, size_t at)
{
    struct bytes rest = bytes_slice(text, at, text.len);
    if (rest.data[0] != ' ' && bytes_is_printable(rest.data[0]))
        return 0;
    for (size_t i = 0; i < sizeof blanks / sizeof *blanks; i++)
        if (bytes_start_with_nocase(rest, bytes_of(blanks[i])))
            return strlen(blanks[i]);
    return 0;
}

static size_t character_length(struct bytes text, size_t at)
{
    size_t end = at + 1;
    while (end < text.len && ((unsigned char)text.data[end] & 0xc0) == 0x80)
        end++;
    return end - at;
}

bool display_is_padded(struct bytes display, size_t max_length)
{
    size_t characters = 0;
    size_t words = 0;
    size_t row = 1;
    for (size_t at = 0; at < display.len; characters++) {
        size_t blank = blank_length(display, at);
        words += !blank && row > 0;
        row = blank ? row + 1 : 0;
        if (row > BLANKS_MAX || words > WORDS_MAX || characters == max_length)
            return true;
        at += blank ? blank : character_length(display, at);
    }
    return false;
}

static bool parts_words(char byte)
{
    return (unsigned char)byte <= ' ' || strchr(",;:()[]{}|/\\\"'<>_.-+=@", byte);
}

/* The next word from *at on, which moves behind it; no bytes at the end. */
static struct bytes next_word(struct bytes text, size_t *at)
{
    while (*at < text.len && parts_words(text.data[*at]))
        (*at)++;
    size_t from = *at;
    while (*at < text.len && !parts_words(text.data[*at]))
        (*at)++;
    return bytes_slice(text, from, *at);
}

static bool has_word(struct arena *arena, struct bytes text, struct bytes wanted)
{
    size_t at = 0;
    for (struct bytes word = next_word(text, &at); word.len; word = next_word(text, &at))
        if (lookalike_same(arena, word, wanted))
            return true;
    return false;
}

bool display_shows_name(struct arena *arena, struct bytes display, struct bytes name)
{
    struct bytes seen;
    struct bytes wanted;
    if (!mention_as_seen(arena, display, &seen) || !mention_as_seen(arena, name, &wanted))
        return false;
    if (lookalike_same(arena, seen, wanted))
        return true;
    size_t at = 0;
    size_t found = 0;
    for (struct bytes word = next_word(wanted, &at); word.len; word = next_word(wanted, &at)) {
        if (!has_word(arena, seen, word))
            return false;
        found++;
    }
    return found > 0;
}
