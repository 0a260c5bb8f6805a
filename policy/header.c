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

bool header_is_listed(const struct texts *patterns, struct bytes name)
{
    for (size_t i = 0; i < patterns->count; i++) {
        struct bytes pattern = bytes_of(patterns->items[i]);
        bool open = pattern.len && pattern.data[pattern.len - 1] == '*';
        if (open ? bytes_start_with_nocase(name, bytes_slice(pattern, 0, pattern.len - 1))
                 : bytes_equal_nocase(name, pattern))
            return true;
    }
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

bool header_has_blank_line(struct bytes value)
{
    struct bytes line;
    if (!header_next_line(&value, &line))
        return false;
    while (header_next_line(&value, &line))
        if (!bytes_trim(line).len)
            return true;
    return false;
}

size_t header_longest_line(const struct field *field)
{
    struct bytes rest = field->value;
    struct bytes line;
    size_t longest = 0;
    size_t before = field->name.len + 1;
    while (header_next_line(&rest, &line)) {
        if (before + line.len > longest)
            longest = before + line.len;
        before = 0;
    }
    return longest;
}
