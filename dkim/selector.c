/* Which selectors can stand in DNS. */
#include "dkim/selector.h"

#define MOST_NAME 253
#define MOST_LABEL 63

static bool label_valid(struct bytes label)
{
    if (label.len == 0 || label.len > MOST_LABEL || label.data[0] == '-' ||
        label.data[label.len - 1] == '-')
        return false;
    for (size_t i = 0; i < label.len; i++) {
        char byte = bytes_lower(label.data[i]);
        if (!(byte >= 'a' && byte <= 'z') && !(byte >= '0' && byte <= '9') && byte != '-' &&
            byte != '_')
            return false;
    }
    return true;
}

bool selector_valid(struct bytes selector, struct bytes domain)
{
    if (selector.len + sizeof "._domainkey." - 1 + domain.len > MOST_NAME)
        return false;
    for (;;) {
        size_t dot = bytes_find(selector, '.');
        if (!label_valid(bytes_slice(selector, 0, dot)))
            return false;
        if (dot == selector.len)
            return true;
        selector = bytes_slice(selector, dot + 1, selector.len);
    }
}
