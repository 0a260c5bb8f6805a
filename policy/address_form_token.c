/* Cutting tokens, see the header. */
#include "policy/address_form_token.h"

#include <string.h>

bool form_is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

bool form_must_quote(char byte)
{
    return byte && strchr("@,;:\\()[].'", byte);
}

bool form_token_is(struct form_token token, char special)
{
    return token.kind == FORM_SPECIAL && token.text.data[0] == special;
}

/* Behind the character at `at`, or behind the pair that its backslash begins. */
static size_t behind(struct bytes text, size_t at)
{
    at += text.data[at] == '\\' ? 2 : 1;
    return at < text.len ? at : text.len;
}

/* Behind a quoted string; 0: it does not end. */
static size_t quoted_end(struct bytes text, size_t at)
{
    for (at++; at < text.len && text.data[at] != '"';)
        at = behind(text, at);
    return at < text.len ? at + 1 : 0;
}

static size_t comment_end(struct bytes text, size_t at)
{
    size_t depth = 0;
    while (at < text.len) {
        char byte = text.data[at];
        at = behind(text, at);
        depth += byte == '(';
        if (byte == ')' && --depth == 0)
            return at;
    }
    return 0;
}

static size_t angle_end(struct bytes text, size_t at)
{
    for (at++; at && at < text.len && text.data[at] != '>';) {
        if (text.data[at] == '<')
            return 0;
        at = text.data[at] == '"' ? quoted_end(text, at) : behind(text, at);
    }
    return at && at < text.len ? at + 1 : 0;
}

/* =?charset?encoding?text?= without a blank; 0: none begins here. */
static size_t word_end(struct bytes text, size_t at)
{
    size_t marks = 0;
    if (at + 1 >= text.len || text.data[at] != '=' || text.data[at + 1] != '?')
        return 0;
    for (at++; at < text.len && !form_is_blank(text.data[at]); at++) {
        marks += text.data[at] == '?';
        if (marks == 4)
            return at + 1 < text.len && text.data[at + 1] == '=' ? at + 2 : 0;
    }
    return 0;
}

/* Colons are part of it in square brackets, as in [IPv6:2001:db8::1]. */
static size_t atom_end(struct bytes text, size_t at)
{
    bool literal = false;
    while (at < text.len && !form_is_blank(text.data[at]) &&
           !strchr(literal ? "\"(<,;" : "\"(<,:;", text.data[at])) {
        literal = (literal || text.data[at] == '[') && text.data[at] != ']';
        at = behind(text, at);
    }
    return at;
}

static struct form_token token_of(enum form_token_kind kind, struct bytes text, size_t *at,
                                  size_t end)
{
    size_t from = *at;
    *at = end ? end : text.len;
    return (struct form_token){end ? kind : FORM_BAD, bytes_slice(text, from, *at)};
}

struct form_token form_token_next(struct bytes text, size_t *at)
{
    size_t end = *at;
    if (end >= text.len)
        return (struct form_token){FORM_END, {NULL, 0}};
    switch (text.data[end]) {
    case '"':
        return token_of(FORM_QUOTED, text, at, quoted_end(text, end));
    case '(':
        return token_of(FORM_COMMENT, text, at, comment_end(text, end));
    case '<':
        return token_of(FORM_ANGLE, text, at, angle_end(text, end));
    case '>':
    case ')':
    case '\0':
        return token_of(FORM_BAD, text, at, end + 1);
    case ',':
    case ':':
    case ';':
        return token_of(FORM_SPECIAL, text, at, end + 1);
    default:
        break;
    }
    if (form_is_blank(text.data[end])) {
        while (end < text.len && form_is_blank(text.data[end]))
            end++;
        return token_of(FORM_BLANK, text, at, end);
    }
    end = word_end(text, *at);
    return end ? token_of(FORM_WORD, text, at, end)
               : token_of(FORM_ATOM, text, at, atom_end(text, *at));
}
