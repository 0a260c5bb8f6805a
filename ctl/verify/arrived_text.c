/* Cutting a message into fields and body. */
#include "ctl/verify/arrived_text.h"

#include <string.h>

/* CRLF throughout, where the first line ends in a bare LF. */
static bool normalise(struct bytes text, struct arena *arena, struct bytes *ret_text)
{
    size_t first = bytes_find(text, '\n');
    *ret_text = text;
    if (first == text.len || (first > 0 && text.data[first - 1] == '\r'))
        return true;
    char *wire = arena_alloc(arena, text.len * 2);
    size_t len = 0;
    if (!wire)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\n')
            wire[len++] = '\r';
        wire[len++] = text.data[i];
    }
    *ret_text = (struct bytes){wire, len};
    return true;
}

/* Where the field ends that the text begins with: at a CRLF that no blank follows. */
static size_t field_end(struct bytes text)
{
    for (size_t at = 0;;) {
        const char *end = at < text.len ? memmem(text.data + at, text.len - at, "\r\n", 2) : NULL;
        if (!end)
            return text.len;
        at = (size_t)(end - text.data);
        if (at + 2 == text.len || (text.data[at + 2] != ' ' && text.data[at + 2] != '\t'))
            return at;
        at += 2;
    }
}

static unsigned instance_of(const struct facts_header *header, struct bytes name)
{
    return (unsigned)facts_field_count(header, name) + 1;
}

bool arrived_text_cut(struct bytes text, struct arena *arena, struct arrived_text *ret_arrived)
{
    struct facts_header *header = &ret_arrived->header;
    *ret_arrived = (struct arrived_text){.body = {NULL, 0}};
    if (!normalise(text, arena, &text))
        return false;
    size_t lines = 1;
    for (size_t i = 0; i < text.len && i < 1000000; i++)
        lines += text.data[i] == '\n';
    struct field *fields = arena_alloc(arena, lines * sizeof *fields);
    if (!fields)
        return false;
    header->fields = fields;
    if (bytes_start_with_nocase(text, BYTES("From ")))
        text = bytes_slice(text, bytes_find(text, '\n') + 1, text.len);
    while (text.len && header->count < lines) {
        size_t end = field_end(text);
        struct bytes field = bytes_slice(text, 0, end);
        size_t colon = bytes_find(field, ':');
        if (colon == field.len)
            break;
        struct bytes name = bytes_slice(field, 0, colon);
        unsigned instance = instance_of(header, name);
        fields[header->count++] = (struct field){
            .name = name, .value = bytes_slice(field, colon + 1, end), .instance = instance};
        header->size += field.len;
        text = bytes_slice(text, end + 2, text.len);
    }
    if (bytes_start_with_nocase(text, BYTES("\r\n")))
        text = bytes_slice(text, 2, text.len);
    ret_arrived->body = text;
    return true;
}
