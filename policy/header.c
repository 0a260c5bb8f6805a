/* Sorting field names, and cutting values into their lines. */
#include "policy/header.h"

#include <string.h>

static const char *const originators[] = {"From",        "Sender",        "Reply-To",
                                          "Resent-From", "Resent-Sender", "Resent-Reply-To"};
static const char *const destinations[] = {"To",        "Cc",        "Bcc",
                                           "Resent-To", "Resent-Cc", "Resent-Bcc"};

#define LIST(array) (&(struct texts){(array), sizeof(array) / sizeof *(array)})

enum header_class header_class_of(struct bytes name)
{
    if (texts_have(LIST(originators), name))
        return HEADER_ORIGINATOR;
    if (texts_have(LIST(destinations), name))
        return HEADER_DESTINATION;
    if (bytes_equal_nocase(name, BYTES("MIME-Version")) ||
        bytes_start_with_nocase(name, BYTES("Content-")))
        return HEADER_MIME;
    return HEADER_OTHER;
}

bool header_is_name(struct bytes name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.data[i] <= ' ' || name.data[i] > '~' || name.data[i] == ':')
            return false;
    return name.len;
}

/* Most patterns differ in their first byte: none is measured before it is compared. */
static bool is_like(const char *pattern, struct bytes name)
{
    size_t i = 0;
    while (i < name.len && pattern[i] && pattern[i] != '*' && bytes_alike(pattern[i], name.data[i]))
        i++;
    return pattern[i] == '*' || (i == name.len && !pattern[i]);
}

bool header_is_listed(const struct texts *patterns, struct bytes name)
{
    for (size_t i = 0; i < patterns->count; i++)
        if (is_like(patterns->items[i], name))
            return true;
    return false;
}

bool header_check_pattern(const char *text, struct error *error)
{
    const char *star = strchr(text, '*');
    if (!header_is_name(bytes_of(text)) || star == text || (star && star[1]))
        return error_set(error,
                         "\"%s\" is no header field's name: expected a name like \"X-Mailer\", "
                         "or its beginning and a \"*\" like \"X-Spam-*\"",
                         text);
    return true;
}

bool header_next_line(struct bytes *rest, struct bytes *ret_line)
{
    if (!rest->len)
        return false;
    size_t newline = bytes_find(*rest, '\n');
    size_t end = newline;
    if (newline < rest->len && newline > 0 && rest->data[newline - 1] == '\r')
        end--;
    *ret_line = bytes_slice(*rest, 0, end);
    *rest = bytes_slice(*rest, newline + 1, rest->len);
    return true;
}

/* The LF that ends the line which goes on at a place, or the value's end. */
static size_t line_end(struct bytes value, size_t at)
{
    const char *end = memchr(value.data + at, '\n', value.len - at);
    return end ? (size_t)(end - value.data) : value.len;
}

bool header_has_blank_line(struct bytes value)
{
    if (!value.len)
        return false;
    for (size_t at = line_end(value, 0) + 1; at < value.len; at = line_end(value, at) + 1) {
        while (at < value.len &&
               (value.data[at] == ' ' || value.data[at] == '\t' || value.data[at] == '\r'))
            at++;
        if (at == value.len || value.data[at] == '\n')
            return true;
    }
    return false;
}

size_t header_longest_line(const struct field *field)
{
    struct bytes value = field->value;
    size_t longest = 0;
    size_t before = field->name.len + 1;
    size_t end;
    for (size_t at = 0; at < value.len; at = end + 1) {
        end = line_end(value, at);
        bool cr = end < value.len && end > at && value.data[end - 1] == '\r';
        size_t length = before + end - at - cr;
        if (length > longest)
            longest = length;
        before = 0;
    }
    return longest;
}
