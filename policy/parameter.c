/* Puts parameters together by name, decodes them, and notes what readers could read differently. */
#include "policy/parameter.h"

#include "policy/charset.h"
#include "policy/charset_unlisted.h"
#include "policy/encoded_word.h"
#include "policy/invisible.h"
#include "policy/parameter_part.h"

#define CHARSET_NAME_MAX 40 /* longer ones nobody decodes */
#define TREACHEROUS_MAX 4   /* no client names one */

struct parts {
    struct parameter_part *items;
    size_t count;
};

/* All parts of one name. */
struct gathered {
    const struct parameter_part *plain;     /* name= */
    const struct parameter_part *extended;  /* name*= */
    const struct parameter_part **numbered; /* name*0=, name*1*=, ... by number */
    size_t numbered_count;
    bool numbered_extended;
};

static void add_numbered(struct gathered *all, const struct parameter_part *part,
                         struct parameter *parameter)
{
    size_t at = all->numbered_count++;
    for (; at && all->numbered[at - 1]->number > part->number; at--)
        all->numbered[at] = all->numbered[at - 1];
    all->numbered[at] = part;
    all->numbered_extended |= part->extended;
    if (at && all->numbered[at - 1]->number == part->number)
        parameter->repeated = parameter->differs = true;
}

/* The same to all readers; what is in pairs or goes on behind blanks they take apart in several
 * ways. */
static bool is_same(const struct parameter_part *a, const struct parameter_part *b)
{
    return bytes_equal_nocase(a->value, b->value) && !a->malformed && !b->malformed &&
           !a->extended && (a->quoted == b->quoted || bytes_find(a->value, '\\') == a->value.len);
}

static void note_repeated(const struct parameter_part *first, const struct parameter_part *part,
                          struct parameter *parameter)
{
    parameter->repeated = true;
    parameter->differs |= !is_same(first, part);
    parameter->differs_in_case |= !bytes_equal(first->value, part->value);
}

static void gather(struct parts *parts, struct bytes name, struct gathered *all,
                   struct parameter *parameter)
{
    for (size_t i = 0; i < parts->count; i++) {
        struct parameter_part *part = &parts->items[i];
        if (part->taken || !bytes_equal_nocase(part->name, name))
            continue;
        part->taken = true;
        parameter->malformed |= part->malformed;
        if (part->number >= 0) {
            add_numbered(all, part, parameter);
            continue;
        }
        const struct parameter_part **first = part->extended ? &all->extended : &all->plain;
        if (*first)
            note_repeated(*first, part, parameter);
        else
            *first = part;
    }
    for (size_t i = 0; i < all->numbered_count; i++)
        parameter->malformed |= all->numbered[i]->number > (int)i;
    parameter->extended = all->extended || all->numbered_extended;
    parameter->plain = all->plain || (all->numbered_count && !all->numbered_extended);
    if (all->numbered_count && (all->extended || (all->plain && !all->numbered_extended)))
        parameter->repeated = parameter->differs = true;
}

static int hex_digit(char byte)
{
    byte = bytes_lower(byte);
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

static bool is_fold(struct bytes text, size_t at)
{
    return text.data[at] == '\r' ? at + 1 < text.len && text.data[at + 1] == '\n'
                                 : text.data[at] == '\n' && at + 1 < text.len;
}

/* Without pairs and folds, percent signs decoded where the part has them. */
static size_t unwrap(const struct parameter_part *part, struct bytes value, char *out,
                     struct parameter *parameter)
{
    size_t used = 0;
    for (size_t i = 0; i < value.len; i++) {
        char byte = value.data[i];
        if (is_fold(value, i))
            continue;
        if (byte == '\\' && part->quoted && i + 1 < value.len) {
            byte = value.data[++i];
        } else if (byte == '%' && part->extended) {
            int high = i + 2 < value.len ? hex_digit(value.data[i + 1]) : -1;
            int low = high >= 0 ? hex_digit(value.data[i + 2]) : -1;
            parameter->malformed |= low < 0;
            if (low >= 0) {
                byte = (char)(high * 16 + low);
                i += 2;
            }
        }
        out[used++] = byte;
    }
    return used;
}

/* "utf-8'en'text" to the charset; value becomes what is behind. */
static const struct charset *take_charset(struct bytes *value, struct parameter *parameter)
{
    size_t first = bytes_find(*value, '\'');
    struct bytes rest = bytes_slice(*value, first + 1, value->len);
    size_t second = bytes_find(rest, '\'');
    if (first == value->len || second == rest.len) {
        parameter->malformed = true;
        return charset_utf8();
    }
    struct bytes name = bytes_slice(*value, 0, first);
    const struct charset *charset = charset_find(name);
    parameter->odd_charset |= name.len && (!charset || charset_is_odd(charset));
    *value = bytes_slice(rest, second + 1, rest.len);
    return charset ? charset : charset_utf8();
}

static bool decode_plain(struct arena *arena, struct bytes raw, struct parameter *parameter,
                         struct bytes *ret_text)
{
    struct decoded_text decoded;
    if (!encoded_word_decode(arena, raw, &decoded))
        return false;
    parameter->had_words |= decoded.had_words;
    parameter->odd_charset |= decoded.odd_charset;
    parameter->malformed |= decoded.malformed;
    parameter->has_line_break |= decoded.has_line_break;
    parameter->has_nul |= decoded.has_nul;
    *ret_text = decoded.text;
    return true;
}

static bool decode_extended(struct arena *arena, const struct charset *charset, struct bytes raw,
                            struct bytes *ret_text)
{
    char *out = arena_alloc(arena, CHARSET_ROOM(raw.len));
    if (!out)
        return false;
    ret_text->data = out;
    return charset_decode(arena, charset, raw, out, &ret_text->len);
}

static void note_breaks(struct parameter *parameter, struct bytes text)
{
    struct invisible found;
    parameter->has_nul |= bytes_find(text, '\0') < text.len;
    parameter->has_line_break |= invisible_find(text, INVISIBLE_LINE_BREAK, &found);
}

/* What a reader finds who decodes the text by a charset of that name. */
static bool note_decoded(struct arena *arena, struct bytes name, struct bytes text,
                         struct parameter *parameter)
{
    const struct charset *charset = charset_find(name);
    struct bytes decoded;
    if (!charset) {
        parameter->has_line_break |= charset_unlisted_breaks(name, text);
        return true;
    }
    if (!decode_extended(arena, charset, text, &decoded))
        return false;
    parameter->has_line_break |= charset_breaks_otherwise(charset, text);
    note_breaks(parameter, decoded);
    return true;
}

/* Python's email joins all parts and takes their percent signs off before it looks for the
 * charset, and decodes by whatever name it knows. charset, len: of the text as others cut it.
 * joined: with what take_charset took off. */
static bool note_other_charset(struct arena *arena, const struct charset *charset, size_t len,
                               struct bytes joined, struct parameter *parameter)
{
    size_t first = bytes_find(joined, '\'');
    struct bytes rest = bytes_slice(joined, first + 1, joined.len);
    size_t second = bytes_find(rest, '\'');
    if (first == joined.len || second == rest.len)
        return true;
    struct bytes name = bytes_slice(joined, 0, first);
    struct bytes text = bytes_slice(rest, second + 1, rest.len);
    if (text.len == len && charset_find(name) == charset)
        return true;
    return note_decoded(arena, name, text, parameter);
}

/* The text of a parameter's parts, which are all of one kind. */
static bool decode(struct arena *arena, const struct parameter_part *const *parts, size_t count,
                   bool extended, struct parameter *parameter, struct bytes *ret_text)
{
    size_t room = 0;
    size_t used = 0;
    size_t begin = 0;
    const struct charset *charset = charset_utf8();
    for (size_t i = 0; i < count; i++)
        room += parts[i]->value.len;
    char *raw = arena_alloc(arena, room);
    if (!raw)
        return false;
    for (size_t i = 0; i < count; i++) {
        struct bytes value = parts[i]->value;
        if (i == 0 && parts[i]->extended) {
            charset = take_charset(&value, parameter);
            struct bytes taken = bytes_slice(parts[i]->value, 0, parts[i]->value.len - value.len);
            used = begin = unwrap(parts[i], taken, raw, parameter);
        }
        used += unwrap(parts[i], value, raw + used, parameter);
    }
    struct bytes whole = {raw + begin, used - begin};
    parameter->has_line_break |= extended && charset_breaks_otherwise(charset, whole);
    if (extended &&
        !note_other_charset(arena, charset, whole.len, (struct bytes){raw, used}, parameter))
        return false;
    return extended ? decode_extended(arena, charset, whole, ret_text)
                    : decode_plain(arena, whole, parameter, ret_text);
}

static struct bytes behind_last_dot(struct bytes text)
{
    size_t at = text.len;
    while (at && text.data[at - 1] != '.')
        at--;
    return bytes_slice(text, at, text.len);
}

/* Clients write the plain text with "?", "_" or plain letters for what ASCII lacks. */
static bool contradict(struct bytes plain, struct bytes extended)
{
    plain = bytes_trim(plain);
    extended = bytes_trim(extended);
    if (bytes_are_ascii(plain) && bytes_are_ascii(extended))
        return !bytes_equal(plain, extended);
    return !bytes_equal_nocase(behind_last_dot(plain), behind_last_dot(extended));
}

static bool put_together(struct arena *arena, struct parts *parts, struct bytes name,
                         struct gathered *all, struct parameter *parameter)
{
    *all = (struct gathered){.numbered = all->numbered};
    *parameter = (struct parameter){.name = name};
    gather(parts, name, all, parameter);
    struct bytes plain = {NULL, 0};
    struct bytes chain = {NULL, 0};
    bool has_chain = all->extended || all->numbered_count;
    if (all->plain && !decode(arena, &all->plain, 1, false, parameter, &plain))
        return false;
    if (all->extended && !decode(arena, &all->extended, 1, true, parameter, &chain))
        return false;
    if (!all->extended && all->numbered_count &&
        !decode(arena, all->numbered, all->numbered_count, all->numbered_extended, parameter,
                &chain))
        return false;
    note_breaks(parameter, plain);
    note_breaks(parameter, chain);
    parameter->text = has_chain ? chain : plain;
    parameter->contradictory = all->plain && has_chain && contradict(plain, chain);
    char *lower = arena_text(arena, name);
    for (size_t i = 0; lower && i < name.len; i++)
        lower[i] = bytes_lower(lower[i]);
    parameter->name.data = lower;
    return lower != NULL;
}

/* Where the name of a charset would begin that ends there. */
static size_t charset_begin(struct bytes text, size_t end)
{
    const struct bytes delimiters = BYTES(" \t;=\"'(");
    size_t at = end;
    while (at && end - at <= CHARSET_NAME_MAX &&
           bytes_find(delimiters, text.data[at - 1]) == delimiters.len)
        at--;
    return at;
}

/* Whether a reader may find a line break where others see text, or a percent sign. */
static bool is_treacherous(struct bytes name)
{
    const struct charset *charset = charset_find(name);
    return charset ? charset_is_odd(charset) : charset_unlisted_breaks(name, BYTES("\0\n%\\&\x8a"));
}

/* Each word before an apostrophe may be the charset of some reader's parameter, whose text stands
 * behind it, or before it where parts are joined in another order. */
static bool note_charsets(struct arena *arena, struct bytes text, struct parameter *found)
{
    size_t count = 0;
    for (size_t at = bytes_find(text, '\''); at < text.len && !found->has_line_break; at++) {
        size_t begin = text.data[at] == '\'' ? charset_begin(text, at) : at;
        struct bytes name = bytes_slice(text, begin, at);
        if (begin == at || !is_treacherous(name))
            continue;
        size_t second = at + 1 + bytes_find(bytes_slice(text, at + 1, text.len), '\'');
        if (second == text.len)
            continue;
        if (++count > TREACHEROUS_MAX)
            found->has_line_break = true; /* for all that is known: each costs a decoding */
        else if (!note_decoded(arena, name, bytes_slice(text, second + 1, text.len), found) ||
                 !note_decoded(arena, name, bytes_slice(text, 0, begin), found))
            return false;
    }
    return true;
}

static bool is_doubtful(const struct parameter_scanner *scanner, const struct parameter_list *list)
{
    bool doubtful = scanner->malformed || scanner->commented || list->too_many;
    for (size_t i = 0; i < list->count; i++)
        doubtful |= list->parameters[i].malformed || list->parameters[i].repeated;
    return doubtful;
}

/* Of parameters that readers may cut apart in other ways: what is decoded in any of them. Without
 * a star nobody decodes percent signs. */
static bool note_doubt(struct arena *arena, const struct parameter_scanner *scanner,
                       struct parameter_list *list)
{
    static const struct parameter_part whole = {.extended = true};
    struct parameter found = {.malformed = false};
    struct bytes value = bytes_trim(scanner->text);
    if (bytes_find(value, '*') == value.len || !is_doubtful(scanner, list))
        return true;
    char *raw = arena_alloc(arena, value.len);
    if (!raw)
        return false;
    struct bytes text = {raw, unwrap(&whole, value, raw, &found)};
    note_breaks(&found, text);
    if (!note_charsets(arena, text, &found))
        return false;
    list->has_line_break = found.has_line_break;
    list->has_nul = found.has_nul;
    return true;
}

/* Where readers may cut parameters apart in other ways no two are surely the same. */
static void doubt_repeated(struct parameter_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        list->parameters[i].differs |= list->parameters[i].repeated;
}

/* What stands before the first semicolon. */
static bool read_value(struct arena *arena, struct parameter_scanner *scanner,
                       struct bytes *ret_value)
{
    char *out = arena_alloc(arena, scanner->text.len);
    size_t used = 0;
    if (!out)
        return false;
    while (scanner->at < scanner->text.len && scanner->text.data[scanner->at] != ';') {
        if (scanner->text.data[scanner->at] == '(')
            parameter_skip_blanks(scanner);
        else
            out[used++] = scanner->text.data[scanner->at++];
    }
    *ret_value = bytes_trim((struct bytes){out, used});
    return true;
}

/* How many parts there can be, each with an equals sign, and the look for one more. */
static size_t most_parts(struct bytes value)
{
    size_t count = 1;
    for (size_t i = 0; i < value.len && count < PARAMETER_MAX; i++)
        count += value.data[i] == '=';
    return count;
}

bool parameter_parse(struct arena *arena, struct bytes value, struct parameter_list *ret_list)
{
    struct parameter_scanner scanner = {.text = value};
    size_t room = most_parts(value);
    struct parts parts = {.items = arena_alloc(arena, room * sizeof *parts.items)};
    struct gathered all = {.numbered = arena_alloc(arena, room * sizeof(void *))};
    *ret_list = (struct parameter_list){0};
    if (!parts.items || !all.numbered || !read_value(arena, &scanner, &ret_list->value))
        return false;
    while (parts.count < room && parameter_next(&scanner, &parts.items[parts.count]))
        parts.count++;
    struct parameter_part more;
    ret_list->too_many = parts.count == PARAMETER_MAX && parameter_next(&scanner, &more);
    ret_list->malformed = scanner.malformed;
    ret_list->parameters = arena_alloc(arena, parts.count * sizeof *ret_list->parameters);
    if (!ret_list->parameters)
        return false;
    for (size_t i = 0; i < parts.count; i++)
        if (!parts.items[i].taken && !put_together(arena, &parts, parts.items[i].name, &all,
                                                   &ret_list->parameters[ret_list->count++]))
            return false;
    if (scanner.malformed || scanner.commented || ret_list->too_many)
        doubt_repeated(ret_list);
    return note_doubt(arena, &scanner, ret_list);
}

const struct parameter *parameter_find(const struct parameter_list *list, struct bytes name)
{
    for (size_t i = 0; i < list->count; i++)
        if (bytes_equal_nocase(list->parameters[i].name, name))
            return &list->parameters[i];
    return NULL;
}
