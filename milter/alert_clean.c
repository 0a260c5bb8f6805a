/* Writing out what is not seen. */
#include "milter/alert_clean.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "policy/invisible.h"

#define HIDDEN (INVISIBLE_IN_ADDRESSES | INVISIBLE_BAD_UTF8)

static size_t length_of(char first)
{
    unsigned char byte = (unsigned char)first;
    if (byte < 0x80)
        return 1;
    if (byte < 0xe0)
        return 2;
    return byte < 0xf0 ? 3 : 4;
}

char *alert_clean(struct arena *arena, struct bytes text, size_t max)
{
    static char nothing[] = "";
    bool cut = text.len > max;
    text = bytes_slice(text, 0, max);
    char *clean = arena_alloc(arena, 4 * text.len + sizeof "...");
    if (!clean)
        return nothing;
    char *out = clean;
    while (text.len) {
        struct invisible found;
        bool hidden = invisible_find(text, HIDDEN, &found);
        size_t seen = hidden ? found.at : text.len;
        memcpy(out, text.data, seen);
        out += seen;
        text = bytes_slice(text, seen, text.len);
        if (!hidden)
            break;
        size_t len = found.kind == INVISIBLE_BAD_UTF8 ? 1 : length_of(text.data[0]);
        for (size_t i = 0; i < len && i < text.len; i++)
            out += sprintf(out, "\\x%02x", (unsigned)(unsigned char)text.data[i]);
        text = bytes_slice(text, len, text.len);
    }
    strcpy(out, cut ? "..." : "");
    return clean;
}
