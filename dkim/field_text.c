/* Making the line ends of a header field right for hashing, and only its line ends. */
#include "dkim/field_text.h"

#include <string.h>

size_t field_text_room(const struct field *field)
{
    size_t room = field->name.len + 1 + field->value.len;
    for (size_t i = 0; i < field->value.len; i++)
        room += field->value.data[i] == '\n';
    return room;
}

/* The length of a line break at text[at] that is a fold; 0 when it is something worse. */
static size_t fold_len(struct bytes text, size_t at)
{
    size_t len = text.data[at] == '\r' ? 2 : 1;
    if (at + len >= text.len || text.data[at + len - 1] != '\n')
        return 0;
    char next = text.data[at + len];
    return next == ' ' || next == '\t' ? len : 0;
}

bool field_is_one(const struct field *field)
{
    struct bytes value = field->value;
    if (value.len && memchr(value.data, '\0', value.len))
        return false;
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] != '\r' && value.data[i] != '\n')
            continue;
        size_t fold = fold_len(value, i);
        if (!fold)
            return false;
        i += fold - 1;
    }
    return true;
}

size_t field_text(const struct field *field, unsigned char *buffer)
{
    struct bytes value = field->value;
    size_t len = field->name.len;
    if (!field_is_one(field))
        return 0;
    memcpy(buffer, field->name.data, len);
    buffer[len++] = ':';
    for (size_t i = 0; i < value.len;) {
        char byte = value.data[i];
        if (byte != '\r' && byte != '\n') {
            buffer[len++] = (unsigned char)byte;
            i++;
            continue;
        }
        buffer[len++] = '\r';
        buffer[len++] = '\n';
        i += fold_len(value, i);
    }
    return len;
}
