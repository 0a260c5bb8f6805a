/* A parser for JSON, in place in a copy of the text. */
#include "gate/json_tree.h"

#include <string.h>
#include <unistr.h>

struct parser {
    char *begin, *at, *end; /* *end is a NUL */
    struct arena *arena;
    struct error *error;
};

static bool read_value(struct parser *parser, struct json_tree *ret_tree, int depth);

static bool fail(const struct parser *parser, const char *expected)
{
    return error_set(parser->error, "it is no JSON: expected %s at byte %zu", expected,
                     (size_t)(parser->at - parser->begin) + 1);
}

static void skip_blanks(struct parser *parser)
{
    while (*parser->at == ' ' || *parser->at == '\t' || *parser->at == '\n' || *parser->at == '\r')
        parser->at++;
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool read_hex(const char *at, const char *end, unsigned *ret_number)
{
    *ret_number = 0;
    if (end - at < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        char byte = bytes_lower(at[i]);
        if (is_digit(byte))
            *ret_number = *ret_number << 4 | (unsigned)(byte - '0');
        else if (byte >= 'a' && byte <= 'f')
            *ret_number = *ret_number << 4 | (unsigned)(byte - 'a' + 10);
        else
            return false;
    }
    return true;
}

/* "\uXXXX", or two of them for what lies beyond. */
static bool read_character(struct parser *parser, char **out)
{
    unsigned high;
    unsigned low;
    if (!read_hex(parser->at, parser->end, &high))
        return fail(parser, "four hexadecimal digits");
    parser->at += 4;
    ucs4_t character = high;
    if (high >= 0xd800 && high < 0xdc00) {
        if (parser->end - parser->at < 6 || parser->at[0] != '\\' || parser->at[1] != 'u' ||
            !read_hex(parser->at + 2, parser->end, &low) || low < 0xdc00 || low >= 0xe000)
            return fail(parser, "the second half of a character");
        parser->at += 6;
        character = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    }
    int len = u8_uctomb((uint8_t *)*out, character, 6);
    if (len < 1)
        return fail(parser, "a character of Unicode");
    *out += len;
    return true;
}

static bool read_escape(struct parser *parser, char **out)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char bytes[] = "\"\\/\b\f\n\r\t";
    char letter = *parser->at;
    const char *found = letter ? strchr(letters, letter) : NULL;
    if (letter == 'u') {
        parser->at++;
        return read_character(parser, out);
    }
    if (!found)
        return fail(parser, "an escape");
    parser->at++;
    *(*out)++ = bytes[found - letters];
    return true;
}

/* What is written over is never longer than what was read. */
static bool read_text(struct parser *parser, struct bytes *ret_text)
{
    char *begin = ++parser->at;
    char *out = begin;
    bool ascii = true;
    while (*parser->at != '"') {
        unsigned char byte = (unsigned char)*parser->at;
        if (byte < ' ')
            return fail(parser, "the end of a text");
        ascii &= byte < 0x80;
        parser->at++;
        if (byte != '\\')
            *out++ = (char)byte;
        else if (!read_escape(parser, &out))
            return false;
    }
    if (!ascii && u8_check((const uint8_t *)begin, (size_t)(out - begin)))
        return fail(parser, "UTF-8 before the end of a text");
    parser->at++;
    *out = '\0';
    *ret_text = (struct bytes){begin, (size_t)(out - begin)};
    return true;
}

static bool skip_digits(struct parser *parser)
{
    if (!is_digit(*parser->at))
        return fail(parser, "a digit");
    while (is_digit(*parser->at))
        parser->at++;
    return true;
}

static bool read_integer(const struct parser *parser, const char *at, int64_t *ret_integer)
{
    bool negative = *at == '-';
    int64_t integer = 0;
    for (at += negative; at < parser->at; at++)
        if (__builtin_mul_overflow(integer, 10, &integer) ||
            __builtin_sub_overflow(integer, *at - '0', &integer))
            return fail(parser, "a number of at most 64 bits");
    if (!negative && __builtin_sub_overflow((int64_t)0, integer, &integer))
        return fail(parser, "a number of at most 64 bits");
    *ret_integer = integer;
    return true;
}

static bool read_number(struct parser *parser, struct json_tree *ret_tree)
{
    const char *begin = parser->at;
    parser->at += *parser->at == '-';
    bool zero = *parser->at == '0';
    const char *digits = parser->at;
    if (!skip_digits(parser))
        return false;
    if (zero && parser->at - digits > 1)
        return fail(parser, "a number without a leading 0");
    ret_tree->type = JSON_TREE_INTEGER;
    if (*parser->at != '.' && *parser->at != 'e' && *parser->at != 'E')
        return read_integer(parser, begin, &ret_tree->integer);
    ret_tree->type = JSON_TREE_REAL;
    if (*parser->at == '.') {
        parser->at++;
        if (!skip_digits(parser))
            return false;
    }
    if (*parser->at != 'e' && *parser->at != 'E')
        return true;
    parser->at++;
    parser->at += *parser->at == '+' || *parser->at == '-';
    return skip_digits(parser);
}

static bool read_word(struct parser *parser, struct json_tree *ret_tree)
{
    static const struct {
        const char *word;
        size_t len;
        enum json_tree_type type;
    } words[] = {
        {"null", 4, JSON_TREE_NULL}, {"true", 4, JSON_TREE_TRUE}, {"false", 5, JSON_TREE_FALSE}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strncmp(parser->at, words[i].word, words[i].len) != 0)
            continue;
        parser->at += words[i].len;
        ret_tree->type = words[i].type;
        return true;
    }
    return fail(parser, "a value");
}

static bool read_name(struct parser *parser, struct bytes *ret_name)
{
    skip_blanks(parser);
    if (*parser->at != '"')
        return fail(parser, "a name in quotes");
    if (!read_text(parser, ret_name))
        return false;
    skip_blanks(parser);
    if (*parser->at != ':')
        return fail(parser, "a colon");
    parser->at++;
    return true;
}

/* Behind its bracket; close: the one that ends it. */
static bool read_items(struct parser *parser, struct json_tree *ret_tree, char close, int depth)
{
    struct json_tree **end = &ret_tree->first;
    parser->at++;
    ret_tree->first = NULL;
    ret_tree->count = 0;
    if (depth == JSON_TREE_DEPTH)
        return fail(parser, "fewer lists within lists");
    skip_blanks(parser);
    if (*parser->at == close) {
        parser->at++;
        return true;
    }
    for (;;) {
        struct json_tree *item = arena_alloc(parser->arena, sizeof *item);
        if (!item)
            return error_set(parser->error, "it needs more memory than one record may");
        *end = item;
        end = &item->next;
        ret_tree->count++;
        if (close == '}' && !read_name(parser, &item->name))
            return false;
        if (!read_value(parser, item, depth + 1))
            return false;
        skip_blanks(parser);
        char byte = *parser->at;
        if (byte != ',' && byte != close)
            return fail(parser, close == '}' ? "a comma or a closing brace"
                                             : "a comma or a closing bracket");
        parser->at++;
        if (byte == close)
            return true;
    }
}

static bool read_value(struct parser *parser, struct json_tree *ret_tree, int depth)
{
    skip_blanks(parser);
    switch (*parser->at) {
    case '"':
        ret_tree->type = JSON_TREE_TEXT;
        return read_text(parser, &ret_tree->text);
    case '{':
        ret_tree->type = JSON_TREE_OBJECT;
        return read_items(parser, ret_tree, '}', depth);
    case '[':
        ret_tree->type = JSON_TREE_LIST;
        return read_items(parser, ret_tree, ']', depth);
    case '-':
        return read_number(parser, ret_tree);
    default:
        return is_digit(*parser->at) ? read_number(parser, ret_tree) : read_word(parser, ret_tree);
    }
}

bool json_tree_parse(struct bytes text, struct arena *arena, struct json_tree **ret_tree,
                     struct error *error)
{
    char *copy = arena_text(arena, text);
    struct json_tree *tree = arena_alloc(arena, sizeof *tree);
    if (!copy || !tree)
        return error_set(error, "it needs more memory than one record may");
    struct parser parser = {copy, copy, copy + text.len, arena, error};
    if (!read_value(&parser, tree, 0))
        return false;
    skip_blanks(&parser);
    if (parser.at != parser.end)
        return fail(&parser, "nothing more");
    *ret_tree = tree;
    return true;
}

const struct json_tree *json_tree_member(const struct json_tree *object, const char *name)
{
    if (!object || object->type != JSON_TREE_OBJECT)
        return NULL;
    size_t len = strlen(name);
    for (const struct json_tree *member = object->first; member; member = member->next)
        if (member->name.len == len && memcmp(member->name.data, name, len) == 0)
            return member;
    return NULL;
}
