/* The .mc file that Sendmail's configuration is made from: a reader of its words, quotes and calls.
 */
#include "mta/sendmail_mc.h"

#include <string.h>

#include "mta/whole_file.h"

#define MAX_BYTES ((size_t)1 << 20)

static bool starts_word(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
}

static bool in_word(char byte)
{
    return starts_word(byte) || (byte >= '0' && byte <= '9');
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static size_t word_end(struct bytes text, size_t at)
{
    while (at < text.len && in_word(text.data[at]))
        at++;
    return at;
}

/* Behind the end of the line. */
static size_t line_end(struct bytes text, size_t at)
{
    return at + bytes_find(bytes_slice(text, at, text.len), '\n') + 1;
}

/* Behind the quote that closes the one at this place. */
static size_t quote_end(struct bytes text, size_t at)
{
    size_t depth = 0;
    for (; at < text.len; at++) {
        if (text.data[at] == '`')
            depth++;
        else if (text.data[at] == '\'' && --depth == 0)
            return at + 1;
    }
    return text.len;
}

/* Behind what begins at this place: a quoted text, a comment, a word ("dnl" with its line), or one
 * byte. */
static size_t piece_end(struct bytes text, size_t at)
{
    if (text.data[at] == '`')
        return quote_end(text, at);
    if (text.data[at] == '#')
        return line_end(text, at);
    if (!starts_word(text.data[at]))
        return at + 1;
    size_t end = word_end(text, at);
    return bytes_equal(bytes_slice(text, at, end), BYTES("dnl")) ? line_end(text, end) : end;
}

/* The place of the "," or ")" that ends the argument that begins at this place. */
static size_t argument_end(struct bytes text, size_t at)
{
    size_t depth = 0;
    while (at < text.len) {
        char byte = text.data[at];
        if (depth == 0 && (byte == ',' || byte == ')'))
            return at;
        if (byte == '(')
            depth++;
        else if (byte == ')')
            depth--;
        at = piece_end(text, at);
    }
    return text.len;
}

/* m4 drops blanks before an argument, comments by dnl, and one level of quotes. */
static const char *plain(struct arena *arena, struct bytes argument)
{
    char *room = arena_alloc(arena, argument.len + 1);
    size_t len = 0;
    for (size_t at = 0, end; room && at < argument.len; at = end) {
        end = piece_end(argument, at);
        if (end > argument.len)
            end = argument.len;
        struct bytes piece = bytes_slice(argument, at, end);
        if (len == 0 && is_blank(piece.data[0]))
            continue;
        if (piece.len > 3 && memcmp(piece.data, "dnl", 3) == 0 && !in_word(piece.data[3]))
            continue;
        bool closed = piece.len > 1 && piece.data[piece.len - 1] == '\'';
        if (piece.data[0] == '`')
            piece = bytes_slice(piece, 1, piece.len - (closed ? 1 : 0));
        if (piece.len)
            memcpy(room + len, piece.data, piece.len);
        len += piece.len;
    }
    return room;
}

static size_t count_arguments(struct bytes text, size_t at)
{
    size_t count = 1;
    while ((at = argument_end(text, at)) < text.len && text.data[at] == ',') {
        count++;
        at++;
    }
    return count;
}

/* at: behind the "(". Returns the place behind the ")". */
static size_t take_arguments(struct arena *arena, struct bytes text, size_t at,
                             struct texts *ret_arguments)
{
    const char **items = arena_alloc(arena, count_arguments(text, at) * sizeof *items);
    size_t count = 0;
    while (items) {
        size_t end = argument_end(text, at);
        items[count++] = plain(arena, bytes_slice(text, at, end));
        at = end + 1;
        if (end >= text.len || text.data[end] == ')')
            break;
    }
    *ret_arguments = (struct texts){items, count};
    return at < text.len ? at : text.len;
}

static size_t count_words(struct bytes text)
{
    size_t count = 0;
    for (size_t at = 0; at < text.len; at = piece_end(text, at))
        count += starts_word(text.data[at]);
    return count;
}

bool sendmail_mc_parse(struct arena *arena, struct bytes text, struct sendmail_mc *ret_mc)
{
    struct mc_call *calls = arena_alloc(arena, (count_words(text) + 1) * sizeof *calls);
    size_t count = 0;
    size_t line = 1;
    *ret_mc = (struct sendmail_mc){.text = text, .calls = calls};
    for (size_t at = 0, end; calls && at < text.len; at = end) {
        end = piece_end(text, at);
        size_t name_end = starts_word(text.data[at]) ? word_end(text, at) : at;
        struct bytes name = bytes_slice(text, at, name_end);
        if (name.len && !bytes_equal(name, BYTES("dnl"))) {
            struct mc_call *call = &calls[count++];
            call->name = arena_text(arena, name);
            call->begin = at;
            call->line = line;
            if (end < text.len && text.data[end] == '(')
                end = take_arguments(arena, text, end + 1, &call->arguments);
            call->end = end;
        }
        for (size_t i = at; i < end && i < text.len; i++)
            line += text.data[i] == '\n';
    }
    ret_mc->count = count;
    return !arena_failed(arena);
}

bool sendmail_mc_read(struct arena *arena, const char *path, struct sendmail_mc *ret_mc,
                      struct error *error)
{
    struct bytes text;
    if (!whole_file_read(arena, path, MAX_BYTES, &text, error))
        return false;
    if (!sendmail_mc_parse(arena, text, ret_mc))
        return error_set(error, "memory is out");
    ret_mc->path = path;
    return true;
}

static bool is_call(const struct mc_call *call, const char *name, const char *first)
{
    return strcmp(call->name, name) == 0 &&
           (!first || strcmp(mc_call_argument(call, 0), first) == 0);
}

const struct mc_call *sendmail_mc_last(const struct sendmail_mc *mc, const char *name,
                                       const char *first)
{
    for (size_t i = mc->count; i > 0; i--)
        if (is_call(&mc->calls[i - 1], name, first))
            return &mc->calls[i - 1];
    return NULL;
}

const struct mc_call *sendmail_mc_first(const struct sendmail_mc *mc, const char *name,
                                        const char *first)
{
    for (size_t i = 0; i < mc->count; i++)
        if (is_call(&mc->calls[i], name, first))
            return &mc->calls[i];
    return NULL;
}

const char *mc_call_argument(const struct mc_call *call, size_t number)
{
    return number < call->arguments.count ? call->arguments.items[number] : "";
}
