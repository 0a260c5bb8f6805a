/* Quoting for the commands in error texts. */
#include "policy/shell.h"

#include <stdio.h>
#include <string.h>

static const char plain[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+@,=:";

static bool is_plain(const char *word)
{
    return *word && word[strspn(word, plain)] == '\0';
}

static bool is_control(char c)
{
    return (unsigned char)c < ' ' || c == 0x7f;
}

struct shell_word shell_word(const char *path)
{
    struct shell_word word;
    if (is_plain(path) && strlen(path) < sizeof word.text) {
        snprintf(word.text, sizeof word.text, "%s", path);
        return word;
    }
    size_t len = 0;
    const char *at;
    word.text[len++] = '\'';
    for (at = path; *at && len + sizeof "'\\''...'" <= sizeof word.text; at++) {
        if (*at == '\'')
            len += (size_t)sprintf(word.text + len, "'\\''");
        else
            word.text[len++] = is_control(*at) ? '?' : *at;
    }
    snprintf(word.text + len, sizeof word.text - len, "%s'", *at ? "..." : "");
    return word;
}

/* By printf(1), as sh(1) has no $'...' of bash. Line ends behind the word are lost. */
static const char *quote_controls(struct arena *arena, const char *word)
{
    char *quoted = arena_alloc(arena, 4 * strlen(word) + 16);
    if (!quoted)
        return "";
    char *out = quoted + sprintf(quoted, "\"$(printf '");
    for (const char *at = word; *at; at++)
        if (is_control(*at) || (at == word && *at == '-')) /* no option of printf's */
            out += sprintf(out, "\\%03o", (unsigned)(unsigned char)*at);
        else if (*at == '\'')
            out += sprintf(out, "'\\''");
        else if (*at == '\\' || *at == '%')
            out += sprintf(out, "%c%c", *at, *at);
        else
            *out++ = *at;
    strcpy(out, "')\"");
    return quoted;
}

const char *shell_quote(struct arena *arena, const char *word)
{
    bool controls = false;
    for (const char *at = word; *at; at++)
        controls = controls || is_control(*at);
    if (is_plain(word))
        return word;
    if (controls)
        return quote_controls(arena, word);
    char *quoted = arena_alloc(arena, 4 * strlen(word) + 3);
    if (!quoted)
        return "";
    char *out = quoted;
    *out++ = '\'';
    for (const char *at = word; *at; at++)
        if (*at == '\'')
            out += sprintf(out, "'\\''");
        else
            *out++ = *at;
    strcpy(out, "'");
    return quoted;
}

const char *shell_find_unquoted(const char *text, const char *marker)
{
    bool quoted = false;
    for (const char *at = text; *at; at++) {
        if (!quoted && strncmp(at, marker, strlen(marker)) == 0)
            return at;
        if (*at == '\'')
            quoted = !quoted;
        else if (!quoted && *at == '\\' && at[1])
            at++;
    }
    return NULL;
}
