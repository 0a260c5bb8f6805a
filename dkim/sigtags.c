/* Taking a DKIM-Signature field apart. */
#include "dkim/sigtags.h"

#include <string.h>

#define MOST_TAGS 32

static bool is_tag_name(struct bytes name)
{
    for (size_t i = 0; i < name.len; i++) {
        char byte = bytes_lower(name.data[i]);
        bool letter = byte >= 'a' && byte <= 'z';
        if (!letter && (i == 0 || (byte != '_' && !(byte >= '0' && byte <= '9'))))
            return false;
    }
    return name.len > 0;
}

static bool seen_before(const struct bytes *names, size_t count, struct bytes name)
{
    for (size_t i = 0; i < count; i++)
        if (bytes_equal(names[i], name))
            return true;
    return false;
}

static void keep(struct sigtags *tags, struct bytes name, struct bytes value)
{
    if (bytes_equal(name, BYTES("d")))
        tags->domain = value;
    else if (bytes_equal(name, BYTES("s")))
        tags->selector = value;
    else if (bytes_equal(name, BYTES("a")))
        tags->algorithm = value;
    else if (bytes_equal(name, BYTES("h")))
        tags->fields = value;
    else if (bytes_equal(name, BYTES("l")))
        tags->has_length = true;
}

bool sigtags_parse(struct bytes value, struct sigtags *ret_tags)
{
    struct bytes names[MOST_TAGS];
    size_t count = 0;
    *ret_tags = (struct sigtags){0};
    while (value.len) {
        size_t end = bytes_find(value, ';');
        struct bytes tag = bytes_trim(bytes_slice(value, 0, end));
        value = bytes_slice(value, end + 1, value.len);
        if (!tag.len && !value.len)
            break; /* a ';' behind the last tag */
        size_t equals = bytes_find(tag, '=');
        struct bytes name = bytes_trim(bytes_slice(tag, 0, equals));
        if (equals == tag.len || !is_tag_name(name) || count == MOST_TAGS ||
            seen_before(names, count, name))
            return false;
        names[count++] = name;
        keep(ret_tags, name, bytes_trim(bytes_slice(tag, equals + 1, tag.len)));
    }
    return ret_tags->domain.len && ret_tags->selector.len && ret_tags->algorithm.len &&
           ret_tags->fields.len && seen_before(names, count, BYTES("b"));
}

static bool next_name(struct bytes *list, struct bytes *ret_name)
{
    if (!list->data)
        return false;
    size_t colon = bytes_find(*list, ':');
    *ret_name = bytes_trim(bytes_slice(*list, 0, colon));
    *list = colon < list->len ? (struct bytes){list->data + colon + 1, list->len - colon - 1}
                              : (struct bytes){NULL, 0};
    return true;
}

size_t sigtags_field_count(const struct sigtags *tags)
{
    struct bytes list = tags->fields, name;
    size_t count = 0;
    while (next_name(&list, &name))
        count++;
    return count;
}

size_t sigtags_field_count_of(const struct sigtags *tags, struct bytes name)
{
    struct bytes list = tags->fields, found;
    size_t count = 0;
    while (next_name(&list, &found))
        count += bytes_equal_nocase(found, name);
    return count;
}
