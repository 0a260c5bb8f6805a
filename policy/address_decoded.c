/* The name as those see it who decode first and parse then, as many programs do by mistake. */
#include <string.h>

#include "policy/address_name.h"

#define OWN_MAX 10 /* times that a name may show its own address */

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static bool is_one_of(char byte, const char *set)
{
    return byte && strchr(set, byte);
}

/* Ends a word. */
static bool is_end(char byte)
{
    return is_blank(byte) || is_one_of(byte, "\"<>(),;:[]");
}

static size_t skip_back(struct bytes text, size_t at)
{
    while (at && is_blank(text.data[at - 1]))
        at--;
    return at;
}

static size_t skip(struct bytes text, size_t at)
{
    while (at < text.len && is_blank(text.data[at]))
        at++;
    return at;
}

static bool is_own(struct arena *arena, struct bytes word, const struct mailbox *mailbox)
{
    struct mailbox shown;
    if (word.len > 2 && word.data[0] == '\'' && word.data[word.len - 1] == '\'')
        word = bytes_slice(word, 1, word.len - 1); /* as Outlook writes own addresses */
    return address_parse_plain(arena, word, &shown) && address_same(&shown, mailbox);
}

/* A word in brackets or parentheses of its own, or with nothing beside it that some readers, who
 * drop blanks and comments, would join to it. in_quotes: a quoted string is open where it stands.
 */
static bool stands_alone(struct bytes text, size_t from, size_t to, bool in_quotes)
{
    from = skip_back(text, from);
    to = skip(text, to);
    char before = from ? text.data[from - 1] : ',';
    char behind = to < text.len ? text.data[to] : ',';
    if ((before == '<' && behind == '>') || (before == '(' && behind == ')') ||
        (before == '[' && behind == ']'))
        return true;
    const char *apart = in_quotes ? "\",;:" : ",;:";
    return is_one_of(before, apart) && is_one_of(behind, apart) &&
           bytes_find(text, '(') == text.len && bytes_find(text, ')') == text.len;
}

/* Blanks, comments or quotes stand beside the sign: some readers drop them, and those in the domain
 * too. "Alice @ ACME" gives no domain that anybody could own. Signs before looked_to lie in what
 * was looked through for one before them: where that joins to nothing, neither does what is behind
 * these. */
static bool joins_to_address(struct bytes text, size_t sign, size_t *looked_to)
{
    size_t before = skip_back(text, sign);
    if (sign < *looked_to || !before || is_one_of(text.data[before - 1], "<(,;:["))
        return false;
    bool letter = false;
    bool dot = false;
    bool in_comment = false; /* what is quoted there divides nothing */
    size_t at = sign + 1;
    for (; at < text.len; at++) {
        if (is_blank(text.data[at]))
            continue;
        in_comment = text.data[at] == '(' || (in_comment && text.data[at] != ')');
        if (!in_comment && is_one_of(text.data[at], "\"<>,;:@"))
            break;
        if (dot || text.data[at] == '[')
            return true;
        dot = letter && text.data[at] == '.';
        letter = true;
    }
    *looked_to = at;
    return false;
}

static bool has_other_address(struct arena *arena, struct bytes text, const struct mailbox *mailbox)
{
    unsigned own = 0;
    size_t looked_to = 0;
    bool in_quotes = false;
    for (size_t sign = 0; sign < text.len; sign++) {
        in_quotes ^= text.data[sign] == '"';
        if (text.data[sign] != '@')
            continue;
        size_t from = sign;
        size_t to = sign + 1;
        while (from && !is_end(text.data[from - 1]))
            from--;
        while (to < text.len && !is_end(text.data[to]))
            to++;
        bool whole = from < sign && to > sign + 1;
        if (whole && ++own > OWN_MAX)
            return true;
        if (whole ? !stands_alone(text, from, to, in_quotes) ||
                        !is_own(arena, bytes_slice(text, from, to), mailbox)
                  : joins_to_address(text, sign, &looked_to))
            return true;
        sign = to - 1;
    }
    return false;
}

static size_t count(struct bytes text, char byte)
{
    size_t found = 0;
    for (size_t i = 0; i < text.len; i++)
        found += text.data[i] == byte;
    return found;
}

static bool produces(struct bytes shown, struct bytes decoded, char byte)
{
    return count(shown, byte) != count(decoded, byte);
}

static bool is_balanced(struct bytes text)
{
    size_t depth = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == ')' && depth-- == 0)
            return false;
        depth += text.data[i] == '(';
    }
    return depth == 0;
}

/* Brackets are harmless only around the own address once more: some readers join what stands in two
 * pairs of them. */
static bool brackets_own(struct arena *arena, struct bytes text, const struct mailbox *mailbox)
{
    while (bytes_find(text, '<') < text.len || bytes_find(text, '>') < text.len) {
        size_t opens = bytes_find(text, '<');
        size_t closes = bytes_find(text, '>');
        if (opens >= closes || closes == text.len ||
            !is_own(arena, bytes_slice(text, opens + 1, closes), mailbox))
            return false;
        text = bytes_slice(text, closes + 1, text.len);
    }
    return true;
}

struct pair {
    const char *opens, *closes, *both;
};

/* The one that the other does not answer. */
static const char *unanswered(struct bytes text, const struct pair *pair)
{
    size_t opened = count(text, *pair->opens);
    size_t closed = count(text, *pair->closes);
    return opened > closed ? pair->opens : opened < closed ? pair->closes : pair->both;
}

/* The special that decoding brings out and that could take more into a quoted string, a comment or
 * brackets, or less, than stands in them before it; NULL where there is none. */
static const char *shifts_structure(struct arena *arena, const struct address_name *name,
                                    struct bytes shown, struct bytes decoded,
                                    const struct mailbox *mailbox)
{
    static const struct pair round = {"(", ")", "( and )"};
    static const struct pair angle = {"<", ">", "< and >"};
    if (produces(shown, decoded, '\\'))
        return "\\";
    bool parentheses = produces(shown, decoded, '(') || produces(shown, decoded, ')');
    bool brackets = produces(shown, decoded, '<') || produces(shown, decoded, '>');
    if (produces(shown, decoded, '"')) {
        bool shifts = name->has_quoted || name->has_comment || parentheses || brackets ||
                      count(decoded, '"') % 2;
        return shifts ? "\"" : NULL;
    }
    if (parentheses && (name->has_comment || !is_balanced(decoded)))
        return unanswered(decoded, &round);
    return brackets && !brackets_own(arena, decoded, mailbox) ? unanswered(decoded, &angle) : NULL;
}

const char *address_name_check_decoded(struct arena *arena, struct address_name *name,
                                       struct bytes shown, struct bytes decoded,
                                       const struct mailbox *mailbox)
{
    const char *reason = NULL;
    if (has_other_address(arena, decoded, mailbox))
        reason = "encoded-address";
    else if ((name->special = shifts_structure(arena, name, shown, decoded, mailbox)))
        reason = "encoded-special";
    return reason && arena_failed(arena) ? "memory" : reason;
}
