/* What stands in RCPT TO: read as loosely as the MTA will, as far as nothing can go astray. */
#include "policy/address_recipient.h"

#include <idn2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>

#include "policy/address_spec.h"

#define LOCAL_MAX 512
#define DOMAIN_MAX 253
#define DOMAIN_RAW_MAX 1024 /* of UTF-8 */
#define LABEL_MAX 63

/* No folds either: a command is one line. */
static const char *check_bytes(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] < ' ')
            return "control";
    return address_lex_check(text);
}

static const char *check_domain_bytes(struct bytes domain)
{
    for (size_t i = 0; i < domain.len; i++) {
        char byte = bytes_lower(domain.data[i]);
        if (byte == '@')
            return "second-at";
        if (byte == ' ')
            return "obsolete-space";
        if (!(byte >= 'a' && byte <= 'z') && !(byte >= '0' && byte <= '9') &&
            (unsigned char)byte < 0x80 && (!byte || !strchr(".-_", byte)))
            return "bad-domain";
    }
    return NULL;
}

/* Full stops of other scripts, at which some readers cut labels and others don't. */
static bool has_wide_dot(struct bytes label)
{
    return bytes_find_nocase(label, BYTES("\xe3\x80\x82")) < label.len ||
           bytes_find_nocase(label, BYTES("\xef\xbc\x8e")) < label.len ||
           bytes_find_nocase(label, BYTES("\xef\xbd\xa1")) < label.len;
}

/* Whether an A-label's text is one that IDNA 2008 has not, and not another label's. */
static bool is_its_own(struct arena *arena, struct bytes shown)
{
    struct bytes other;
    const char *reason = address_domain_read(arena, shown, &other);
    return reason && !strcmp(reason, "bad-domain") && !has_wide_dot(shown);
}

static const char *lower_label(struct arena *arena, struct bytes label, struct bytes *ret_label)
{
    size_t len = 0;
    uint8_t *lower =
        u8_tolower((const uint8_t *)label.data, label.len, NULL, UNINORM_NFC, NULL, &len);
    if (!lower)
        return address_out_of_memory(arena);
    *ret_label = arena_bytes(arena, (struct bytes){(const char *)lower, len});
    free(lower);
    return ret_label->data ? NULL : "memory";
}

/* A label that IDNA 2008 has not, in the one form that its A-label and it have in common. */
static const char *show_label(struct arena *arena, struct bytes label, struct bytes *ret_label)
{
    const char *text = arena_text(arena, label);
    char *shown = NULL;
    if (!text)
        return "memory";
    if (has_wide_dot(label))
        return "compatibility";
    int result = idn2_to_unicode_8z8z(text, &shown, 0);
    if (result == IDN2_MALLOC)
        return address_out_of_memory(arena);
    bool decoded = result == IDN2_OK && is_its_own(arena, bytes_of(shown));
    const char *reason = lower_label(arena, decoded ? bytes_of(shown) : label, ret_label);
    idn2_free(shown);
    return reason;
}

static const char *read_label(struct arena *arena, struct bytes label, struct bytes *ret_label)
{
    if (!label.len)
        return "empty-label";
    if (label.len > 4 * LABEL_MAX)
        return "bad-domain";
    const char *reason = address_domain_read(arena, label, ret_label);
    return reason && !strcmp(reason, "bad-domain") ? show_label(arena, label, ret_label) : reason;
}

static const char *read_labels(struct arena *arena, struct bytes raw, struct bytes *ret_domain)
{
    char *domain = arena_alloc(arena, DOMAIN_RAW_MAX);
    size_t len = 0;
    if (!domain)
        return "memory";
    for (size_t at = 0; at <= raw.len;) {
        struct bytes rest = bytes_slice(raw, at, raw.len);
        struct bytes written = bytes_slice(rest, 0, bytes_find(rest, '.'));
        struct bytes label;
        const char *reason = read_label(arena, written, &label);
        if (reason)
            return reason;
        if (len + 1 + label.len > DOMAIN_RAW_MAX)
            return "bad-domain";
        if (at)
            domain[len++] = '.';
        memcpy(domain + len, label.data, label.len);
        len += label.len;
        at += written.len + 1;
    }
    *ret_domain = (struct bytes){domain, len};
    return NULL;
}

const char *address_recipient_domain(struct arena *arena, struct bytes raw,
                                     struct bytes *ret_domain)
{
    if (raw.len && raw.data[raw.len - 1] == '.')
        raw.len--;
    if (!raw.len)
        return "empty-domain";
    if (raw.len > DOMAIN_RAW_MAX)
        return "bad-domain";
    const char *reason = check_domain_bytes(raw);
    if (!reason)
        reason = address_utf8_check(arena, raw);
    if (reason)
        return reason;
    reason = address_domain_read(arena, raw, ret_domain);
    return reason && !strcmp(reason, "bad-domain") ? read_labels(arena, raw, ret_domain) : reason;
}

/* "[192.0.2.1]", "[IPv6:2001:db8::1]" */
static const char *read_literal(struct bytes domain, struct address_recipient *recipient)
{
    if (domain.len < 3 || domain.len > DOMAIN_MAX || domain.data[domain.len - 1] != ']')
        return "literal";
    for (size_t i = 1; i + 1 < domain.len; i++) {
        char byte = bytes_lower(domain.data[i]);
        if (!(byte >= 'a' && byte <= 'z') && !(byte >= '0' && byte <= '9') &&
            (!byte || !strchr(".:-", byte)))
            return "literal";
    }
    recipient->domain = domain;
    recipient->elsewhere = true;
    return NULL;
}

static const char *read_local(struct arena *arena, struct bytes local, struct address_token token,
                              struct address_recipient *recipient)
{
    if (token.kind == TOKEN_BAD)
        return token.bad;
    if (address_token_is(token, '@'))
        return bytes_find(local, ':') < local.len ? "route" : "empty-local";
    if (token.blank_before)
        return "obsolete-space";
    if (token.kind != TOKEN_ATOM && token.kind != TOKEN_QUOTED)
        return "special";
    if (token.has_pair)
        return "quoted-pair";
    local = bytes_slice(local, token.from, token.to);
    if (bytes_equal(local, BYTES("\"\"")))
        return "empty-local";
    if (local.len > LOCAL_MAX)
        return "too-long";
    recipient->elsewhere = bytes_find(local, '@') < local.len ||
                           bytes_find(local, '%') < local.len || bytes_find(local, '!') < local.len;
    return address_utf8_check(arena, local);
}

const char *address_recipient_read(struct arena *arena, struct bytes path,
                                   struct address_recipient *ret_recipient)
{
    *ret_recipient = (struct address_recipient){0};
    struct bytes text = path;
    struct address_lexer lexer;
    bool opens = path.len && path.data[0] == '<';
    bool closes = path.len && path.data[path.len - 1] == '>';
    if (opens != closes)
        return "unbalanced";
    if (opens)
        text = bytes_slice(path, 1, path.len - 1);
    if (!text.len)
        return "empty";
    const char *reason = check_bytes(text);
    if (reason)
        return reason;
    address_lex_init(&lexer, text);
    reason = read_local(arena, text, address_lex_next(&lexer), ret_recipient);
    if (reason)
        return reason;
    struct address_token at = address_lex_next(&lexer);
    if (at.kind == TOKEN_BAD)
        return at.bad;
    if (at.blank_before)
        return "obsolete-space";
    if (at.kind == TOKEN_END)
        return NULL;
    if (!address_token_is(at, '@'))
        return address_token_is(at, '\\') ? "quoted-pair" : "special";
    struct bytes domain = bytes_slice(text, at.to, text.len);
    return domain.len && domain.data[0] == '['
               ? read_literal(domain, ret_recipient)
               : address_recipient_domain(arena, domain, &ret_recipient->domain);
}
