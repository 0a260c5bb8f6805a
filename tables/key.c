/* Folding the case of keys. */
#include "tables/key.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <uninorm.h>

/* Where folding begins. */
static size_t fold_from(struct bytes key, enum table_case letters)
{
    if (letters == TABLE_FOLD_CASE)
        return 0;
    size_t at = key.len;
    while (at && key.data[at - 1] != '@')
        at--;
    return at ? at - 1 : key.len;
}

struct bytes key_fold(struct arena *arena, struct bytes key, enum table_case letters)
{
    size_t i = fold_from(key, letters);
    while (i < key.len && bytes_lower(key.data[i]) == key.data[i])
        i++;
    if (i == key.len)
        return key;
    char *folded = arena_text(arena, key);
    if (!folded)
        return (struct bytes){NULL, 0};
    for (; i < key.len; i++)
        folded[i] = bytes_lower(folded[i]);
    return (struct bytes){folded, key.len};
}

static bool is_ascii(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] > 127)
            return false;
    return true;
}

/* One half of the key. */
static bool convert(char *text, size_t *len, bool lower)
{
    size_t converted_len;
    uint8_t *converted =
        lower ? u8_tolower((uint8_t *)text, *len, NULL, UNINORM_NFC, NULL, &converted_len)
              : u8_normalize(UNINORM_NFC, (uint8_t *)text, *len, NULL, &converted_len);
    bool fits = converted && converted_len <= *len;
    if (fits) {
        memcpy(text, converted, converted_len);
        *len = converted_len;
    }
    free(converted);
    return fits;
}

bool key_fold_row(char *key, size_t *len, enum table_case letters)
{
    size_t from = fold_from((struct bytes){key, *len}, letters);
    if (is_ascii((struct bytes){key, *len})) {
        for (size_t i = from; i < *len; i++)
            key[i] = bytes_lower(key[i]);
        return true;
    }
    size_t kept = from;
    size_t folded = *len - from;
    if (kept && !convert(key, &kept, false))
        return false;
    if (folded && !convert(key + from, &folded, true))
        return false;
    memmove(key + kept, key + from, folded);
    *len = kept + folded;
    return true;
}
