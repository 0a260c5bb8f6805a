/* Domains in the one form in which they are compared: lower case, A-labels. */
#include <idn2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unistr.h>

#include "policy/address_spec.h"

#define DOMAIN_MAX 253
#define LABEL_MAX 63
#define RAW_MAX 1024 /* of UTF-8 */

#define LOOKUP (IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL)

/* Letters, digits, hyphens; underscores too, as hosts' names have them. */
static bool is_label(struct bytes label)
{
    if (!label.len || label.len > LABEL_MAX || label.data[0] == '-' ||
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

static const char *check_labels(struct bytes domain, bool *ret_encoded)
{
    if (domain.len > DOMAIN_MAX)
        return "bad-domain";
    for (size_t at = 0; at <= domain.len;) {
        struct bytes rest = bytes_slice(domain, at, domain.len);
        struct bytes label = bytes_slice(rest, 0, bytes_find(rest, '.'));
        if (!label.len)
            return at && at == domain.len ? "trailing-dot" : "empty-label";
        if (!is_label(label))
            return "bad-domain";
        *ret_encoded |= bytes_start_with_nocase(label, BYTES("xn--"));
        at += label.len + 1;
    }
    return NULL;
}

static const char *lower(struct arena *arena, struct bytes domain, struct bytes *ret_domain)
{
    char *copy = arena_text(arena, domain);
    if (!copy)
        return "memory";
    for (size_t i = 0; i < domain.len; i++)
        copy[i] = bytes_lower(copy[i]);
    *ret_domain = (struct bytes){copy, domain.len};
    return NULL;
}

static const char *idn_error(struct arena *arena, int result)
{
    return result == IDN2_MALLOC ? address_out_of_memory(arena) : "bad-domain";
}

/* By IDNA 2008, non-transitional. The labels of what comes out are still to be checked. */
static const char *to_a_labels(struct arena *arena, struct bytes domain, struct bytes *ret_domain)
{
    char *text = arena_text(arena, domain);
    uint8_t *mapped = NULL;
    if (!text)
        return "memory";
    int result = idn2_lookup_u8((const uint8_t *)text, &mapped, LOOKUP);
    if (result != IDN2_OK)
        return idn_error(arena, result);
    *ret_domain = arena_bytes(arena, bytes_of((const char *)mapped));
    idn2_free(mapped);
    return ret_domain->data ? NULL : "memory";
}

static const char *normalise(struct arena *arena, struct bytes raw, struct bytes *ret_domain)
{
    if (raw.len > RAW_MAX || memchr(raw.data, '\0', raw.len))
        return "bad-domain";
    bool encoded = false;
    bool ascii = bytes_are_ascii(raw);
    if (!ascii && u8_check((const uint8_t *)raw.data, raw.len))
        return "bad-utf8";
    const char *reason = ascii ? check_labels(raw, &encoded) : NULL;
    if (reason)
        return reason;
    if (ascii && !encoded)
        return lower(arena, raw, ret_domain);
    /* An A-label that decodes to nothing valid is shown by some and not by others. */
    struct bytes mapped = {NULL, 0};
    reason = to_a_labels(arena, raw, &mapped);
    if (!reason)
        reason = check_labels(mapped, &encoded);
    return reason ? reason : lower(arena, mapped, ret_domain);
}

bool address_normalise_domain(struct arena *arena, struct bytes domain, struct bytes *ret_domain)
{
    *ret_domain = (struct bytes){NULL, 0};
    if (domain.len && domain.data[domain.len - 1] == '.')
        domain.len--;
    return domain.len && !normalise(arena, domain, ret_domain);
}

/* Whether the domain is what its A-labels stand for, case and composition aside: mapping did no
 * more. Full-width letters and dots, ligatures and the like are mapped by some readers only. */
static const char *check_mapping(struct arena *arena, struct bytes raw, struct bytes domain)
{
    const char *text = arena_text(arena, domain);
    char *shown = NULL;
    if (!text)
        return "memory";
    int result = idn2_to_unicode_8z8z(text, &shown, 0);
    if (result != IDN2_OK)
        return idn_error(arena, result);
    size_t len = 0;
    uint8_t *folded = u8_tolower((const uint8_t *)raw.data, raw.len, NULL, UNINORM_NFC, NULL, &len);
    bool same = folded && bytes_equal((struct bytes){(const char *)folded, len}, bytes_of(shown));
    idn2_free(shown);
    if (!folded)
        return address_out_of_memory(arena);
    free(folded);
    return same ? NULL : "compatibility";
}

const char *address_domain_read(struct arena *arena, struct bytes raw, struct bytes *ret_domain)
{
    if (bytes_find_nocase(raw, BYTES("=?")) < raw.len ||
        bytes_find_nocase(raw, BYTES("?=")) < raw.len)
        return "encoded-address";
    const char *reason = address_utf8_check(arena, raw);
    if (!reason)
        reason = normalise(arena, raw, ret_domain);
    if (!reason && !bytes_are_ascii(raw))
        reason = check_mapping(arena, raw, *ret_domain);
    return reason;
}

bool address_domain_within(struct bytes domain, struct bytes parent)
{
    if (domain.len == parent.len)
        return bytes_equal_nocase(domain, parent);
    return parent.len && bytes_end_with_nocase(domain, parent) &&
           domain.data[domain.len - parent.len - 1] == '.';
}
