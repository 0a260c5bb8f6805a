/* Building the keys for one address, in Postfix's order. */
#include "tables/sender_keys.h"

#include <idn2.h>
#include <string.h>

struct builder {
    struct arena *arena;
    struct sender_keys *keys;
    struct bytes domains[2]; /* as A-labels; as U-labels, or no bytes */
};

/* Addresses that Postfix never splits where - begins an extension. */
static bool never_split(const char *delimiters, struct bytes local)
{
    return strchr(delimiters, '-') &&
           (bytes_equal_nocase(local, BYTES("mailer-daemon")) ||
            bytes_equal_nocase(local, BYTES("double-bounce")) ||
            bytes_start_with_nocase(local, BYTES("owner-")) ||
            (local.len > strlen("-request") && bytes_end_with_nocase(local, BYTES("-request"))));
}

struct bytes sender_keys_strip(const char *delimiters, struct bytes local)
{
    size_t i = 0;
    while (i < local.len && !(local.data[i] && strchr(delimiters, local.data[i])))
        i++;
    if (i == local.len || never_split(delimiters, local))
        return (struct bytes){NULL, 0};
    return bytes_slice(local, 0, i);
}

static void add_key(struct builder *builder, struct bytes local, enum sender_key_form form,
                    bool for_patterns)
{
    for (int i = 0; i < 2; i++) {
        struct bytes domain = builder->domains[i];
        size_t len = local.len + 1 + domain.len;
        char *text = domain.len ? arena_alloc(builder->arena, len + 1) : NULL;
        if (!text)
            continue;
        if (local.len)
            memcpy(text, local.data, local.len);
        text[local.len] = '@';
        memcpy(text + local.len + 1, domain.data, domain.len);
        builder->keys->keys[builder->keys->count++] =
            (struct sender_key){{text, len}, form, for_patterns && i == 0};
    }
}

/* Without a byte that has to stand in quotes. */
static bool has_no_specials(struct bytes local)
{
    for (size_t i = 0; i < local.len; i++) {
        unsigned char byte = (unsigned char)local.data[i];
        if (byte <= ' ' || byte == 127 || strchr("()<>[]:;@\\,\"", byte))
            return false;
    }
    return local.len > 0;
}

static bool has_odd_dots(struct bytes local)
{
    for (size_t i = 0; i < local.len; i++)
        if (local.data[i] == '.' && (i == 0 || i + 1 == local.len || local.data[i - 1] == '.'))
            return true;
    return false;
}

static struct bytes quote(struct arena *arena, struct bytes local)
{
    char *quoted = arena_alloc(arena, 2 * local.len + 3);
    if (!quoted)
        return (struct bytes){NULL, 0};
    size_t len = 0;
    quoted[len++] = '"';
    for (size_t i = 0; i < local.len; i++) {
        if (local.data[i] == '"' || local.data[i] == '\\')
            quoted[len++] = '\\';
        quoted[len++] = local.data[i];
    }
    quoted[len++] = '"';
    return (struct bytes){quoted, len};
}

static struct bytes lower(struct arena *arena, struct bytes text)
{
    char *copy = arena_text(arena, text);
    if (!copy)
        return (struct bytes){NULL, 0};
    for (size_t i = 0; i < text.len; i++)
        copy[i] = bytes_lower(copy[i]);
    return (struct bytes){copy, text.len};
}

/* Only where it leads back to the same A-labels: "xn--example-" reads as "example", and is not. */
static struct bytes as_u_labels(struct arena *arena, struct bytes domain)
{
    struct bytes none = {NULL, 0};
    if (bytes_find_nocase(domain, BYTES("xn--")) == domain.len)
        return none;
    const char *text = arena_text(arena, domain);
    char *unicode = NULL;
    if (!text || idn2_to_unicode_8z8z(text, &unicode, 0) != IDN2_OK)
        return none;
    struct bytes copy = arena_bytes(arena, bytes_of(unicode));
    idn2_free(unicode);
    struct bytes back;
    if (bytes_equal(copy, domain) || !address_normalise_domain(arena, copy, &back) ||
        !bytes_equal(back, domain))
        return none;
    return copy;
}

void sender_keys_build(const struct sender_key_options *options, struct arena *arena,
                       const struct mailbox *mailbox, struct sender_keys *ret_keys)
{
    struct builder builder = {
        arena, ret_keys, {mailbox->domain, as_u_labels(arena, mailbox->domain)}};
    ret_keys->count = 0;
    struct bytes local = options->keep_case ? mailbox->local : lower(arena, mailbox->local);
    if (!mailbox->plain) {
        /* "john..doe" needs its quotes, but people write it without in tables. */
        bool unquoted = has_no_specials(local);
        if (!unquoted || has_odd_dots(local))
            add_key(&builder, quote(arena, local), SENDER_KEY_WHOLE, false);
        if (unquoted)
            add_key(&builder, local, SENDER_KEY_WHOLE, false);
        return;
    }
    add_key(&builder, local, SENDER_KEY_WHOLE, true);
    struct bytes stripped = sender_keys_strip(options->delimiters, local);
    if (stripped.len)
        add_key(&builder, stripped, SENDER_KEY_STRIPPED, false);
    add_key(&builder, (struct bytes){NULL, 0}, SENDER_KEY_DOMAIN, false);
}

bool sender_keys_read(struct arena *arena, struct bytes text, struct mailbox *ret_mailbox)
{
    if (bytes_find(text, '\0') < text.len)
        return false;
    if (address_parse_plain(arena, text, ret_mailbox))
        return true;
    size_t at = text.len;
    while (at && text.data[at - 1] != '@')
        at--;
    if (at < 2 || bytes_find(text, '"') < text.len)
        return false;
    const char *quoted = arena_printf(arena, "\"%.*s\"%.*s", (int)(at - 1), text.data,
                                      (int)(text.len - at + 1), text.data + at - 1);
    return quoted && address_parse_plain(arena, bytes_of(quoted), ret_mailbox);
}
