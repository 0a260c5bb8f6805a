/* Display names: unquoted, unfolded, decoded. */
#include "policy/address_name.h"

#include <string.h>

void address_name_add_text(struct address_name *name, struct bytes text)
{
    if (text.len)
        memcpy(name->text + name->len, text.data, text.len);
    name->len += text.len;
}

void address_name_add(struct address_name *name, const struct address_lexer *lexer,
                      struct address_token token)
{
    struct bytes text = address_token_text(lexer, token);
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

const char *address_name_finish(struct arena *arena, const struct address_name *name,
                                struct bytes shown, struct mailbox *mailbox)
{
    struct decoded_text decoded;
    if (!encoded_word_decode(arena, shown, &decoded))
        return "memory";
    mailbox->display = bytes_trim(decoded.text);
    if (decoded.has_nul || decoded.has_line_break)
        return "encoded-control";
    if (decoded.wide_charset)
        return "odd-charset";
    if (decoded.malformed)
        return "malformed-word";
    if (!decoded.had_words)
        return NULL;
    return address_name_check_decoded(arena, name, shown, decoded.text, mailbox);
}
