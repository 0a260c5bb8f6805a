/* Decodes RFC 2047's encoded words wherever they stand, as the most lenient reader would. */
#include "policy/encoded_word.h"

#include <assert.h>

#include "policy/charset.h"
#include "policy/charset_unlisted.h"

#define CHARSET_NAME_MAX 64

struct word {
    struct bytes charset;
    char encoding; /* 'b' or 'q' */
    struct bytes text;
    size_t end; /* behind "?=" */
};

struct decoder {
    struct bytes raw;
    size_t no_end_from; /* from here on there is no "?=": searched once, not for every word */
    struct arena *arena;
    char *out;
    size_t used;
    char *pending; /* bytes of adjacent words of one charset: a character may lie across them */
    size_t pending_len;
    const struct charset *pending_charset;
    bool pending_shifted;   /* by an escape sequence of ISO-2022 */
    struct bytes last_name; /* of a charset: most words of a field name the same one */
    const struct charset *last_charset;
    struct decoded_text *result;
};

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static size_t find_end(struct decoder *decoder, size_t at)
{
    struct bytes raw = decoder->raw;
    size_t from = at;
    while (at < decoder->no_end_from && at + 1 < raw.len) {
        at += bytes_find(bytes_slice(raw, at, raw.len), '?');
        if (at + 1 < raw.len && raw.data[at + 1] == '=')
            return at;
        at++;
    }
    if (from < decoder->no_end_from)
        decoder->no_end_from = from;
    return raw.len;
}

enum look { NO_WORD, WORD, BROKEN_WORD };

/* The word that begins there. */
static enum look read_word(struct decoder *decoder, size_t at, struct word *word)
{
    struct bytes raw = decoder->raw;
    if (at + 1 >= raw.len || raw.data[at] != '=' || raw.data[at + 1] != '?')
        return NO_WORD;
    size_t from = at + 2;
    size_t to = from;
    while (to < raw.len && raw.data[to] != '?')
        to++;
    if (to + 2 >= raw.len || raw.data[to + 2] != '?')
        return NO_WORD;
    word->charset = bytes_slice(raw, from, to);
    word->charset.len = bytes_find(word->charset, '*'); /* RFC 2231's language */
    word->encoding = bytes_lower(raw.data[to + 1]);
    if (word->encoding != 'b' && word->encoding != 'q')
        return BROKEN_WORD;
    size_t text = to + 3;
    size_t end = find_end(decoder, text);
    if (end == raw.len)
        return BROKEN_WORD;
    word->text = bytes_slice(raw, text, end);
    word->end = end + 2;
    return WORD;
}

static int hex_digit(char byte)
{
    byte = bytes_lower(byte);
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

static size_t decode_q(struct bytes text, char *out)
{
    size_t used = 0;
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.data[i];
        if (byte == '\r' || byte == '\n')
            continue;
        int high = i + 2 < text.len && byte == '=' ? hex_digit(text.data[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(text.data[i + 2]) : -1;
        if (low >= 0) {
            byte = (char)(high * 16 + low);
            i += 2;
        } else if (byte == '_') {
            byte = ' ';
        }
        out[used++] = byte;
    }
    return used;
}

/* The digit's value and 1; 0: none. */
static const unsigned char base64_digits[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};

/* Goes on behind padding and over what is no base64: what any reader could see is to be seen. */
static size_t decode_b(struct bytes text, char *out, bool *ret_odd)
{
    unsigned bits = 0;
    unsigned count = 0;
    size_t used = 0;
    bool padded = false;
    for (size_t i = 0; i < text.len; i++) {
        int digit = base64_digits[(unsigned char)text.data[i]] - 1;
        if (digit < 0) {
            if (text.data[i] == '=') {
                padded = true;
                count = 0;
            } else if (!is_blank(text.data[i])) {
                *ret_odd = true;
            }
            continue;
        }
        *ret_odd |= padded;
        bits = (bits << 6 | (unsigned)digit) & 0xFFFF;
        count += 6;
        if (count >= 8) {
            count -= 8;
            out[used++] = (char)(bits >> count & 0xFF);
        }
    }
    return used;
}

/* Whether a line break begins with the byte, or it is NUL. */
static bool may_break(unsigned char byte)
{
    return byte < ' ' || byte == 0xC2 || byte == 0xE2;
}

static void note_breaks(struct decoded_text *result, struct bytes text)
{
    const unsigned char *byte = (const unsigned char *)text.data;
    for (size_t i = bytes_find_odd(text, 0); i < text.len; i++) {
        if (!may_break(byte[i]))
            continue;
        result->has_nul |= byte[i] == 0;
        if ((byte[i] >= 0x0A && byte[i] <= 0x0D) || (byte[i] >= 0x1C && byte[i] <= 0x1E))
            result->has_line_break = true;
        else if (byte[i] == 0xC2)
            result->has_line_break |= i + 1 < text.len && byte[i + 1] == 0x85;
        else if (byte[i] == 0xE2)
            result->has_line_break |= i + 2 < text.len && byte[i + 1] == 0x80 &&
                                      (byte[i + 2] == 0xA8 || byte[i + 2] == 0xA9);
    }
}

static bool flush(struct decoder *decoder)
{
    struct bytes pending = {decoder->pending, decoder->pending_len};
    char *out = decoder->out + decoder->used;
    size_t len = 0;
    if (!pending.len)
        return true;
    if (!charset_decode(decoder->arena, decoder->pending_charset, pending, out, &len))
        return false;
    note_breaks(decoder->result, (struct bytes){out, len});
    decoder->result->has_line_break |= charset_breaks_otherwise(decoder->pending_charset, pending);
    decoder->used += len;
    decoder->pending_len = 0;
    decoder->pending_shifted = false;
    return true;
}

static const struct charset *find_charset(struct decoder *decoder, struct bytes name)
{
    if (!name.len || !bytes_equal(name, decoder->last_name)) {
        decoder->last_name = name;
        decoder->last_charset = charset_find(name);
    }
    return decoder->last_charset;
}

/* Whether an escape sequence is in force behind the text: a word shall return to ASCII (RFC 2047
 * section 3), and what the next one is then depends on whether a reader joins them. */
static bool leaves_shifted(struct bytes text, bool before)
{
    size_t at = text.len;
    while (at && text.data[at - 1] != '\x1B')
        at--;
    struct bytes sequence = bytes_slice(text, at, at + 2);
    return at ? !bytes_equal(sequence, BYTES("(B")) && !bytes_equal(sequence, BYTES("(J")) : before;
}

static bool put_word(struct decoder *decoder, const struct word *word)
{
    const struct charset *charset = find_charset(decoder, word->charset);
    struct decoded_text *result = decoder->result;
    result->had_words = true;
    result->wide_charset |= charset && charset_is_odd(charset);
    result->odd_charset |= !charset || charset_is_odd(charset);
    if (bytes_find_nocase(word->text, BYTES("=?")) < word->text.len ||
        bytes_find(word->text, '\n') < word->text.len)
        result->malformed = true;
    if (!word->charset.len || word->charset.len > CHARSET_NAME_MAX)
        result->malformed = true; /* Python's email decodes it all the same */
    bool listed = charset;
    if (!listed)
        charset = charset_utf8(); /* some decode it so: what they see is to be seen */
    if (charset != decoder->pending_charset && !flush(decoder))
        return false;
    result->odd_charset |= decoder->pending_shifted;
    assert(decoder->pending); /* it is there where a word is */
    char *out = decoder->pending + decoder->pending_len;
    decoder->pending_charset = charset;
    size_t len = word->encoding == 'q' ? decode_q(word->text, out)
                                       : decode_b(word->text, out, &result->malformed);
    if (!listed)
        result->has_line_break |= charset_unlisted_breaks(word->charset, (struct bytes){out, len});
    decoder->pending_len += len;
    decoder->pending_shifted = leaves_shifted((struct bytes){out, len}, decoder->pending_shifted);
    return true;
}

/* Blanks between two words are not shown. */
static bool next_word(struct decoder *decoder, struct word *word)
{
    struct bytes raw = decoder->raw;
    size_t at = word->end;
    struct word next;
    while (at < raw.len && is_blank(raw.data[at]))
        at++;
    if (read_word(decoder, at, &next) != WORD)
        return false;
    *word = next;
    return true;
}

static bool put_words(struct decoder *decoder, struct word *word)
{
    do
        if (!put_word(decoder, word))
            return false;
    while (next_word(decoder, word));
    return true;
}

static void put_utf8(struct decoder *decoder, struct bytes text)
{
    size_t len = 0;
    if (charset_decode(decoder->arena, charset_utf8(), text, decoder->out + decoder->used, &len))
        decoder->used += len;
}

/* Text as it stands, up to the next "=?", unfolded. */
static size_t put_plain(struct decoder *decoder, size_t at)
{
    struct bytes raw = decoder->raw;
    size_t end = at + 1;
    while (end < raw.len &&
           !(raw.data[end] == '=' && end + 1 < raw.len && raw.data[end + 1] == '?') &&
           raw.data[end] != '\r' && raw.data[end] != '\n')
        end++;
    char first = raw.data[at];
    bool folds = (first == '\n' && at + 1 < raw.len && is_blank(raw.data[at + 1])) ||
                 (first == '\r' && at + 1 < raw.len && raw.data[at + 1] == '\n');
    put_utf8(decoder, bytes_slice(raw, folds ? at + 1 : at, end));
    return end;
}

static bool decode(struct decoder *decoder)
{
    struct bytes raw = decoder->raw;
    for (size_t at = 0; at < raw.len;) {
        struct word word;
        enum look look = read_word(decoder, at, &word);
        decoder->result->malformed |= look == BROKEN_WORD;
        if (look == WORD) {
            if (!put_words(decoder, &word))
                return false;
            at = word.end;
        } else {
            if (!flush(decoder))
                return false;
            at = put_plain(decoder, at);
        }
    }
    return flush(decoder);
}

bool encoded_word_decode(struct arena *arena, struct bytes raw, struct decoded_text *ret_text)
{
    bool words = bytes_find_nocase(raw, BYTES("=?")) < raw.len;
    struct decoder decoder = {
        .raw = raw, .no_end_from = raw.len, .arena = arena, .result = ret_text};
    size_t high = 0;
    for (size_t at = bytes_find_odd(raw, 0); at < raw.len; at = bytes_find_odd(raw, at + 1))
        high += (unsigned char)raw.data[at] >= 0x80;
    *ret_text = (struct decoded_text){0};
    decoder.out = arena_alloc(arena, words ? CHARSET_ROOM(raw.len) : raw.len + 2 * high);
    decoder.pending = words ? arena_alloc(arena, raw.len) : NULL;
    if (!decoder.out || (words && !decoder.pending))
        return false;
    bool done = decode(&decoder);
    ret_text->text = (struct bytes){decoder.out, done ? decoder.used : 0};
    return done;
}
