/* Reading a pcre_table(5). */
#include "tables/pcre_rules.h"

#include <stdlib.h>
#include <string.h>

#include "tables/file.h"
#include "tables/lines.h"
#include "tables/pcre_result.h"

#define FILE_MAX ((size_t)16 << 20)
#define NO_RULE SIZE_MAX

struct reader {
    struct lines lines;
    struct line line;
    struct pcre_rules *rules;
    size_t open_if; /* the innermost IF that waits for its ENDIF; its endif is the next outer one */
};

struct expression {
    bool negated;
    char *text; /* NUL behind it */
    struct bytes written;
    uint32_t options;
};

static const struct {
    char letter;
    uint32_t option;
} flags[] = {
    {'i', PCRE2_CASELESS}, {'m', PCRE2_MULTILINE},
    {'s', PCRE2_DOTALL},   {'x', PCRE2_EXTENDED},
    {'A', PCRE2_ANCHORED}, {'E', PCRE2_DOLLAR_ENDONLY},
    {'U', PCRE2_UNGREEDY}, {'X', 0}, /* obsolete: passed over, as Postfix does */
};

static char *skip_blanks(char *text)
{
    while (lines_is_blank(*text))
        text++;
    return text;
}

static bool parse_flags(struct reader *reader, char **text, uint32_t *options, struct error *error)
{
    for (; **text && !lines_is_blank(**text); (*text)++) {
        size_t i = 0;
        while (i < sizeof flags / sizeof *flags && flags[i].letter != **text)
            i++;
        if (i == sizeof flags / sizeof *flags)
            return lines_error(&reader->lines, &reader->line, error,
                               "'%c' is no flag of a pattern: these are i, m, s, x, A, E and U",
                               **text);
        *options ^= flags[i].option;
    }
    return true;
}

/* !/pattern/flags; text is moved behind it. */
static bool parse_expression(struct reader *reader, char **text, struct expression *ret_expression,
                             struct error *error)
{
    char *at = *text;
    *ret_expression = (struct expression){.options = PCRE2_CASELESS | PCRE2_DOTALL};
    for (; *at == '!' || lines_is_blank(*at); at++)
        ret_expression->negated ^= *at == '!';
    if (!*at)
        return lines_error(&reader->lines, &reader->line, error, "a /pattern/ is expected");
    char delimiter = *at;
    char *start = at++;
    ret_expression->text = at;
    while (*at && *at != delimiter)
        at += *at == '\\' && at[1] ? 2 : 1;
    if (!*at)
        return lines_error(&reader->lines, &reader->line, error,
                           "the pattern's end is missing: another %c is expected", delimiter);
    ret_expression->written = (struct bytes){start, (size_t)(at - start)};
    *at = '\0';
    *text = at + 1;
    return parse_flags(reader, text, &ret_expression->options, error);
}

static bool compile(struct reader *reader, const struct expression *expression,
                    struct pcre_rule *rule, struct error *error)
{
    int code;
    PCRE2_SIZE offset;
    rule->negated = expression->negated;
    rule->pattern = expression->written;
    rule->code = pcre2_compile((PCRE2_SPTR)expression->text, PCRE2_ZERO_TERMINATED,
                               expression->options, &code, &offset, NULL);
    if (rule->code)
        return true;
    PCRE2_UCHAR why[200] = "";
    pcre2_get_error_message(code, why, sizeof why);
    return lines_error(&reader->lines, &reader->line, error, "\"%.100s\", character %zu: %s",
                       expression->text, (size_t)offset + 1, (const char *)why);
}

static bool parse_match(struct reader *reader, char *text, struct pcre_rule *rule,
                        struct error *error)
{
    struct expression expression;
    if (!parse_expression(reader, &text, &expression, error) ||
        !compile(reader, &expression, rule, error))
        return false;
    text = skip_blanks(text);
    if (!*text)
        return lines_error(&reader->lines, &reader->line, error,
                           "the pattern has no result: a text is expected behind it");
    uint32_t group;
    if (!pcre_result_parse(text, &rule->parts, &rule->part_count, &group, error))
        return error_prefix(error, "%s:%u: ", reader->lines.path, reader->line.number);
    if (group && expression.negated)
        return lines_error(&reader->lines, &reader->line, error,
                           "$%u stands for nothing, as the rule holds where its pattern doesn't",
                           group);
    uint32_t groups = 0;
    pcre2_pattern_info(rule->code, PCRE2_INFO_CAPTURECOUNT, &groups);
    if (group > groups)
        return lines_error(&reader->lines, &reader->line, error,
                           "$%u stands for nothing: the pattern has %u groups", group, groups);
    if (groups > reader->rules->group_max)
        reader->rules->group_max = groups;
    return true;
}

static bool parse_if(struct reader *reader, char *text, struct pcre_rule *rule, struct error *error)
{
    struct expression expression;
    text = skip_blanks(text);
    if (!parse_expression(reader, &text, &expression, error) ||
        !compile(reader, &expression, rule, error))
        return false;
    if (*skip_blanks(text))
        return lines_error(&reader->lines, &reader->line, error,
                           "nothing may follow the pattern of an if; lines between if and endif "
                           "do not begin with a blank");
    rule->endif = reader->open_if;
    reader->open_if = (size_t)(rule - reader->rules->rules);
    return true;
}

static bool parse_endif(struct reader *reader, char *text, struct pcre_rule *rule,
                        struct error *error)
{
    if (reader->open_if == NO_RULE)
        return lines_error(&reader->lines, &reader->line, error, "an endif without an if");
    if (*skip_blanks(text))
        return lines_error(&reader->lines, &reader->line, error, "nothing may follow endif");
    struct pcre_rule *beginning = &reader->rules->rules[reader->open_if];
    reader->open_if = beginning->endif;
    beginning->endif = (size_t)(rule - reader->rules->rules);
    return true;
}

static bool is_alphanumeric(char byte)
{
    byte = bytes_lower(byte);
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z');
}

static bool begins_with_word(struct bytes text, struct bytes word)
{
    return bytes_start_with_nocase(text, word) &&
           (text.len == word.len || !is_alphanumeric(text.data[word.len]));
}

static bool parse_rule(struct reader *reader, struct pcre_rule *rule, struct error *error)
{
    char *text = reader->line.text;
    struct bytes line = {text, reader->line.len};
    if (!is_alphanumeric(*text)) {
        rule->op = PCRE_MATCH;
        return parse_match(reader, text, rule, error);
    }
    if (begins_with_word(line, BYTES("if"))) {
        rule->op = PCRE_IF;
        return parse_if(reader, text + 2, rule, error);
    }
    if (begins_with_word(line, BYTES("endif"))) {
        rule->op = PCRE_ENDIF;
        return parse_endif(reader, text + 5, rule, error);
    }
    return lines_error(&reader->lines, &reader->line, error,
                       "/pattern/flags result, if /pattern/flags or endif is expected");
}

static struct pcre_rule *new_rule(struct pcre_rules *rules)
{
    if (rules->count == rules->capacity) {
        size_t capacity = rules->capacity * 2 + 16;
        struct pcre_rule *grown = reallocarray(rules->rules, capacity, sizeof *grown);
        if (!grown)
            return NULL;
        rules->rules = grown;
        rules->capacity = capacity;
    }
    struct pcre_rule *rule = &rules->rules[rules->count++];
    *rule = (struct pcre_rule){0};
    return rule;
}

static bool read_rules(struct reader *reader, struct error *error)
{
    for (;;) {
        if (!lines_next(&reader->lines, &reader->line, error))
            return false;
        if (!reader->line.text)
            break;
        struct pcre_rule *rule = new_rule(reader->rules);
        if (!rule)
            return error_set(error, "%s: out of memory", reader->lines.path);
        rule->line = reader->line.number;
        if (!parse_rule(reader, rule, error))
            return false;
    }
    if (reader->open_if == NO_RULE)
        return true;
    reader->line.number = reader->rules->rules[reader->open_if].line;
    return lines_error(&reader->lines, &reader->line, error, "this if has no endif");
}

bool pcre_rules_load(const char *path, struct pcre_rules *ret_rules, struct file_state *ret_state,
                     struct error *error)
{
    size_t len;
    *ret_rules = (struct pcre_rules){0};
    if (!file_read(path, FILE_MAX, &ret_rules->text, &len, ret_state, error))
        return false;
    struct reader reader = {.rules = ret_rules, .open_if = NO_RULE};
    if (lines_init(&reader.lines, path, ret_rules->text, len, error) && read_rules(&reader, error))
        return true;
    pcre_rules_done(ret_rules);
    return false;
}

void pcre_rules_done(struct pcre_rules *rules)
{
    for (size_t i = 0; i < rules->count; i++) {
        pcre2_code_free(rules->rules[i].code);
        free(rules->rules[i].parts);
    }
    free(rules->rules);
    free(rules->text);
    *rules = (struct pcre_rules){0};
}
