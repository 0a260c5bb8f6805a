/* Lists of mailboxes as From and its like have them: taken apart only where every reader takes them
 * apart in the same way. */
#include "policy/address.h"

#include <string.h>

#include "policy/address_lex.h"
#include "policy/address_name.h"
#include "policy/address_spec.h"

#define MAILBOXES_MAX 100

/* One element of the list, as far as it has been read. */
struct element {
    struct arena *arena;
    struct address_lexer *lexer;
    struct address_spec angle, bare; /* <local@domain>; local@domain outside of brackets */
    bool has_angle, has_bare;
    size_t words; /* atoms and quoted strings, each half of the bare address counted */
    size_t comments;
    bool has_comment_that_goes_on; /* behind another one in it */
    struct address_name name;
    size_t bare_end; /* of the name, where the bare address in it ends */
    struct address_token last;
};

static const char *take_word(struct element *element, struct address_token token)
{
    if (element->has_angle) {
        struct address_token next = address_lex_peek(element->lexer);
        return address_token_is(next, '@') ? "address-beside-address" : "text-beside-address";
    }
    element->words++;
    address_name_add(&element->name, element->lexer, token);
    return NULL;
}

static const char *take_at(struct element *element, struct address_token token)
{
    struct address_token local = element->last;
    if (element->has_angle)
        return "address-beside-address";
    if (element->has_bare)
        return "two-addresses";
    if (element->words == 0)
        return element->comments ? "obsolete-space" : "empty-local";
    if (token.blank_before || (local.kind != TOKEN_ATOM && local.kind != TOKEN_QUOTED))
        return "obsolete-space";
    element->bare = (struct address_spec){.local = local};
    const char *reason = address_spec_read_domain(element->lexer, token, &element->bare);
    if (reason)
        return reason;
    element->has_bare = true;
    element->words++;
    address_name_add_text(&element->name, BYTES("@"));
    address_name_add(&element->name, element->lexer, element->bare.domain);
    element->bare_end = element->name.len;
    return NULL;
}

static bool begins_route(struct address_lexer lexer)
{
    struct address_token token;
    do
        token = address_lex_next(&lexer);
    while (token.kind == TOKEN_ATOM || address_token_is(token, '@') ||
           address_token_is(token, ','));
    return address_token_is(token, ':');
}

/* What must not be where an address has to begin, behind "<". */
static const char *check_angle_begin(struct address_lexer *lexer, struct address_token token)
{
    if (token.kind == TOKEN_BAD)
        return token.bad;
    if (token.kind == TOKEN_END)
        return "unbalanced";
    if (address_token_is(token, '<'))
        return "nested-angles";
    if (address_token_is(token, '>'))
        return "empty";
    if (address_token_is(token, '@'))
        return begins_route(*lexer) ? "route" : "empty-local";
    if (token.blank_before || token.kind == TOKEN_COMMENT)
        return "obsolete-space";
    return token.kind == TOKEN_SPECIAL ? "special" : NULL;
}

/* What stands where "@" or ">" has to be. */
static const char *name_surprise(struct address_token token)
{
    if (token.kind == TOKEN_BAD)
        return token.bad;
    if (token.kind == TOKEN_END)
        return "unbalanced";
    if (address_token_is(token, '<'))
        return "nested-angles";
    if (address_token_is(token, '\\'))
        return "quoted-pair";
    return token.blank_before || token.kind == TOKEN_COMMENT ? "obsolete-space" : "special";
}

static const char *take_angle(struct element *element)
{
    struct address_lexer *lexer = element->lexer;
    if (element->has_angle)
        return "two-addresses";
    struct address_token token = address_lex_next(lexer);
    const char *reason = check_angle_begin(lexer, token);
    if (reason)
        return reason;
    element->angle = (struct address_spec){.local = token};
    token = address_lex_next(lexer);
    if (address_token_is(token, '>') && !token.blank_before)
        return "unqualified";
    if (!address_token_is(token, '@'))
        return name_surprise(token);
    reason = address_spec_read_domain(lexer, token, &element->angle);
    if (reason)
        return reason;
    token = address_lex_next(lexer);
    if (!address_token_is(token, '>') || token.blank_before)
        return name_surprise(token);
    element->has_angle = true;
    return NULL;
}

static const char *take_comment(struct element *element, struct address_token token)
{
    if (element->words == 0 && !element->has_angle)
        return "comment"; /* in front of all: some read it as part of the address */
    element->comments++;
    element->has_comment_that_goes_on |= token.goes_on;
    address_name_add(&element->name, element->lexer, token);
    return NULL;
}

static const char *take_special(struct element *element, struct address_token token)
{
    switch (token.special) {
    case '@':
        return take_at(element, token);
    case '<':
        return take_angle(element);
    case '>':
        return "unbalanced";
    case ':':
        return "group";
    case ';':
        return "separator";
    case '\\':
        return "quoted-pair";
    default:
        return "special";
    }
}

static const char *take(struct element *element, struct address_token token)
{
    switch (token.kind) {
    case TOKEN_BAD:
        return token.bad;
    case TOKEN_COMMENT:
        return take_comment(element, token);
    case TOKEN_SPECIAL:
        return take_special(element, token);
    default:
        return take_word(element, token);
    }
}

/* The display name, or where there is only a lone comment, what stands in it. */
static struct bytes display_name(const struct element *element)
{
    struct bytes name = {element->name.text, element->name.len};
    bool nameless = !element->has_angle || !element->words;
    if (!element->has_angle)
        name = bytes_trim(bytes_slice(name, element->bare_end, name.len));
    if (nameless && element->comments == 1)
        name = bytes_slice(name, 1, name.len - 1);
    return name;
}

/* The address of the element, now that its end has come. */
static const char *finish(struct element *element, struct mailbox *mailbox)
{
    if (!element->has_angle && !element->has_bare) {
        if (element->words == 0)
            return "empty";
        return element->words == 1 && element->last.kind == TOKEN_ATOM ? "unqualified"
                                                                       : "no-address";
    }
    if (!element->has_angle && element->words > 2)
        return "text-beside-address";
    if (!element->has_angle && element->has_comment_that_goes_on)
        return "nested"; /* for nodemailer it ends with the inner one: the rest joins the address */
    if (element->name.has_address && (element->words > 1 || element->comments) &&
        !element->has_bare)
        return "address-beside-address"; /* some readers look into the quotes then */
    const struct address_spec *spec = element->has_angle ? &element->angle : &element->bare;
    const char *reason = address_spec_finish(element->arena, element->lexer, spec, mailbox);
    if (reason)
        return reason;
    if (element->has_angle && element->has_bare) {
        struct mailbox beside;
        if (element->words > 2 || element->comments)
            return "address-beside-address";
        reason = address_spec_finish(element->arena, element->lexer, &element->bare, &beside);
        if (reason)
            return reason;
        if (!address_same(&beside, mailbox))
            return "address-beside-address";
    }
    return address_name_finish(element->arena, &element->name, display_name(element), mailbox);
}

/* Reads up to a comma or the end, which ret_end is, into the list's next mailbox. */
static const char *read_element(struct arena *arena, struct address_lexer *lexer, char *room,
                                struct address_list *list, struct address_token *ret_end)
{
    struct element element = {.arena = arena, .lexer = lexer, .name = {.text = room}};
    struct mailbox *mailbox = &list->mailboxes[list->count];
    size_t from = address_lex_peek(lexer).from;
    for (;;) {
        struct address_token token = address_lex_next(lexer);
        *ret_end = token;
        if (token.kind == TOKEN_END || address_token_is(token, ','))
            break;
        const char *reason = take(&element, token);
        if (reason)
            return reason;
        element.last = token;
    }
    const char *reason = finish(&element, mailbox);
    list->special = element.name.special;
    mailbox->raw = bytes_trim(bytes_slice(lexer->text, from, ret_end->from));
    return reason;
}

static bool has_no_mailbox(const char *reason)
{
    static const char *const words[] = {"empty", "no-address", "memory", "empty-local",
                                        "empty-domain"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcmp(reason, words[i]))
            return true;
    return false;
}

static void refuse(struct address_list *list, const char *reason)
{
    list->reason = reason;
    list->reading = has_no_mailbox(reason) ? ADDRESS_UNPARSABLE : ADDRESS_AMBIGUOUS;
}

static size_t count_commas(struct bytes text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += text.data[i] == ',';
    return count;
}

void address_parse_list(struct arena *arena, struct bytes value, struct address_list *ret_list)
{
    *ret_list = (struct address_list){0};
    const char *reason = address_lex_check(value);
    if (reason) {
        refuse(ret_list, reason);
        return;
    }
    size_t room = count_commas(value) + 1;
    if (room > MAILBOXES_MAX)
        room = MAILBOXES_MAX;
    ret_list->mailboxes = arena_alloc(arena, room * sizeof *ret_list->mailboxes);
    char *name_room = arena_alloc(arena, value.len);
    if (!ret_list->mailboxes || !name_room) {
        refuse(ret_list, "memory");
        return;
    }
    struct address_lexer lexer;
    struct address_token end;
    address_lex_init(&lexer, value);
    do {
        if (ret_list->count == MAILBOXES_MAX) {
            refuse(ret_list, "too-many");
            return;
        }
        reason = read_element(arena, &lexer, name_room, ret_list, &end);
        if (reason) {
            bool among_others = ret_list->count || address_token_is(end, ',');
            refuse(ret_list, !strcmp(reason, "empty") && among_others ? "empty-element" : reason);
            return;
        }
        ret_list->count++;
    } while (end.kind != TOKEN_END);
}
