/* Looking for a string in a list. */
#include "policy/texts.h"

/* Most items differ in their first byte: none is measured before it is compared. */
static bool is_item(const char *item, struct bytes text)
{
    size_t i = 0;
    while (i < text.len && item[i] && bytes_alike(item[i], text.data[i]))
        i++;
    return i == text.len && !item[i];
}

bool texts_have(const struct texts *list, struct bytes text)
{
    for (size_t i = 0; i < list->count; i++)
        if (is_item(list->items[i], text))
            return true;
    return false;
}
