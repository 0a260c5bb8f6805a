/* Quoting for the configuration's syntax. */
#include "conf/quote.h"

#include <string.h>

#define SHOWN 60

/* One byte's spelling inside quotes; its length. */
static size_t spell(unsigned char byte, char spelled[5])
{
    static const char *const words[] = {['\n'] = "\\n", ['\r'] = "\\r", ['\t'] = "\\t",
                                        ['\f'] = "\\f", ['"'] = "\\\"", ['\\'] = "\\\\"};
    if (byte < sizeof words / sizeof *words && words[byte])
        return (size_t)snprintf(spelled, 5, "%s", words[byte]);
    if (byte < 0x20 || byte == 0x7f)
        return (size_t)snprintf(spelled, 5, "\\x%02x", byte);
    spelled[0] = (char)byte;
    return 1;
}

void quote_write(FILE *out, const char *text)
{
    char spelled[5];
    putc('"', out);
    for (; *text; text++) {
        size_t len = spell((unsigned char)*text, spelled);
        fwrite(spelled, 1, len, out);
    }
    putc('"', out);
}

void quote_text(const char *text, char *quoted, size_t size)
{
    char line[SHOWN * 4 + 1];
    size_t used = 0;
    size_t i = 0;
    for (; i < SHOWN && text[i]; i++) {
        char spelled[5];
        size_t len = spell((unsigned char)text[i], spelled);
        memcpy(line + used, spelled, len);
        used += len;
    }
    line[used] = '\0';
    snprintf(quoted, size, "\"%s%s\"", line, text[i] ? "..." : "");
}
