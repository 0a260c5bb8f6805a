/* All readings of an address's domain at once: which bytes of the domain may have been read so far
 * is a set, as in a search by bits. */
#include "policy/domain_in.h"

#include <idn2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>

#include "policy/mention.h"

#define DOMAIN_MAX 255
#define WORDS 4

struct set {
    uint64_t words[WORDS]; /* bit n: n bytes of the domain have been read */
};

/* What stands before the domain, where domains below it count. */
enum below { NOT_BELOW, BEGINS_LABEL, IN_LABEL, BEHIND_LABEL };

struct search {
    struct bytes domain;
    unsigned flags;
    struct set reads[256]; /* by byte: bit n where the domain's byte n is it */
    struct set read, read_before_comment;
    enum below below, below_before_comment;
};

static bool is_label(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' ||
           byte == '_' || (unsigned char)byte >= 0x80;
}

static bool is_passed_over(char byte)
{
    return byte && strchr(" '\"\\<>[])", byte);
}

static void add(struct set *set, const struct set *other)
{
    for (size_t i = 0; i < WORDS; i++)
        set->words[i] |= other->words[i];
}

static void begin(struct search *search)
{
    search->read.words[0] |= 1;
}

static void forget(struct search *search)
{
    search->read = (struct set){{0}};
    search->below = NOT_BELOW;
}

static bool is_whole(const struct search *search, struct bytes text, size_t at)
{
    size_t len = search->domain.len;
    if (!(search->read.words[len / 64] >> len % 64 & 1))
        return false;
    if (search->flags & DOMAIN_IN_CUT)
        return true;
    /* Regular expressions end an address where ASCII letters and digits do. */
    while (at < text.len && (text.data[at] == '.' || text.data[at] == '-'))
        at++;
    return at == text.len || !is_label(text.data[at]) || (unsigned char)text.data[at] >= 0x80;
}

/* The set as it is behind a byte. */
static struct set advanced(const struct search *search, char byte)
{
    const struct set *reads = &search->reads[(unsigned char)byte];
    struct set behind = {{0}};
    uint64_t carry = 0;
    for (size_t i = 0; i < WORDS; i++) {
        uint64_t word = search->read.words[i] & reads->words[i];
        behind.words[i] = word << 1 | carry;
        carry = word >> 63;
    }
    return behind;
}

static void take(struct search *search, char byte)
{
    search->read = advanced(search, byte);
    if (byte == '.' && search->below != NOT_BELOW) {
        search->below = BEGINS_LABEL;
        begin(search);
    } else if (byte != '.') {
        search->below =
            search->below == BEGINS_LABEL || search->below == IN_LABEL ? IN_LABEL : NOT_BELOW;
    }
}

/* A blank and whatever else could be what some reader ends a comment at. */
static void pass_over(struct search *search)
{
    if (search->below == IN_LABEL)
        search->below = BEHIND_LABEL;
    add(&search->read, &search->read_before_comment);
    if (search->below == NOT_BELOW)
        search->below = search->below_before_comment;
    if (!(search->flags & DOMAIN_IN_SENDMAIL))
        return;
    struct set behind_dot = advanced(search, '.');
    add(&search->read, &behind_dot);
    if (search->below != NOT_BELOW) {
        search->below = BEGINS_LABEL;
        begin(search);
    }
}

static void begin_comment(struct search *search)
{
    pass_over(search);
    search->read_before_comment = search->read;
    search->below_before_comment = search->below;
}

static void begin_domain(struct search *search)
{
    forget(search);
    begin(search);
    search->below = search->flags & DOMAIN_IN_BELOW ? BEGINS_LABEL : NOT_BELOW;
}

bool domain_in(struct bytes text, struct bytes domain, unsigned flags)
{
    struct search search = {.domain = domain, .flags = flags};
    if (!domain.len || domain.len > DOMAIN_MAX)
        return false;
    for (size_t i = 0; i < domain.len; i++)
        search.reads[(unsigned char)domain.data[i]].words[i / 64] |= UINT64_C(1) << i % 64;
    if (flags & DOMAIN_IN_FROM_START)
        begin_domain(&search);
    for (size_t at = 0; at < text.len; at++) {
        char byte = text.data[at];
        if (is_whole(&search, text, at))
            return true;
        if (byte == '@' || (byte == '%' && flags & DOMAIN_IN_SENDMAIL))
            begin_domain(&search);
        else if (byte == '(')
            begin_comment(&search);
        else if (is_passed_over(byte))
            pass_over(&search);
        else if (is_label(byte) || byte == '.')
            take(&search, byte);
        else
            forget(&search);
    }
    return is_whole(&search, text, text.len);
}

/* What is no UTF-8 becomes a blank: it would keep the rest from being folded. */
static bool make_utf8(struct arena *arena, struct bytes text, struct bytes *ret_text)
{
    char *copy = arena_text(arena, text);
    if (!copy)
        return false;
    const uint8_t *end = (const uint8_t *)copy + text.len;
    const uint8_t *at = (const uint8_t *)copy;
    while ((at = u8_check(at, (size_t)(end - at))))
        copy[at - (const uint8_t *)copy] = ' ';
    *ret_text = (struct bytes){copy, text.len};
    return true;
}

static bool lower(struct arena *arena, struct bytes text, struct bytes *ret_text)
{
    char *copy = arena_text(arena, text);
    for (size_t i = 0; copy && i < text.len; i++)
        copy[i] = bytes_lower(copy[i]);
    *ret_text = (struct bytes){copy, text.len};
    return copy;
}

bool domain_in_fold(struct arena *arena, struct bytes text, struct bytes *ret_folded)
{
    struct bytes seen;
    if (!make_utf8(arena, text, &text) || !mention_as_seen(arena, text, &seen))
        return false;
    if (bytes_are_ascii(seen))
        return lower(arena, seen, ret_folded);
    size_t len = 0;
    uint8_t *folded =
        u8_casefold((const uint8_t *)seen.data, seen.len, NULL, UNINORM_NFKC, NULL, &len);
    if (!folded) {
        arena_alloc(arena, SIZE_MAX); /* so that the arena remembers */
        return false;
    }
    *ret_folded = arena_bytes(arena, (struct bytes){(const char *)folded, len});
    free(folded);
    return ret_folded->data;
}

bool domain_in_fold_shown(struct arena *arena, const char *domain, struct bytes *ret_folded)
{
    char *shown = NULL;
    if (idn2_to_unicode_8z8z(domain, &shown, 0) != IDN2_OK)
        return domain_in_fold(arena, bytes_of(domain), ret_folded);
    bool done = domain_in_fold(arena, bytes_of(shown), ret_folded);
    idn2_free(shown);
    return done;
}
