/* Looking through the encoded words of address fields for what reads as an address. */
#include "policy/smuggle.h"

#include <string.h>

#include "policy/encoded_word.h"
#include "policy/invisible.h"

#define OWN_LOOKUPS 32
#define WORD_PREFIX_MAX 80 /* no charset has a longer name */

static bool is_one_of(char byte, const char *set)
{
    return byte && strchr(set, byte);
}

/* Behind the encoded word that text begins with, "=?charset?Q?text?="; 0 where it begins with none.
 */
static size_t word_end(struct bytes text)
{
    if (!bytes_start_with_nocase(text, BYTES("=?")))
        return 0;
    size_t charset = bytes_find(bytes_slice(text, 2, WORD_PREFIX_MAX), '?') + 2;
    if (charset + 2 >= text.len || text.data[charset] != '?' || text.data[charset + 2] != '?')
        return 0;
    struct bytes rest = bytes_slice(text, charset + 3, text.len);
    size_t end = bytes_find_nocase(rest, BYTES("?="));
    return end < rest.len ? text.len - rest.len + end + 2 : 0;
}

static size_t skip_blanks(struct bytes text, size_t at)
{
    while (at < text.len && is_one_of(text.data[at], " \t\r\n"))
        at++;
    return at;
}

/* The next run of encoded words with nothing but blanks between them, cut off *rest. */
static bool next_run(struct bytes *rest, struct bytes *ret_run)
{
    size_t at = bytes_find_nocase(*rest, BYTES("=?"));
    while (at < rest->len && !word_end(bytes_slice(*rest, at, rest->len))) {
        *rest = bytes_slice(*rest, at + 2, rest->len);
        at = bytes_find_nocase(*rest, BYTES("=?"));
    }
    if (at == rest->len)
        return false;
    size_t start = at;
    size_t end = at;
    for (size_t word; (word = word_end(bytes_slice(*rest, at, rest->len)));) {
        end = at + word;
        at = skip_blanks(*rest, end);
    }
    *ret_run = bytes_slice(*rest, start, end);
    *rest = bytes_slice(*rest, end, rest->len);
    return true;
}

/* Up to where the last encoded word can end: no search for one runs on beyond it in vain. */
static struct bytes up_to_last_end(struct bytes value)
{
    while (value.len >= 2 && !bytes_end_with_nocase(value, BYTES("?=")))
        value.len--;
    return value;
}

/* What stands in the field beside its encoded words. */
static struct bytes without_words(struct arena *arena, struct bytes value)
{
    char *copy = arena_alloc(arena, value.len);
    size_t len = 0;
    struct bytes rest = up_to_last_end(value);
    struct bytes run;
    const char *from = value.data;
    while (copy && next_run(&rest, &run)) {
        memcpy(copy + len, from, (size_t)(run.data - from));
        len += (size_t)(run.data - from);
        copy[len++] = ' ';
        from = run.data + run.len;
    }
    if (copy) {
        size_t behind = (size_t)(value.data + value.len - from);
        memcpy(copy + len, from, behind);
        len += behind;
    }
    return (struct bytes){copy, len};
}

/* Whether the address stands in the plain part too, as a whole. */
static bool is_own(struct bytes plain, struct bytes address)
{
    size_t at = bytes_find_nocase(plain, address);
    if (at == plain.len)
        return false;
    size_t end = at + address.len;
    return (at == 0 || is_one_of(plain.data[at - 1], " \t\r\n<")) &&
           (end == plain.len || is_one_of(plain.data[end], " \t\r\n>("));
}

/* The first byte at or before `at` that is no blank; 0 where there is none. */
static char byte_before(struct bytes text, size_t at)
{
    while (at > 0 && is_one_of(text.data[at - 1], " \t"))
        at--;
    return at > 0 ? text.data[at - 1] : 0;
}

static char byte_behind(struct bytes text, size_t at)
{
    while (at < text.len && is_one_of(text.data[at], " \t"))
        at++;
    return at < text.len ? text.data[at] : 0;
}

/* lookups: how often the plain part may still be searched, so that a field of nothing but addresses
 * costs no more than its length. */
static bool holds_address(struct bytes text, struct bytes plain, bool commas, unsigned *lookups)
{
    static const char ends[] = " \t\r\n<>,;:()\"[]";
    for (size_t at = 0; at < text.len; at++) {
        size_t from = at;
        while (at < text.len && !is_one_of(text.data[at], ends))
            at++;
        struct bytes word = bytes_slice(text, from, at);
        size_t sign = bytes_find(word, '@');
        if (sign == 0 || sign + 1 >= word.len)
            continue;
        char before = byte_before(text, from);
        char behind = byte_behind(text, at);
        bool set_apart = before == '<' || behind == '>' ||
                         (commas && (is_one_of(before, ",;") || is_one_of(behind, ",;")));
        if (set_apart && (!*lookups || !is_own(plain, word)))
            return true;
        *lookups -= set_apart;
    }
    return false;
}

/* "<=?utf-8?Q?ceo?=@example.com>", or without the angle brackets. */
static bool is_inside_address(struct bytes value, struct bytes run)
{
    size_t from = (size_t)(run.data - value.data);
    char before = byte_before(value, from);
    char behind = byte_behind(value, from + run.len);
    return before == '<' || before == '@' || behind == '@' || behind == '>';
}

/* From the start up to a place of the value: whether it lies in a quoted string or a comment. */
struct place {
    size_t at;
    bool in_quotes;
    size_t depth;
};

static void follow(struct bytes value, size_t to, struct place *place)
{
    for (; place->at < to; place->at++) {
        char byte = value.data[place->at];
        if (byte == '\\')
            place->at++;
        else if (byte == '"' && !place->depth)
            place->in_quotes = !place->in_quotes;
        else if (byte == '(' && !place->in_quotes)
            place->depth++;
        else if (byte == ')' && !place->in_quotes && place->depth)
            place->depth--;
    }
}

/* "<local@domain>" and the end of the mailbox, whoever reads it. */
static bool is_angle_address(struct bytes text)
{
    size_t end = bytes_find(text, '>');
    struct bytes address = bytes_slice(text, 1, end);
    size_t sign = bytes_find(address, '@');
    if (!text.len || text.data[0] != '<' || end == text.len || !sign || sign + 1 >= address.len)
        return false;
    for (size_t i = 0; i < address.len; i++)
        if (i != sign && is_one_of(address.data[i], " \t\r\n<@\"(),;:\\[]"))
            return false;
    size_t behind = skip_blanks(text, end + 1);
    return behind == text.len || is_one_of(text.data[behind], ",;");
}

/* Whether the run is all of a mailbox's display name, in quotes of its own or none, to those who
 * parse before they decode. */
static bool is_whole_name(struct bytes value, struct bytes run, struct place *place)
{
    size_t from = (size_t)(run.data - value.data);
    size_t to = from + run.len;
    follow(value, from, place);
    bool quoted = place->in_quotes;
    for (size_t i = 0; i < run.len; i++)
        if (is_one_of(run.data[i], "\"(),;:<>@[]\\"))
            return false;
    if (quoted && (value.data[from - 1] != '"' || to == value.len || value.data[to] != '"'))
        return false;
    from -= quoted;
    to += quoted;
    while (from > 0 && is_one_of(value.data[from - 1], " \t\r\n"))
        from--;
    if (place->depth || (from > 0 && !is_one_of(value.data[from - 1], ",;:")))
        return false;
    return is_angle_address(bytes_slice(value, skip_blanks(value, to), value.len));
}

/* An address, the same to all who decode, and nothing that could be a second one or is not seen. */
static bool shows_one_address(const struct decoded_text *decoded)
{
    struct invisible found;
    size_t sign = bytes_find(decoded->text, '@');
    struct bytes behind = bytes_slice(decoded->text, sign + 1, decoded->text.len);
    return bytes_find(behind, '@') == behind.len && !decoded->odd_charset && !decoded->malformed &&
           !invisible_find(decoded->text, INVISIBLE_CONTROL | INVISIBLE_LINE_BREAK | INVISIBLE_BIDI,
                           &found);
}

bool smuggle_has_address(struct arena *arena, struct bytes value, bool commas)
{
    struct bytes plain = {NULL, 0};
    struct bytes rest = up_to_last_end(value);
    struct bytes run;
    unsigned lookups = OWN_LOOKUPS;
    struct place place = {0};
    while (next_run(&rest, &run)) {
        if (commas && is_inside_address(value, run))
            return true;
        struct decoded_text decoded;
        if (!encoded_word_decode(arena, run, &decoded))
            return false;
        if (bytes_find(decoded.text, '@') == decoded.text.len)
            continue;
        if (!plain.data)
            plain = without_words(arena, value);
        if (!plain.data)
            return false;
        if (!holds_address(decoded.text, plain, commas, &lookups))
            continue;
        if (commas || !is_whole_name(value, run, &place) || !shows_one_address(&decoded))
            return true;
    }
    return false;
}
