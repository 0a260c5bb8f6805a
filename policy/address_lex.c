/* Tokens of address fields. */
#include "policy/address_lex.h"

#include <string.h>

#define COMMENT_DEPTH_MAX 3

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* NEL and the other C1 controls, line and paragraph separator, as UTF-8. */
static bool is_wide_control(struct bytes text, size_t at)
{
    const unsigned char *byte = (const unsigned char *)text.data + at;
    size_t left = text.len - at;
    if (left >= 2 && byte[0] == 0xC2)
        return byte[1] >= 0x80 && byte[1] <= 0x9F;
    return left >= 3 && byte[0] == 0xE2 && byte[1] == 0x80 && (byte[2] == 0xA8 || byte[2] == 0xA9);
}

/* The line that a fold begins holds more than blanks. */
static bool line_has_text(struct bytes text, size_t at)
{
    while (at < text.len && (text.data[at] == ' ' || text.data[at] == '\t'))
        at++;
    return at < text.len && text.data[at] != '\r' && text.data[at] != '\n';
}

const char *address_lex_check(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte == '\r' && i + 1 < text.len && text.data[i + 1] == '\n')
            byte = (unsigned char)text.data[++i];
        if (byte == '\n') {
            if (i + 1 == text.len || (text.data[i + 1] != ' ' && text.data[i + 1] != '\t'))
                return "control";
            if (!line_has_text(text, i + 1))
                return "blank-line";
        } else if ((byte < ' ' && byte != '\t') || byte == 0x7F) {
            return "control";
        } else if (byte >= 0x80 && is_wide_control(text, i)) {
            return "control";
        }
    }
    return NULL;
}

void address_lex_init(struct address_lexer *lexer, struct bytes text)
{
    *lexer = (struct address_lexer){.text = text};
}

static struct address_token bad(struct address_token token, const char *reason)
{
    token.kind = TOKEN_BAD;
    token.bad = reason;
    return token;
}

/* A quotation mark behind a backslash ends the string for readers that know no quoted pairs, and a
 * fold does for Python's. That is harmless only where nothing in the string could then pass for an
 * address, and a backslash at the end is never. */
static struct address_token lex_quoted(struct bytes text, struct address_token token)
{
    bool has_mark = false;
    bool has_fold = false;
    bool has_address = false;
    size_t at = token.from + 1;
    for (; at < text.len && text.data[at] != '"'; at++) {
        if (text.data[at] == '\\') {
            token.has_pair = true;
            if (++at == text.len)
                break;
            if (text.data[at] == '\r' || text.data[at] == '\n')
                return bad(token, "quoted-pair");
            has_mark |= text.data[at] == '"';
            if (text.data[at] == '\\' && at + 1 < text.len && text.data[at + 1] == '"')
                return bad(token, "quoted-pair");
        }
        has_fold |= text.data[at] == '\n';
        has_address |= text.data[at] == '@' || text.data[at] == '<';
    }
    if (at >= text.len)
        return bad(token, "unbalanced");
    if (has_fold && has_address)
        return bad(token, "quoted-fold");
    if (has_mark && has_address)
        return bad(token, "quoted-pair");
    token.kind = TOKEN_QUOTED;
    token.to = at + 1;
    return token;
}

static struct address_token lex_comment(struct bytes text, struct address_token token)
{
    unsigned depth = 0;
    unsigned marks = 0;
    bool nested = false;
    bool divided = false;
    for (size_t at = token.from; at < text.len; at++) {
        char byte = text.data[at];
        if (byte == '(') {
            nested |= depth > 0;
            if (++depth > COMMENT_DEPTH_MAX)
                return bad(token, "nested");
        } else if (byte == ')' && --depth == 0) {
            token.kind = TOKEN_COMMENT;
            token.to = at + 1;
            /* Readers who see quoted strings in comments look for the end elsewhere, and such as
             * know no comments in comments divide lists there. */
            return marks % 2 || ((marks || divided) && nested) ? bad(token, "comment") : token;
        } else if (byte == ')') {
            token.goes_on |= at + 1 < text.len && text.data[at + 1] != ')';
        } else if (byte == '\\') {
            return bad(token, "quoted-pair");
        } else if (byte == '@' || byte == '<' || byte == '>') {
            return bad(token, "comment-address");
        } else if (byte == '\n') {
            return bad(token, "comment-fold"); /* Python's email ends the comment there */
        }
        marks += byte == '"';
        divided |= byte == ',' || byte == ';';
    }
    return bad(token, "unbalanced");
}

static struct address_token lex(struct address_lexer *lexer)
{
    struct bytes text = lexer->text;
    size_t at = lexer->at;
    while (at < text.len && is_blank(text.data[at]))
        at++;
    struct address_token token = {.blank_before = at > lexer->at, .from = at, .to = at};
    if (at == text.len) {
        token.kind = TOKEN_END;
    } else if (text.data[at] == '"') {
        token = lex_quoted(text, token);
    } else if (text.data[at] == '(') {
        token = lex_comment(text, token);
    } else if (text.data[at] == ')') {
        token = bad(token, "unbalanced");
    } else if (strchr("<>,;:@[]\\", text.data[at])) {
        token.kind = TOKEN_SPECIAL;
        token.special = text.data[at];
        token.to = at + 1;
    } else {
        token.kind = TOKEN_ATOM;
        while (token.to < text.len && !is_blank(text.data[token.to]) &&
               !strchr("\"()<>,;:@[]\\", text.data[token.to]))
            token.to++;
    }
    lexer->at = token.to;
    return token;
}

struct address_token address_lex_peek(struct address_lexer *lexer)
{
    if (!lexer->has_peeked)
        lexer->peeked = lex(lexer);
    lexer->has_peeked = true;
    return lexer->peeked;
}

struct address_token address_lex_next(struct address_lexer *lexer)
{
    struct address_token token = address_lex_peek(lexer);
    lexer->has_peeked = false;
    return token;
}

bool address_token_is(struct address_token token, char special)
{
    return token.kind == TOKEN_SPECIAL && token.special == special;
}

struct bytes address_token_text(const struct address_lexer *lexer, struct address_token token)
{
    return bytes_slice(lexer->text, token.from, token.to);
}
