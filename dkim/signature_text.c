/* From what libopendkim writes to what the MTA is handed. */
#include "dkim/signature_text.h"

#include "dkim/sigtags.h"

#define MOST_LINE 998

/* Where the value of b= begins: the last tag. */
static size_t before_value(struct bytes text)
{
    size_t at = text.len;
    while (at > 0 && text.data[at - 1] != ';')
        at--;
    return at + bytes_find(bytes_slice(text, at, text.len), '=') + 1;
}

struct bytes signature_text(struct arena *arena, struct bytes text, bool fold)
{
    struct bytes none = {NULL, 0};
    size_t before = fold ? before_value(text) : text.len;
    if (fold && SIGNATURE_TEXT_INDENT + before > MOST_LINE)
        return none;
    char *value = arena_alloc(arena, text.len + 3);
    if (!value)
        return none;
    size_t len = 0;
    value[len++] = ' ';
    for (size_t i = 0; i < text.len; i++) {
        if (i == before) {
            value[len++] = '\n';
            value[len++] = '\t';
        }
        if (text.data[i] != '\r')
            value[len++] = text.data[i];
    }
    return (struct bytes){value, len};
}

bool signature_text_covers(struct bytes value, size_t names, size_t from)
{
    struct sigtags tags;
    return sigtags_parse(value, &tags) && !tags.has_length && sigtags_field_count(&tags) == names &&
           sigtags_field_count_of(&tags, BYTES("From")) >= from;
}
