/* The two halves of an address, checked for what readers could see differently. */
#include "policy/address_spec.h"

#include <string.h>

#define LOCAL_MAX 512 /* RFC 5321 has 64; tagged and rewritten envelope senders are longer */

/* What directly follows an addr-spec, where only a blank, a comma, ">" or the end may. */
static const char *check_behind(struct address_lexer *lexer, struct bytes domain)
{
    struct address_token next = address_lex_peek(lexer);
    if (next.blank_before) {
        bool dots = next.kind == TOKEN_ATOM && lexer->text.data[next.from] == '.';
        return dots || domain.data[domain.len - 1] == '.' ? "obsolete-space" : NULL;
    }
    if (next.kind == TOKEN_COMMENT)
        return "comment";
    if (next.kind == TOKEN_QUOTED || address_token_is(next, '['))
        return "bad-domain";
    if (address_token_is(next, '@'))
        return "second-at";
    return address_token_is(next, '\\') ? "quoted-pair" : NULL;
}

const char *address_spec_read_domain(struct address_lexer *lexer, struct address_token at,
                                     struct address_spec *spec)
{
    struct address_token token = address_lex_peek(lexer);
    if (token.kind == TOKEN_BAD)
        return token.bad;
    if (token.kind == TOKEN_END)
        return "empty-domain";
    if (at.blank_before || token.blank_before || token.kind == TOKEN_COMMENT)
        return "obsolete-space";
    if (address_token_is(token, '['))
        return "literal";
    if (address_token_is(token, '@'))
        return "second-at";
    if (address_token_is(token, '\\'))
        return "quoted-pair";
    if (token.kind == TOKEN_QUOTED)
        return "bad-domain";
    if (token.kind != TOKEN_ATOM)
        return "empty-domain";
    spec->domain = address_lex_next(lexer);
    return check_behind(lexer, address_token_text(lexer, token));
}

static bool is_dot_atom(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (strchr(" \t\"(),:;<>@[\\]", text.data[i]))
            return false;
        if (text.data[i] == '.' && (i == 0 || i + 1 == text.len || text.data[i - 1] == '.'))
            return false;
    }
    return text.len > 0;
}

/* Single blanks between words are all that a quoted local part may need its quotes for. */
static const char *check_quoted(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.data[i];
        if (byte == '@')
            return "second-at";
        if (strchr("\t\r\n\"(),:;<>[\\]", byte))
            return "quoted-local";
        if (byte == ' ' && (i == 0 || i + 1 == text.len || text.data[i + 1] == ' '))
            return "quoted-local";
    }
    return NULL;
}

static bool has_high_byte(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] >= 0x80)
            return true;
    return false;
}

static const char *read_local(struct arena *arena, struct bytes raw, bool quoted,
                              struct mailbox *mailbox)
{
    const char *reason = quoted ? check_quoted(raw) : NULL;
    if (!raw.len)
        return "empty-local";
    if (raw.len > LOCAL_MAX)
        return "too-long";
    if (reason)
        return reason;
    if (bytes_find_nocase(raw, BYTES("=?")) < raw.len ||
        bytes_find_nocase(raw, BYTES("?=")) < raw.len)
        return "encoded-address";
    bool dot_atom = is_dot_atom(raw);
    if (!quoted && !dot_atom)
        return "dots";
    mailbox->plain = !quoted && bytes_find(raw, '%') == raw.len && bytes_find(raw, '!') == raw.len;
    mailbox->local = raw;
    mailbox->utf8 = has_high_byte(raw);
    if (!mailbox->utf8)
        return NULL;
    reason = address_utf8_check(arena, raw);
    return reason ? reason : address_utf8_compose(arena, raw, &mailbox->local);
}

static bool write_address(struct arena *arena, struct mailbox *mailbox)
{
    struct bytes local = mailbox->local;
    struct bytes domain = mailbox->domain;
    bool quote = !is_dot_atom(local);
    char *text = arena_alloc(arena, local.len + domain.len + sizeof "\"\"@");
    size_t len = 0;
    if (!text)
        return false;
    if (quote)
        text[len++] = '"';
    for (size_t i = 0; i < local.len; i++)
        text[len++] = bytes_lower(local.data[i]);
    if (quote)
        text[len++] = '"';
    if (domain.len) {
        text[len++] = '@';
        memcpy(text + len, domain.data, domain.len);
    }
    mailbox->address = (struct bytes){text, len + domain.len};
    return true;
}

const char *address_spec_finish(struct arena *arena, const struct address_lexer *lexer,
                                const struct address_spec *spec, struct mailbox *ret_mailbox)
{
    bool quoted = spec->local.kind == TOKEN_QUOTED;
    struct bytes local = address_token_text(lexer, spec->local);
    struct bytes domain = address_token_text(lexer, spec->domain);
    *ret_mailbox = (struct mailbox){0};
    if (spec->local.has_pair)
        return "quoted-pair";
    if (quoted)
        local = bytes_slice(local, 1, local.len - 1);
    const char *reason = read_local(arena, local, quoted, ret_mailbox);
    if (!reason && domain.len)
        reason = address_domain_read(arena, domain, &ret_mailbox->domain);
    if (reason)
        return reason;
    ret_mailbox->utf8 |= has_high_byte(domain);
    return write_address(arena, ret_mailbox) ? NULL : "memory";
}
