/* Looking for a string in a list. */
#include "policy/texts.h"

bool texts_have(const struct texts *list, struct bytes text)
{
    for (size_t i = 0; i < list->count; i++)
        if (bytes_equal_nocase(bytes_of(list->items[i]), text))
            return true;
    return false;
}
