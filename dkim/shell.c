/* Quoting for the commands in error texts. */
#include "dkim/shell.h"

#include <stdio.h>
#include <string.h>

static const char plain[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+@,=:";

struct shell_word shell_word(const char *path)
{
    struct shell_word word;
    if (*path && path[strspn(path, plain)] == '\0') {
        snprintf(word.text, sizeof word.text, "%s", path);
        return word;
    }
    size_t len = 0;
    word.text[len++] = '\'';
    for (const char *at = path; *at && len + 6 < sizeof word.text; at++) {
        if (*at == '\'')
            len += (size_t)sprintf(word.text + len, "'\\''");
        else
            word.text[len++] = (unsigned char)*at < ' ' || *at == 0x7f ? '?' : *at;
    }
    word.text[len++] = '\'';
    word.text[len] = '\0';
    return word;
}
