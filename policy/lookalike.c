/* Texts that look the same, and words that mix scripts. */
#include "policy/lookalike.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "policy/invisible.h"
#include "policy/lookalike_skeleton.h"

static bool is_blank(ucs4_t character)
{
    return character == '\t' || uc_is_general_category(character, UC_SEPARATOR);
}

/* Cut, without invisible characters, with single blanks. False: it is no UTF-8 or memory is out. */
static bool tidy(struct arena *arena, struct bytes text, struct bytes *ret_text)
{
    if (u8_check((const uint8_t *)text.data, text.len))
        return false;
    char *out = arena_alloc(arena, text.len);
    size_t used = 0;
    bool blank = false;
    if (!out)
        return false;
    for (size_t at = 0; at < text.len;) {
        ucs4_t character;
        size_t size =
            (size_t)u8_mbtouc_unsafe(&character, (const uint8_t *)text.data + at, text.len - at);
        if (used + size > LOOKALIKE_MAX)
            break;
        if (is_blank(character)) {
            blank = used > 0;
        } else if (!invisible_kind_of(character)) {
            if (blank)
                out[used++] = ' ';
            blank = false;
            memcpy(out + used, text.data + at, size);
            used += size;
        }
        at += size;
    }
    *ret_text = (struct bytes){out, used};
    return true;
}

/* Takes what libunistring made, NULL where it could not. */
static bool keep(struct arena *arena, uint8_t *text, size_t len, struct bytes *ret_text)
{
    if (text)
        *ret_text = arena_bytes(arena, (struct bytes){(const char *)text, len});
    else
        arena_alloc(arena, SIZE_MAX); /* so that the arena remembers */
    free(text);
    return !arena_failed(arena);
}

/* What folding and composing come to for most texts. */
static bool lower(struct arena *arena, struct bytes text, struct bytes *ret_text)
{
    char *copy = arena_text(arena, text);
    for (size_t i = 0; copy && i < text.len; i++)
        copy[i] = bytes_lower(copy[i]);
    *ret_text = (struct bytes){copy, text.len};
    return copy != NULL;
}

static bool fold(struct arena *arena, struct bytes text, struct bytes *ret_text)
{
    if (bytes_are_ascii(text))
        return lower(arena, text, ret_text);
    size_t len = 0;
    uint8_t *folded =
        u8_casefold((const uint8_t *)text.data, text.len, NULL, UNINORM_NFKC, NULL, &len);
    return keep(arena, folded, len, ret_text);
}

/* Full-width and mathematical letters, ligatures: not all of them are in ICU's table. */
static bool compose(struct arena *arena, struct bytes text, struct bytes *ret_text)
{
    size_t len = 0;
    *ret_text = text;
    if (bytes_are_ascii(text))
        return true;
    uint8_t *composed =
        u8_normalize(UNINORM_NFKC, (const uint8_t *)text.data, text.len, NULL, &len);
    return keep(arena, composed, len, ret_text);
}

/* Both orders are needed: a capital I looks like an l, but only before case is folded; a Cyrillic
 * capital looks like a Latin one of other shape than its small letter does. */
struct look {
    struct bytes folded_last;
    struct bytes folded_first;
};

static bool look_of(struct arena *arena, struct bytes text, struct look *ret_look)
{
    struct bytes step;
    return compose(arena, text, &text) && lookalike_skeleton(arena, text, &step) &&
           fold(arena, step, &ret_look->folded_last) && fold(arena, text, &step) &&
           lookalike_skeleton(arena, step, &ret_look->folded_first);
}

bool lookalike_same(struct arena *arena, struct bytes a, struct bytes b)
{
    struct bytes tidy_a, tidy_b;
    struct look look_a, look_b;
    if (bytes_equal(a, b))
        return true;
    if (!tidy(arena, a, &tidy_a) || !tidy(arena, b, &tidy_b))
        return false;
    if (!tidy_a.len || !tidy_b.len)
        return tidy_a.len == tidy_b.len;
    return look_of(arena, tidy_a, &look_a) && look_of(arena, tidy_b, &look_b) &&
           (bytes_equal(look_a.folded_last, look_b.folded_last) ||
            bytes_equal(look_a.folded_first, look_b.folded_first));
}

/* Scripts of one writing system share a name here; NULL: one that goes with everything. */
static const char *script_of(ucs4_t character)
{
    static const char *const east_asian[] = {"Han", "Hiragana", "Katakana", "Hangul", "Bopomofo"};
    const uc_script_t *script = uc_script(character);
    if (!script || !strcmp(script->name, "Common") || !strcmp(script->name, "Inherited"))
        return NULL;
    for (size_t i = 0; i < sizeof east_asian / sizeof *east_asian; i++)
        if (!strcmp(script->name, east_asian[i]))
            return "East Asian";
    return script->name;
}

/* East Asian words take Latin letters in. */
static bool is_honest_pair(const char *a, const char *b)
{
    if (!a || !b || !strcmp(a, b))
        return true;
    return (!strcmp(a, "East Asian") && !strcmp(b, "Latin")) ||
           (!strcmp(a, "Latin") && !strcmp(b, "East Asian"));
}

static bool ends_word(ucs4_t character)
{
    return !uc_is_general_category(character, UC_CATEGORY_L) &&
           !uc_is_general_category(character, UC_CATEGORY_M) &&
           !uc_is_general_category(character, UC_CATEGORY_N) && !invisible_kind_of(character);
}

bool lookalike_mixes_scripts(struct bytes utf8)
{
    const char *first = NULL;  /* of the word's scripts */
    const char *second = NULL; /* one that goes with it */
    for (size_t at = 0; at < utf8.len;) {
        ucs4_t character;
        int size = u8_mbtoucr(&character, (const uint8_t *)utf8.data + at, utf8.len - at);
        at += size > 0 ? (size_t)size : 1;
        if (size <= 0 || ends_word(character)) {
            first = second = NULL;
            continue;
        }
        const char *script = script_of(character);
        if (!is_honest_pair(script, first) || !is_honest_pair(script, second))
            return true;
        if (!first)
            first = script;
        else if (script && strcmp(script, first) != 0)
            second = script;
    }
    return false;
}
