/* Cutting names, see the header. */
#include "policy/address_form_short.h"

#include <string.h>

#include "policy/address.h"
#include "policy/address_form_token.h"

#define ELEMENT_MOST ((size_t)254)
#define WORD_BYTES ((size_t)45) /* of an encoded word that is no longer than 75 (RFC 2047) */
#define WORD_AROUND (sizeof "=?utf-8?B?" - 1 + sizeof "?=" - 1)

size_t form_weight(struct bytes text)
{
    size_t weight = text.len;
    for (size_t i = 0; i < text.len; i++)
        weight += (text.data[i] & 0xe0) == 0x80;
    return weight;
}

static bool is_plain(struct bytes name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.data[i] < ' ' || name.data[i] > '~')
            return false;
    return bytes_find_nocase(name, BYTES("=?")) == name.len;
}

static bool has_control(struct bytes name)
{
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.data[i] < ' ' || name.data[i] == 0x7f)
            return true;
    return false;
}

/* What stands in angle brackets, or the address that comments stand beside. */
static struct bytes address_in(struct bytes mailbox)
{
    size_t first = 0;
    size_t end = 0;
    for (size_t at = 0, from = 0; at < mailbox.len; from = at) {
        struct form_token token = form_token_next(mailbox, &at);
        if (token.kind == FORM_ANGLE)
            return bytes_slice(token.text, 1, token.text.len - 1);
        if (token.kind != FORM_ATOM && token.kind != FORM_QUOTED)
            continue;
        if (!end)
            first = from;
        end = at;
    }
    return bytes_slice(mailbox, first, end);
}

/* In quotes. Returns what it has taken of the name. */
static size_t put_quoted(struct form *form, struct bytes name, size_t room)
{
    size_t taken = 0;
    if (room < 4 || !name.len)
        return 0;
    form_put(form, BYTES("\""));
    for (room -= 2; taken < name.len; taken++) {
        bool escaped = name.data[taken] == '"' || name.data[taken] == '\\';
        size_t needed = escaped ? 2 : 1;
        if (needed > room)
            break;
        room -= needed;
        if (escaped)
            form_put(form, BYTES("\\"));
        form_put(form, bytes_slice(name, taken, taken + 1));
    }
    form_put(form, BYTES("\""));
    return taken;
}

static void put_base64(struct form *form, struct bytes text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < text.len; i += 3) {
        char quad[4];
        unsigned long bits = 0;
        for (size_t j = 0; j < 3; j++)
            bits = bits << 8 | (i + j < text.len ? (unsigned char)text.data[i + j] : 0U);
        for (size_t j = 0; j < 4; j++)
            quad[j] = i + j > text.len ? '=' : digits[bits >> (18 - 6 * j) & 63];
        form_put(form, (struct bytes){quad, 4});
    }
}

/* As much of a text of UTF-8 as does not end within a character. */
static struct bytes whole_characters(struct bytes text, size_t most)
{
    size_t end = text.len < most ? text.len : most;
    while (end && end < text.len && (text.data[end] & 0xc0) == 0x80)
        end--;
    return bytes_slice(text, 0, end);
}

/* In encoded words. Returns what it has taken of the name. */
static size_t put_encoded(struct form *form, struct bytes name, size_t room)
{
    size_t taken = 0;
    while (taken < name.len && room > WORD_AROUND) {
        size_t most = (room - WORD_AROUND) / 4 * 3;
        struct bytes piece = whole_characters(bytes_slice(name, taken, name.len),
                                              most < WORD_BYTES ? most : WORD_BYTES);
        if (!piece.len)
            break;
        size_t start = form->len;
        form_put(form, taken ? BYTES(" =?utf-8?B?") : BYTES("=?utf-8?B?"));
        put_base64(form, piece);
        form_put(form, BYTES("?="));
        taken += piece.len;
        size_t used = form->len - start + 1; /* the next one comes behind a blank */
        room = used < room ? room - used : 0;
    }
    return taken;
}

/* As name <address>, in that many bytes. */
static bool put_short(struct form *form, struct bytes mailbox, size_t most)
{
    struct address_list list;
    struct bytes address = address_in(mailbox);
    size_t needed = form_weight(address) + 2;
    address_parse_list(form->arena, mailbox, &list);
    if (list.reading != ADDRESS_AGREED || list.count != 1 || needed > most)
        return false;
    struct bytes name = bytes_trim(list.mailboxes[0].display);
    if (has_control(name))
        return false;
    size_t room = most - needed; /* with the blank behind the name */
    if (room &&
        (is_plain(name) ? put_quoted(form, name, room - 1) : put_encoded(form, name, room - 1)))
        form_put(form, BYTES(" "));
    form_put(form, BYTES("<"));
    form_put(form, address);
    form_put(form, BYTES(">"));
    return true;
}

void form_shorten(struct form *form, size_t element, size_t mailbox, size_t rest)
{
    struct bytes all = {form->out, form->len};
    size_t before = form_weight(bytes_slice(all, element, mailbox)) + rest;
    struct bytes written = bytes_slice(all, mailbox, form->len);
    if (before + form_weight(written) <= ELEMENT_MOST || form->unknown)
        return;
    struct bytes copy = arena_bytes(form->arena, written);
    form->len = mailbox;
    form->changed = true;
    if (!copy.data || before > ELEMENT_MOST || !put_short(form, copy, ELEMENT_MOST - before))
        form->unknown = true;
}
