/* Folding the case of keys. */
#include "tables/key.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <uninorm.h>

#include "policy/address_spec.h"

enum form {
    FORM_ASCII, /* as it is, but for ASCII's capitals */
    FORM_NFC,
    FORM_LOWER,
    FORM_LOWER_NFD,
    FORM_FOLDED,
    FORM_FOLDED_NFD,
    FORM_FOLDED_ONLY, /* and not composed: what postmap stores */
};

/* Where the domain begins, with its @. */
static size_t domain_from(struct bytes key)
{
    size_t at = key.len;
    while (at && key.data[at - 1] != '@')
        at--;
    return at ? at - 1 : key.len;
}

static size_t fold_from(struct bytes key, enum table_case letters)
{
    return letters == TABLE_FOLD_CASE ? 0 : domain_from(key);
}

static struct bytes lower_ascii(struct arena *arena, struct bytes key, enum table_case letters)
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

static uint8_t *copy_ascii(struct bytes text, size_t *ret_len)
{
    uint8_t *copy = malloc(text.len + 1);
    for (size_t i = 0; copy && i < text.len; i++)
        copy[i] = (uint8_t)bytes_lower(text.data[i]);
    *ret_len = text.len;
    return copy;
}

/* From malloc; NULL: memory is out. */
static uint8_t *convert(struct bytes text, enum form form, size_t *ret_len)
{
    const uint8_t *data = (const uint8_t *)text.data;
    if (form == FORM_ASCII || !text.len)
        return copy_ascii(text, ret_len);
    if (form == FORM_NFC)
        return u8_normalize(UNINORM_NFC, data, text.len, NULL, ret_len);
    if (form == FORM_LOWER || form == FORM_LOWER_NFD)
        return u8_tolower(data, text.len, NULL, form == FORM_LOWER ? UNINORM_NFC : UNINORM_NFD,
                          NULL, ret_len);
    uninorm_t normal = form == FORM_FOLDED ? UNINORM_NFC : UNINORM_NFD;
    return u8_casefold(data, text.len, NULL, form == FORM_FOLDED_ONLY ? NULL : normal, NULL,
                       ret_len);
}

/* From malloc; NULL: memory is out. */
static char *convert_halves(struct bytes key, enum form local, enum form domain, size_t *ret_len)
{
    size_t at = domain_from(key);
    size_t local_len = 0;
    size_t domain_len = 0;
    uint8_t *head = convert(bytes_slice(key, 0, at), local, &local_len);
    uint8_t *tail = convert(bytes_slice(key, at, key.len), domain, &domain_len);
    uint8_t *whole = head && tail ? realloc(head, local_len + domain_len + 1) : NULL;
    if (whole) {
        memcpy(whole + local_len, tail, domain_len);
        *ret_len = local_len + domain_len;
    } else {
        free(head);
    }
    free(tail);
    return (char *)whole;
}

static struct bytes spell(struct arena *arena, struct bytes key, enum form local, enum form domain)
{
    struct bytes spelt = {NULL, 0};
    char *text = convert_halves(key, local, domain, &spelt.len);
    spelt.data = text ? text : arena_alloc(arena, SIZE_MAX);
    if (text)
        spelt = arena_bytes(arena, spelt);
    free(text);
    return spelt.data ? spelt : (struct bytes){NULL, 0};
}

static enum form local_form(enum table_case letters)
{
    return letters == TABLE_FOLD_CASE ? FORM_FOLDED : FORM_NFC;
}

struct bytes key_fold(struct arena *arena, struct bytes key, enum table_case letters)
{
    if (bytes_are_ascii(key))
        return lower_ascii(arena, key, letters);
    return address_utf8_imitates(key) ? key : spell(arena, key, local_form(letters), FORM_LOWER);
}

bool key_fold_row(char *key, size_t *len, enum table_case letters, char **ret_longer)
{
    struct bytes whole = {key, *len};
    *ret_longer = NULL;
    if (bytes_are_ascii(whole)) {
        for (size_t i = fold_from(whole, letters); i < *len; i++)
            key[i] = bytes_lower(key[i]);
        return true;
    }
    if (address_utf8_imitates(whole))
        return true;
    size_t folded_len = 0;
    char *folded = convert_halves(whole, local_form(letters), FORM_LOWER, &folded_len);
    if (!folded)
        return false;
    if (folded_len > *len) {
        *ret_longer = folded;
    } else {
        memcpy(key, folded, folded_len);
        free(folded);
    }
    *len = folded_len;
    return true;
}

struct bytes key_lower(struct arena *arena, struct bytes text)
{
    return bytes_are_ascii(text) ? lower_ascii(arena, text, TABLE_FOLD_CASE)
                                 : spell(arena, text, FORM_LOWER, FORM_LOWER);
}

static void add(struct key_spellings *spellings, struct bytes text)
{
    for (size_t i = 0; i < spellings->count; i++)
        if (bytes_equal(spellings->texts[i], text))
            return;
    if (text.len)
        spellings->texts[spellings->count++] = text;
}

/* What postmap makes of the domain is only asked for where it is no other domain's. */
static enum form stored_domain(struct arena *arena, struct bytes key)
{
    struct bytes domain = bytes_slice(key, domain_from(key), key.len);
    struct bytes folded = spell(arena, domain, FORM_ASCII, FORM_FOLDED);
    struct bytes lower = spell(arena, domain, FORM_ASCII, FORM_LOWER);
    return bytes_equal(folded, lower) ? FORM_FOLDED_ONLY : FORM_LOWER;
}

void key_spell(struct arena *arena, struct bytes key, enum table_case letters,
               struct key_spellings *ret_spellings)
{
    *ret_spellings = (struct key_spellings){.count = 0};
    add(ret_spellings, lower_ascii(arena, key, letters));
    if (letters != TABLE_FOLD_CASE || bytes_are_ascii(key))
        return;
    add(ret_spellings, spell(arena, key, FORM_LOWER, FORM_LOWER));
    add(ret_spellings, spell(arena, key, FORM_FOLDED_ONLY, stored_domain(arena, key)));
    add(ret_spellings, spell(arena, key, FORM_FOLDED, FORM_LOWER));
    add(ret_spellings, spell(arena, key, FORM_FOLDED_NFD, FORM_LOWER_NFD));
}
