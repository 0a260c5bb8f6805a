/* Reading the names that trust fields speak in, and telling ours from others'. */
#include "policy/vouch.h"

#include "policy/address.h"
#include "policy/cfws.h"

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* A copy without backslashes of quoted pairs (pairs true) or without blanks (pairs false). */
static struct bytes copy_without(struct arena *arena, struct bytes text, bool pairs)
{
    char *copy = arena_alloc(arena, text.len);
    size_t len = 0;
    for (size_t i = 0; copy && i < text.len; i++) {
        if (pairs && text.data[i] == '\\' && i + 1 < text.len)
            i++;
        else if (!pairs && is_blank(text.data[i]))
            continue;
        copy[len++] = text.data[i];
    }
    return (struct bytes){copy, len};
}

static bool is_version(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return true;
}

/* What somebody who looks for a name with a regular expression takes for the whole of it. Bytes
 * above 127 are for vouch_is_ours to judge. */
static bool is_name(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        char byte = bytes_lower(text.data[i]);
        bool letter = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
        if (!letter && byte != '-' && byte != '_' && byte != '.' && (unsigned char)byte < 0x80)
            return false;
    }
    return text.len;
}

bool vouch_authserv_id(struct arena *arena, struct bytes value, struct bytes *ret_id)
{
    struct bytes rest = value;
    if (!cfws_skip(&rest) || !rest.len)
        return false;
    if (rest.data[0] == '"') {
        struct bytes inside;
        if (!cfws_take_quoted(&rest, &inside))
            return false;
        *ret_id = bytes_trim(copy_without(arena, inside, true));
    } else {
        *ret_id = cfws_take_token(&rest, ";/=");
    }
    if (rest.len && !is_blank(rest.data[0]) && rest.data[0] != '(' && rest.data[0] != ';' &&
        rest.data[0] != '/')
        return false;
    if (rest.len && rest.data[0] == '/')
        rest = bytes_slice(rest, 1, rest.len);
    if (!cfws_skip(&rest) || !is_version(cfws_take_token(&rest, ";")) || !cfws_skip(&rest))
        return false;
    return is_name(*ret_id) && (!rest.len || rest.data[0] == ';');
}

bool vouch_signer(struct arena *arena, struct bytes value, struct bytes *ret_domain)
{
    *ret_domain = (struct bytes){NULL, 0};
    while (value.len) {
        size_t end = bytes_find(value, ';');
        struct bytes tag = bytes_slice(value, 0, end);
        value = bytes_slice(value, end + 1, value.len);
        size_t equals = bytes_find(tag, '=');
        if (!bytes_equal_nocase(bytes_trim(bytes_slice(tag, 0, equals)), BYTES("d")))
            continue;
        if (ret_domain->len)
            return false;
        *ret_domain = copy_without(arena, bytes_slice(tag, equals + 1, tag.len), false);
        if (!is_name(*ret_domain))
            return false;
    }
    return ret_domain->len;
}

/* What is no domain name is compared as it is, without the dots at its end. */
static struct bytes comparable(struct arena *arena, struct bytes name)
{
    struct bytes domain;
    if (address_normalise_domain(arena, name, &domain))
        return domain;
    while (name.len && name.data[name.len - 1] == '.')
        name.len--;
    return name;
}

static bool is_ascii(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] > 126)
            return false;
    return true;
}

bool vouch_is_ours(struct arena *arena, struct bytes name, const struct texts *names,
                   const struct texts *domains)
{
    name = comparable(arena, name);
    if (!is_ascii(name))
        return true;
    for (size_t i = 0; i < names->count; i++)
        if (bytes_equal_nocase(name, comparable(arena, bytes_of(names->items[i]))))
            return true;
    for (size_t i = 0; i < domains->count; i++)
        if (address_domain_within(name, bytes_of(domains->items[i])))
            return true;
    return false;
}
