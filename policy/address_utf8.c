/* What UTF-8 may stand in an address without two readers seeing two addresses. */
#include <stdlib.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "policy/address_spec.h"
#include "policy/invisible.h"

const char *address_out_of_memory(struct arena *arena)
{
    arena_alloc(arena, SIZE_MAX);
    return "memory";
}

/* A character that normalisation can turn into an ASCII one: Kelvin sign, full-width letters, long
 * s, ligatures. False: memory is out. */
static bool read_mapping(ucs4_t character, bool *ret_to_ascii)
{
    uint32_t mapped[32];
    size_t len = sizeof mapped / sizeof *mapped;
    uint32_t *result = u32_normalize(UNINORM_NFKC, &character, 1, mapped, &len);
    *ret_to_ascii = false;
    for (size_t i = 0; result && i < len; i++)
        *ret_to_ascii |= result[i] < 0x80;
    if (result != mapped)
        free(result);
    return result != NULL;
}

static const char *check_mapping(struct arena *arena, ucs4_t character)
{
    bool to_ascii;
    if (!read_mapping(character, &to_ascii))
        return address_out_of_memory(arena);
    return to_ascii ? "compatibility" : NULL;
}

bool address_utf8_imitates(struct bytes text)
{
    for (size_t at = 0; at < text.len;) {
        ucs4_t character;
        bool to_ascii;
        at += (size_t)u8_mbtouc(&character, (const uint8_t *)text.data + at, text.len - at);
        if (character >= 0x80 && (!read_mapping(character, &to_ascii) || to_ascii))
            return true;
    }
    return false;
}

const char *address_utf8_check(struct arena *arena, struct bytes text)
{
    struct invisible found;
    if (invisible_find(text, INVISIBLE_IN_ADDRESSES | INVISIBLE_BAD_UTF8, &found))
        return found.kind == INVISIBLE_BAD_UTF8 ? "bad-utf8" : "invisible";
    for (size_t at = 0; at < text.len;) {
        ucs4_t character;
        bool first = at == 0;
        at += (size_t)u8_mbtouc_unsafe(&character, (const uint8_t *)text.data + at, text.len - at);
        if (character < 0x80)
            continue;
        if (uc_is_general_category(character, UC_SEPARATOR))
            return "invisible";
        if (first && uc_is_general_category(character, UC_MARK))
            return "compatibility"; /* it joins the bracket or mark before it */
        const char *reason = check_mapping(arena, character);
        if (reason)
            return reason;
    }
    return NULL;
}

const char *address_utf8_compose(struct arena *arena, struct bytes text, struct bytes *ret_text)
{
    size_t len = 0;
    uint8_t *normal = u8_normalize(UNINORM_NFC, (const uint8_t *)text.data, text.len, NULL, &len);
    if (!normal)
        return address_out_of_memory(arena);
    *ret_text = arena_bytes(arena, (struct bytes){(const char *)normal, len});
    free(normal);
    return ret_text->data ? NULL : "memory";
}
