/* Every address that Sendmail could write instead of what came, see the header. */
#include "policy/rewriting.h"

#include <string.h>

#include "policy/address_form_token.h"
#include "policy/domain_in.h"

/* Its limits are 255 bytes for a mailbox and for a token, and 1250 for the tokens of one, a NUL
 * behind each. */
#define CUT_FROM 240
#define TOKEN_SPLITS_FROM 200
#define OVERFLOWS_FROM 1200

struct marking {
    char *bare, *plain;
    size_t comments, angles; /* that are open */
    bool quoted, escaped, repaired;
};

static void mark(struct marking *marking, size_t at, char byte, char plain)
{
    marking->bare[at] = byte;
    marking->plain[at] = plain;
}

static void mark_bracket(struct marking *marking, size_t at, char byte)
{
    size_t *open = byte == '(' || byte == ')' ? &marking->comments : &marking->angles;
    bool opens = byte == '(' || byte == '<';
    bool stray = !opens && !*open;
    bool shown = open == &marking->angles && !stray;
    if (opens)
        ++*open;
    else if (!stray)
        --*open;
    marking->repaired |= stray;
    mark(marking, at, shown ? byte : ' ', shown ? byte : ' ');
}

static void mark_byte(struct marking *marking, size_t at, char byte)
{
    bool escaped = marking->escaped;
    marking->escaped = false;
    if (byte == '\\' && !escaped) {
        marking->escaped = true;
        marking->repaired |= !marking->quoted && !marking->comments;
        mark(marking, at, marking->comments ? ' ' : byte, marking->comments ? ' ' : byte);
    } else if (marking->comments) {
        mark(marking, at, ' ', ' ');
        if (!escaped && (byte == '(' || byte == ')'))
            mark_bracket(marking, at, byte);
    } else if (byte == '"' && !escaped) {
        marking->quoted = !marking->quoted;
        mark(marking, at, byte, 'q');
    } else if (marking->quoted) {
        mark(marking, at, byte, 'q');
    } else if (escaped && byte != ',' && byte != '!') { /* which count all the same */
        mark(marking, at, byte, form_is_blank(byte) ? ' ' : 'q');
    } else if (strchr("()<>", byte) && byte) {
        mark_bracket(marking, at, byte);
    } else {
        mark(marking, at, byte, byte);
    }
}

bool rewriting_of(struct arena *arena, struct bytes text, struct rewriting *ret)
{
    struct marking marking = {
        .bare = arena_alloc(arena, text.len),
        .plain = arena_alloc(arena, text.len),
    };
    if (!marking.bare || !marking.plain)
        return false;
    for (size_t at = 0; at < text.len; at++)
        mark_byte(&marking, at, text.data[at]);
    *ret = (struct rewriting){
        .text = text,
        .bare = {marking.bare, text.len},
        .plain = {marking.plain, text.len},
        .repaired = marking.repaired || marking.quoted || marking.comments || marking.angles,
    };
    return true;
}

/* What stands between two commas, and in it what is taken for the address. */
struct element {
    size_t from, to;
    size_t address, address_end;
};

static bool next_element(const struct rewriting *rewriting, size_t *at, struct element *ret)
{
    struct bytes plain = rewriting->plain;
    if (*at >= plain.len)
        return false;
    size_t from = *at;
    size_t to = from + bytes_find(bytes_slice(plain, from, plain.len), ',');
    *ret = (struct element){from, to, from, to};
    for (size_t i = from; i < to; i++)
        if (plain.data[i] == '<') {
            ret->address = i + 1;
            ret->address_end = i + bytes_find(bytes_slice(plain, i, to), '>');
        }
    *at = to + 1;
    return true;
}

/* Its tokens take too many bytes, or one does where no angle brackets hold the address. A quoted
 * string is a token, and so is an operator; bytes from 0x80 to 0x9f count twice. */
static bool overflows(const struct rewriting *rewriting, const struct element *element)
{
    size_t size = 0;
    size_t atom = 0;
    size_t longest = 0;
    for (size_t i = element->from; i < element->to; i++) {
        char byte = rewriting->plain.data[i];
        bool blank = form_is_blank(byte);
        bool is_operator = byte && strchr(".:%@!^/[]+()<>,;", byte);
        size_t bytes = (rewriting->text.data[i] & 0xe0) == 0x80 ? 2 : 1;
        size += blank ? 0 : bytes;
        size += !blank && (is_operator || !atom) ? 1 : 0;
        size += rewriting->bare.data[i] == '"';
        atom = blank || is_operator ? 0 : atom + bytes;
        longest = atom > longest ? atom : longest;
    }
    return size >= OVERFLOWS_FROM ||
           (longest >= TOKEN_SPLITS_FROM && element->address == element->from);
}

/* Two more for the quotation marks that it puts around each run of a name. */
static bool is_cut(const struct rewriting *rewriting, const struct element *element)
{
    size_t size = element->to - element->from + 2;
    for (size_t i = element->from; i < element->to; i++)
        size += rewriting->text.data[i] == '(' || rewriting->text.data[i] == '"' ? 2 : 0;
    return size >= CUT_FROM;
}

bool rewriting_cuts(const struct rewriting *rewriting)
{
    struct element element;
    for (size_t at = 0; next_element(rewriting, &at, &element);)
        if (is_cut(rewriting, &element))
            return true;
    return false;
}

bool rewriting_overflows(const struct rewriting *rewriting)
{
    struct element element;
    for (size_t at = 0; next_element(rewriting, &at, &element);)
        if (overflows(rewriting, &element))
            return true;
    return false;
}

/* Behind an at or a percent sign, or before an exclamation mark. */
static bool names(struct bytes text, struct bytes domain, unsigned flags)
{
    flags |= DOMAIN_IN_SENDMAIL;
    if (domain_in(text, domain, flags))
        return true;
    for (size_t from = 0, at = 0; at < text.len; at++) {
        if (text.data[at] == '!' &&
            domain_in(bytes_slice(text, from, at), domain, flags | DOMAIN_IN_FROM_START))
            return true;
        if (text.data[at] && strchr("!@%<:;,", text.data[at]))
            from = at + 1;
    }
    return false;
}

bool rewriting_names(const struct rewriting *rewriting, struct bytes domain, bool below)
{
    struct element element;
    unsigned flags = below ? DOMAIN_IN_BELOW : 0;
    if (rewriting->repaired && names(rewriting->text, domain, flags))
        return true;
    for (size_t at = 0; next_element(rewriting, &at, &element);) {
        struct bytes address = bytes_slice(rewriting->bare, element.address, element.address_end);
        if (names(address, domain, flags))
            return true;
        if (is_cut(rewriting, &element) &&
            names(bytes_slice(rewriting->bare, element.from, element.to), domain,
                  flags | DOMAIN_IN_CUT))
            return true;
    }
    return false;
}

/* Colons in node::user, in <> and in [IPv6:2001:db8::1] end no group's name. */
static bool may_lack_prefix(struct bytes address, bool in_angles)
{
    return in_angles || bytes_find_nocase(address, BYTES("::")) < address.len;
}

static bool is_ipv6(struct bytes address)
{
    return bytes_find_nocase(address, BYTES("[IPv6:")) < address.len &&
           address.data[address.len - 1] == ']';
}

static bool is_passed_over(char byte)
{
    return !byte || strchr(" \t\r\n.;>[]\\", byte);
}

/* Domains instead of which, or behind which, it puts its own name. */
static bool is_replaced(struct bytes domain)
{
    while (domain.len && is_passed_over(domain.data[0]))
        domain = bytes_slice(domain, 1, domain.len);
    while (domain.len && is_passed_over(domain.data[domain.len - 1]))
        domain.len--;
    return bytes_equal_nocase(domain, BYTES("localhost")) ||
           bytes_end_with_nocase(domain, BYTES("UUCP"));
}

/* host.domain!user; without a dot the host is not taken for one. */
static bool is_bang_path(struct bytes address)
{
    size_t bang = bytes_find(address, '!');
    size_t dot = bang;
    if (bang == address.len || !bytes_trim(bytes_slice(address, bang + 1, address.len)).len)
        return false;
    struct bytes host = bytes_trim(bytes_slice(address, 0, bang));
    if (host.len && host.data[host.len - 1] == '.')
        return false;
    if (address.data[address.len - 1] == '\\') /* it is dropped, and may be all that there is */
        return false;
    for (size_t i = 1; i + 1 < host.len; i++)
        if (host.data[i] == '.')
            dot = i;
    return dot < bang && bytes_find(bytes_slice(host, dot, host.len), ' ') == host.len - dot;
}

static bool has(struct bytes text, char byte)
{
    return bytes_find(text, byte) < text.len;
}

/* The first that applies: user@domain, host!user, user%domain. */
static bool lacks_domain(struct bytes address)
{
    size_t behind = address.len; /* the last sign */
    address = bytes_trim(address);
    if (!address.len)
        return false;
    if (bytes_equal(address, BYTES("@")))
        return true;
    bool whole = has(bytes_slice(address, 1, address.len - 1), '@');
    if (!whole && has(address, '!'))
        return !is_bang_path(address);
    for (size_t i = 0; i < address.len; i++)
        if (address.data[i] == '@' || (!whole && address.data[i] == '%'))
            behind = i + 1;
    return !(whole || has(address, '%') || has(address, '@')) ||
           is_replaced(bytes_slice(address, behind, address.len));
}

/* A group's name, or a route, may stand before it. */
static bool is_completed(struct bytes address, bool in_angles)
{
    address = bytes_trim(address);
    while (address.len && address.data[address.len - 1] == ';')
        address = bytes_trim(bytes_slice(address, 0, address.len - 1));
    size_t colon = bytes_find(address, ':');
    size_t last = address.len;
    if (colon == address.len || is_ipv6(address))
        return lacks_domain(address);
    while (address.data[last - 1] != ':')
        last--;
    return lacks_domain(bytes_slice(address, colon + 1, address.len)) ||
           lacks_domain(bytes_slice(address, last, address.len)) ||
           (may_lack_prefix(address, in_angles) && lacks_domain(address));
}

bool rewriting_completes(const struct rewriting *rewriting)
{
    struct element element;
    for (size_t at = 0; next_element(rewriting, &at, &element);)
        if (is_completed(bytes_slice(rewriting->plain, element.address, element.address_end),
                         element.address > element.from))
            return true;
    return rewriting_overflows(rewriting);
}
