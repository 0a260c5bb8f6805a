/* Addresses that stand alone: in MAIL FROM, in the configuration, in tables. */
#include "policy/address_spec.h"

/* local@domain or a bare local part, and nothing else. */
static const char *read_alone(struct arena *arena, struct bytes text, struct mailbox *mailbox)
{
    struct address_lexer lexer;
    struct address_spec spec = {0};
    const char *reason = address_lex_check(text);
    if (reason)
        return reason;
    address_lex_init(&lexer, text);
    spec.local = address_lex_next(&lexer);
    if (spec.local.kind == TOKEN_BAD)
        return spec.local.bad;
    if (address_token_is(spec.local, '@'))
        return bytes_find(text, ':') < text.len ? "route" : "empty-local";
    if (spec.local.blank_before)
        return "obsolete-space";
    if (spec.local.kind != TOKEN_ATOM && spec.local.kind != TOKEN_QUOTED)
        return "special";
    struct address_token next = address_lex_next(&lexer);
    if (address_token_is(next, '@') && !next.blank_before) {
        reason = address_spec_read_domain(&lexer, next, &spec);
        if (reason)
            return reason;
        next = address_lex_next(&lexer);
    }
    if (next.kind == TOKEN_BAD)
        return next.bad;
    if (next.blank_before)
        return "obsolete-space";
    if (address_token_is(next, '\\'))
        return "quoted-pair";
    if (next.kind != TOKEN_END)
        return "special";
    reason = address_spec_finish(arena, &lexer, &spec, mailbox);
    mailbox->raw = text;
    return reason;
}

void address_parse_path(struct arena *arena, struct bytes path, struct address_list *ret_list)
{
    *ret_list = (struct address_list){0};
    struct bytes address = path;
    bool opens = path.len && path.data[0] == '<';
    bool closes = path.len && path.data[path.len - 1] == '>';
    if (opens && closes)
        address = bytes_slice(path, 1, path.len - 1);
    if (!address.len)
        return;
    const char *reason = opens == closes ? NULL : "unbalanced";
    if (!reason) {
        ret_list->mailboxes = arena_alloc(arena, sizeof *ret_list->mailboxes);
        reason = ret_list->mailboxes ? read_alone(arena, address, ret_list->mailboxes) : "memory";
    }
    ret_list->count = reason ? 0 : 1;
    if (!reason)
        return;
    ret_list->reason = reason;
    ret_list->reading =
        bytes_equal(bytes_of(reason), BYTES("memory")) ? ADDRESS_UNPARSABLE : ADDRESS_AMBIGUOUS;
}

bool address_parse_plain(struct arena *arena, struct bytes text, struct mailbox *ret_mailbox)
{
    *ret_mailbox = (struct mailbox){0};
    if (!text.len || text.data[0] != '@')
        return !read_alone(arena, text, ret_mailbox);
    ret_mailbox->raw = text;
    if (!address_normalise_domain(arena, bytes_slice(text, 1, text.len), &ret_mailbox->domain))
        return false;
    struct bytes domain = ret_mailbox->domain;
    const char *address = arena_printf(arena, "@%.*s", (int)domain.len, domain.data);
    ret_mailbox->address = bytes_of(address);
    return address != NULL;
}

bool address_same(const struct mailbox *a, const struct mailbox *b)
{
    return bytes_equal(a->domain, b->domain) && bytes_equal_nocase(a->local, b->local);
}
