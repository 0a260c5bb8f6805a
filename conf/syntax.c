/* A recursive descent over the tokens, with one token of look-ahead. */
#include "conf/syntax.h"

#include <stdio.h>

#include "conf/scan.h"

struct syntax {
    struct scan scan;
    struct token token; /* the one that comes next */
    int depth;
    bool in_brackets; /* [ ... ] or ( ... ), not { ... } */
};

static bool check_value(struct syntax *syntax);

static bool advance(struct syntax *syntax)
{
    return scan_next(&syntax->scan, &syntax->token);
}

static bool is_mark(const struct syntax *syntax, char mark)
{
    return syntax->token.type == TOKEN_MARK && syntax->token.text.data[0] == mark;
}

static bool refuse(const struct syntax *syntax, const char *expected)
{
    char found[60] = "the end of the file";
    const struct token *token = &syntax->token;
    int len = token->text.len < 40 ? (int)token->text.len : 40;
    if (token->type == TOKEN_TEXT)
        snprintf(found, sizeof found, "a text");
    else if (token->type != TOKEN_END)
        snprintf(found, sizeof found, "%.*s", len, token->text.data);
    return scan_refuse(&syntax->scan, token->line, "expected %s, found %s", expected, found);
}

static bool refuse_close(const struct syntax *syntax, const struct token *open,
                         const char *expected)
{
    char sentence[100];
    char bracket = open->text.data[0];
    if (syntax->token.type == TOKEN_END)
        return scan_refuse(&syntax->scan, open->line, "the %c that stands here is never closed",
                           bracket);
    snprintf(sentence, sizeof sentence, "%s (the %c of line %u is open)", expected, bracket,
             open->line);
    return refuse(syntax, sentence);
}

static bool is_scalar(enum token_type type)
{
    return type >= TOKEN_BOOL && type <= TOKEN_TEXT;
}

/* libconfig makes one text of several side by side. That is handy behind a key; between brackets it
 * would hide a comma that was forgotten. */
static bool check_scalar(struct syntax *syntax)
{
    bool text = syntax->token.type == TOKEN_TEXT;
    do
        if (!advance(syntax))
            return false;
    while (text && !syntax->in_brackets && syntax->token.type == TOKEN_TEXT);
    return true;
}

static bool check_array_item(struct syntax *syntax, enum token_type *type)
{
    if (!is_scalar(syntax->token.type))
        return refuse(syntax, is_mark(syntax, ']') ? "a value behind the last comma"
                                                   : "a value (texts stand in double quotes)");
    if (*type == TOKEN_END)
        *type = syntax->token.type;
    if (*type != syntax->token.type)
        return scan_refuse(&syntax->scan, syntax->token.line,
                           "the values of one [ ... ] must all be of one type");
    return check_scalar(syntax);
}

static bool check_list_item(struct syntax *syntax, enum token_type *type)
{
    (void)type;
    if (is_mark(syntax, ')'))
        return refuse(syntax, "a value behind the last comma");
    return check_value(syntax);
}

/* The items and the closing bracket of [ ... ] or ( ... ). */
static bool check_items(struct syntax *syntax, const struct token *open, char close,
                        bool (*check_item)(struct syntax *syntax, enum token_type *type))
{
    enum token_type type = TOKEN_END;
    if (is_mark(syntax, close))
        return advance(syntax);
    for (;;) {
        if (syntax->token.type == TOKEN_END)
            return refuse_close(syntax, open, "");
        if (!check_item(syntax, &type))
            return false;
        if (is_mark(syntax, close))
            return advance(syntax);
        if (!is_mark(syntax, ','))
            return refuse_close(syntax, open, close == ']' ? "a comma or ]" : "a comma or )");
        if (!advance(syntax))
            return false;
    }
}

static bool check_setting(struct syntax *syntax)
{
    char expected[80];
    struct token name = syntax->token;
    int len = name.text.len < 40 ? (int)name.text.len : 40;
    if (!advance(syntax))
        return false;
    if (!is_mark(syntax, '=') && !is_mark(syntax, ':')) {
        snprintf(expected, sizeof expected, "= behind %.*s", len, name.text.data);
        return refuse(syntax, expected);
    }
    if (!advance(syntax) || !check_value(syntax))
        return false;
    return (!is_mark(syntax, ';') && !is_mark(syntax, ',')) || advance(syntax);
}

static bool check_group(struct syntax *syntax, const struct token *open)
{
    while (syntax->token.type == TOKEN_NAME)
        if (!check_setting(syntax))
            return false;
    if (!is_mark(syntax, '}'))
        return refuse_close(syntax, open, "a key or }");
    return advance(syntax);
}

static bool check_bracket(struct syntax *syntax)
{
    struct token open = syntax->token;
    if (++syntax->depth > SYNTAX_MAX_DEPTH)
        return scan_refuse(&syntax->scan, open.line, "brackets are nested more than %d deep",
                           SYNTAX_MAX_DEPTH);
    bool outer = syntax->in_brackets;
    syntax->in_brackets = !is_mark(syntax, '{');
    if (!advance(syntax))
        return false;
    bool good = open.text.data[0] == '{'   ? check_group(syntax, &open)
                : open.text.data[0] == '[' ? check_items(syntax, &open, ']', check_array_item)
                                           : check_items(syntax, &open, ')', check_list_item);
    syntax->in_brackets = outer;
    syntax->depth--;
    return good;
}

static bool check_value(struct syntax *syntax)
{
    if (is_mark(syntax, '{') || is_mark(syntax, '[') || is_mark(syntax, '('))
        return check_bracket(syntax);
    if (is_scalar(syntax->token.type))
        return check_scalar(syntax);
    return refuse(syntax, "a value (texts stand in double quotes)");
}

bool syntax_check(const char *file, struct bytes text, struct error *error)
{
    struct syntax syntax = {0};
    if (!scan_begin(&syntax.scan, file, text, error) || !advance(&syntax))
        return false;
    while (syntax.token.type == TOKEN_NAME)
        if (!check_setting(&syntax))
            return false;
    return syntax.token.type == TOKEN_END || refuse(&syntax, "a key");
}
