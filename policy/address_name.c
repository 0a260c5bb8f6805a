/* Display names: unquoted, unfolded, decoded. */
#include "policy/address_name.h"

#include <string.h>

void address_name_add_text(struct address_name *name, struct bytes text)
{
    if (text.len)
        memcpy(name->text + name->len, text.data, text.len);
    name->len += text.len;
}

/* An encoded word that begins in the text and does not end in it. */
static bool ends_within_word(struct bytes text)
{
    for (;;) {
        size_t begin = bytes_find_nocase(text, BYTES("=?"));
        if (begin == text.len)
            return false;
        text = bytes_slice(text, begin + 2, text.len);
        size_t encoding = bytes_find(text, '?') + 1; /* "charset?q?text?=" */
        struct bytes rest = bytes_slice(text, encoding + 2, text.len);
        size_t end = bytes_find_nocase(rest, BYTES("?="));
        if (end == rest.len)
            return true;
        text = bytes_slice(rest, end + 2, rest.len);
    }
}

/* What stands in quotes or parentheses, and what stands between those, is decoded by itself by some
 * readers and together by others: no word may lie across. */
static void begin_part(struct address_name *name, enum address_token_kind kind)
{
    if (kind == TOKEN_ATOM && name->part == TOKEN_ATOM)
        return;
    struct bytes part = {name->text + name->part_from, name->len - name->part_from};
    if (!name->word_is_open && ends_within_word(part)) {
        name->word_is_open = true;
        name->open_until = name->len;
    }
    name->part = kind;
    name->part_from = name->len;
}

/* Without an end behind its part it is no word for anybody. The end may begin in the part. */
static bool word_lies_across(const struct address_name *name)
{
    struct bytes text = {name->text, name->len};
    if (!name->word_is_open)
        return false;
    text = bytes_slice(text, name->open_until - 1, text.len);
    return bytes_find_nocase(text, BYTES("?=")) < text.len;
}

void address_name_add(struct address_name *name, const struct address_lexer *lexer,
                      struct address_token token)
{
    struct bytes text = address_token_text(lexer, token);
    begin_part(name, token.kind);
    if (token.blank_before && name->len)
        address_name_add_text(name, BYTES(" "));
    name->has_comment |= token.kind == TOKEN_COMMENT;
    if (token.kind != TOKEN_QUOTED) {
        address_name_add_text(name, text);
        return;
    }
    name->has_quoted = true;
    name->has_address |= bytes_find(text, '@') < text.len || bytes_find(text, '<') < text.len;
    for (size_t i = 1; i + 1 < text.len; i++) {
        if (text.data[i] == '\\')
            i++;
        address_name_add_text(name, bytes_slice(text, i, i + 1));
    }
}

const char *address_name_finish(struct arena *arena, struct address_name *name, struct bytes shown,
                                struct mailbox *mailbox)
{
    struct decoded_text decoded;
    if (!encoded_word_decode(arena, shown, &decoded))
        return "memory";
    mailbox->display = bytes_trim(decoded.text);
    if (decoded.has_nul || decoded.has_line_break)
        return "encoded-control";
    if (decoded.wide_charset)
        return "odd-charset";
    if (decoded.malformed || word_lies_across(name))
        return "malformed-word";
    if (!decoded.had_words)
        return NULL;
    return address_name_check_decoded(arena, name, shown, decoded.text, mailbox);
}
