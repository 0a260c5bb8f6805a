/* Reading case files. */
#include "tests/unit/case_text.h"

#include <stdlib.h>
#include <string.h>

FILE *case_text_open(const char *name)
{
    char path[4096];
    const char *top = getenv("srcdir");
    snprintf(path, sizeof path, "%s/tests/cases/%s", top ? top : ".", name);
    FILE *file = fopen(path, "r");
    if (!file) {
        perror(path);
        exit(99);
    }
    return file;
}

char *case_text_field(char **line)
{
    char *field = *line;
    char *end = strstr(field, " | ");
    *line = end ? end + 3 : field + strlen(field);
    if (!end)
        end = *line;
    while (end > field && end[-1] == ' ')
        end--;
    *end = '\0';
    return field;
}

static size_t unescape(const char *text, char *out)
{
    size_t used = 0;
    for (; *text; text++) {
        char byte = *text;
        if (byte == '\\' && text[1]) {
            char code = *++text;
            if (code == '-')
                continue;
            byte = code == 'r' ? '\r' : code == 'n' ? '\n' : code == 't' ? '\t' : code;
            if (code == '0')
                byte = '\0';
            if (code == 'x' && text[1] && text[2]) {
                char digits[] = {text[1], text[2], '\0'};
                byte = (char)strtoul(digits, NULL, 16);
                text += 2;
            }
        }
        out[used++] = byte;
    }
    return used;
}

struct bytes case_text_bytes(const char *text)
{
    char *whole = malloc(strlen(text) + 1);
    size_t len = whole ? unescape(text, whole) : 0;
    char *exact = malloc(len ? len : 1);
    if (!whole || !exact)
        abort();
    memcpy(exact, whole, len);
    free(whole);
    return (struct bytes){exact, len};
}
