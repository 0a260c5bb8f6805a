/* Cutting the result of a pattern rule into texts and groups. */
#include "tables/pcre_result.h"

#include <stdlib.h>
#include <string.h>

#define GROUP_MAX 65535 /* PCRE2's own */

struct parser {
    struct pcre_part *parts;
    size_t count;
    size_t capacity;
};

static bool add(struct parser *parser, struct pcre_part part, struct error *error)
{
    if (parser->count == parser->capacity) {
        size_t capacity = parser->capacity * 2 + 4;
        struct pcre_part *grown = reallocarray(parser->parts, capacity, sizeof *grown);
        if (!grown)
            return error_set(error, "out of memory");
        parser->parts = grown;
        parser->capacity = capacity;
    }
    parser->parts[parser->count++] = part;
    return true;
}

static bool is_name_byte(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') || byte == '_';
}

/* The name in braces or parentheses that text begins with. */
static bool bracketed(const char *text, struct bytes *ret_name)
{
    char open = text[0];
    char close = open == '(' ? ')' : '}';
    size_t depth = 0;
    for (size_t i = 0; text[i]; i++) {
        if (text[i] == open)
            depth++;
        else if (text[i] == close && --depth == 0) {
            *ret_name = (struct bytes){text + 1, i - 1};
            return true;
        }
    }
    return false;
}

/* What follows a $: sets the group and moves behind it. */
static bool parse_group(const char **text, uint32_t *ret_group, struct error *error)
{
    struct bytes name = {*text, 0};
    const char *next;
    if (**text == '(' || **text == '{') {
        if (!bracketed(*text, &name))
            return error_set(error, "\"$%.50s\" is not closed", *text);
        next = name.data + name.len + 1;
    } else {
        while (is_name_byte(name.data[name.len]))
            name.len++;
        next = name.data + name.len;
    }
    uint32_t group = 0;
    for (size_t i = 0; i < name.len && group <= GROUP_MAX; i++) {
        if (name.data[i] < '0' || name.data[i] > '9') {
            group = 0;
            break;
        }
        group = group * 10 + (uint32_t)(name.data[i] - '0');
    }
    if (!group || group > GROUP_MAX)
        return error_set(error,
                         "\"$%.50s\": a number from 1 on is expected after the $ ($$ for a $ as "
                         "such)",
                         *text);
    *ret_group = group;
    *text = next;
    return true;
}

static bool parse(struct parser *parser, char *text, uint32_t *ret_group, struct error *error)
{
    const char *at = text;
    char *literal = text; /* $$ shortens, so that texts can be written where they were read */
    char *literal_end = text;
    while (*at) {
        if (*at != '$' || at[1] == '$') {
            char byte = *at;
            at += byte == '$' ? 2 : 1;
            *literal_end++ = byte;
            continue;
        }
        at++;
        uint32_t group = 0;
        if (!parse_group(&at, &group, error))
            return false;
        struct bytes before = {literal, (size_t)(literal_end - literal)};
        if (before.len && !add(parser, (struct pcre_part){before, 0}, error))
            return false;
        if (!add(parser, (struct pcre_part){{NULL, 0}, group}, error))
            return false;
        if (group > *ret_group)
            *ret_group = group;
        literal = literal_end = text + (at - text);
    }
    struct bytes rest = {literal, (size_t)(literal_end - literal)};
    return !rest.len || add(parser, (struct pcre_part){rest, 0}, error);
}

bool pcre_result_parse(char *text, struct pcre_part **ret_parts, size_t *ret_count,
                       uint32_t *ret_group, struct error *error)
{
    struct parser parser = {NULL, 0, 0};
    *ret_group = 0;
    bool ok = parse(&parser, text, ret_group, error);
    *ret_parts = parser.parts;
    *ret_count = parser.count;
    return ok;
}
