/* Results with what matched in them, held against a login.
 *
 * Patterns are asked for plain addresses only, so what matched holds no comma or blank: it never
 * makes two logins out of one. */
#include "tables/grant_pattern.h"

#include <stdint.h>
#include <string.h>

#include "tables/logins.h"

#define ANY '\0' /* stands for what matched: in no login, and in no line of a table */

/* One login of a result: $$ becomes $, ${1} becomes ANY. No bytes: memory is out. */
static struct bytes read_word(struct arena *arena, struct bytes word, bool *ret_varies)
{
    char *text = arena_alloc(arena, word.len + 1);
    size_t len = 0;
    *ret_varies = false;
    for (size_t i = 0; text && i < word.len; i++) {
        char byte = word.data[i];
        if (byte == '$' && i + 1 < word.len && word.data[i + 1] == '{') {
            i += bytes_find(bytes_slice(word, i, word.len), '}');
            byte = ANY;
            *ret_varies = true;
        } else if (byte == '$') {
            i++;
        }
        text[len++] = byte;
    }
    return (struct bytes){text, text ? len : 0};
}

/* Letters beyond ASCII and A-labels can be written in several ways. */
static bool has_several_spellings(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] > 127)
            return true;
    return bytes_find_nocase(text, BYTES("xn--")) < text.len;
}

/* What matched is part of a plain address. */
static bool could_match(struct bytes login)
{
    for (size_t i = 0; i < login.len; i++)
        if ((unsigned char)login.data[i] <= ' ' || strchr("\"(),:;<>[\\]", login.data[i]))
            return false;
    return true;
}

/* With one place to come back to, as any later ANY can take what an earlier one could. */
static bool fits(struct bytes pattern, struct bytes login)
{
    size_t p = 0, back_p = SIZE_MAX, back_l = 0;
    for (size_t l = 0; l < login.len;) {
        if (p < pattern.len && pattern.data[p] == ANY) {
            back_p = ++p;
            back_l = l;
        } else if (p < pattern.len && bytes_lower(pattern.data[p]) == bytes_lower(login.data[l])) {
            p++;
            l++;
        } else if (back_p != SIZE_MAX) {
            p = back_p;
            l = ++back_l;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.data[p] == ANY)
        p++;
    return p == pattern.len;
}

static bool any_word(struct arena *arena, struct bytes result, struct bytes login, bool may_vary)
{
    for (struct bytes word; (word = logins_next(&result)).len;) {
        bool varies;
        struct bytes text = read_word(arena, word, &varies);
        if (!varies && logins_have(arena, text, login))
            return true;
        if (varies && may_vary && could_match(login) &&
            (has_several_spellings(login) || has_several_spellings(text) || fits(text, login)))
            return true;
    }
    return false;
}

bool grant_pattern_may_name(struct arena *arena, struct bytes result, struct bytes login)
{
    return any_word(arena, result, login, true);
}

bool grant_pattern_names(struct arena *arena, struct bytes result, struct bytes login)
{
    return any_word(arena, result, login, false);
}
