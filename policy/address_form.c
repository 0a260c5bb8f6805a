/* Bringing an address field into the form that Sendmail leaves as it is, see the header. */
#include "policy/address_form.h"

#include <string.h>

#include "policy/address_form_mailbox.h"
#include "policy/address_form_short.h"
#include "policy/address_form_token.h"

static const char *const always_signed[] = {
    "From", "Sender", "Reply-To", "Resent-From", "Resent-Sender", NULL,
};

static const char *const others[] = {
    "Errors-To",
    "Disposition-Notification-To",
    "To",
    "Cc",
    "Apparently-To",
    "Resent-Reply-To",
    "Resent-To",
    "Resent-Cc",
    NULL,
};

static bool is_one_of(const char *const *names, struct bytes name)
{
    for (; *names; names++)
        if (bytes_equal_nocase(name, bytes_of(*names)))
            return true;
    return false;
}

bool address_form_matters(struct bytes name)
{
    return is_one_of(always_signed, name) || is_one_of(others, name);
}

bool address_form_may_stay_unsigned(struct bytes name)
{
    return is_one_of(others, name);
}

/* A group's name, its colon and the blanks behind it; what is left is a mailbox, or nothing. */
static struct bytes put_group_name(struct form *form, struct bytes text, size_t colon)
{
    size_t end = colon + 1;
    while (end < text.len && form_is_blank(text.data[end]))
        end++;
    form_put_beside(form, bytes_slice(text, 0, colon));
    form_put(form, bytes_slice(text, colon, end));
    return bytes_slice(text, end, text.len);
}

/* An element's parts: "name:" of a group that begins, its mailbox, ";" of one that ends. */
struct element {
    size_t colon;   /* text.len: no group begins here */
    size_t mailbox; /* where it ends, and the group with it */
};

static struct element parts_of(struct form *form, struct bytes text)
{
    struct element parts = {text.len, text.len};
    bool closed = false;
    for (size_t at = 0, from = 0; at < text.len; from = at) {
        struct form_token token = form_token_next(text, &at);
        form->unknown |= closed && token.kind != FORM_BLANK && token.kind != FORM_COMMENT;
        if (form_token_is(token, ':') && !closed) {
            form->unknown |= form->group;
            form->group = true;
            parts.colon = from;
        } else if (form_token_is(token, ';') && !closed) {
            closed = true;
            parts.mailbox = from;
        }
    }
    return parts;
}

/* Everything between two commas. */
static void put_element(struct form *form, struct bytes text, char *room)
{
    size_t start = form->len;
    struct element parts = parts_of(form, text);
    struct bytes rest = bytes_slice(text, parts.mailbox, text.len);
    text.len = parts.mailbox;
    if (parts.colon < text.len)
        text = put_group_name(form, text, parts.colon);
    size_t mailbox = form->len;
    form_put_mailbox(form, text, room);
    form_shorten(form, start, mailbox, form_weight(rest));
    form_put(form, rest);
    if (rest.len)
        form->group = false;
}

/* Cuts the next element off; false: there is none. *ret_plain: a comma with a blank behind it
 * follows, or the end. A semicolon that ends no group is meant as a comma. */
static bool next_element(struct bytes value, size_t *at, struct form *form,
                         struct bytes *ret_element, bool *ret_plain)
{
    bool group = form->group;
    size_t from = *at;
    if (from >= value.len)
        return false;
    for (;;) {
        size_t end = *at;
        struct form_token token = form_token_next(value, at);
        form->unknown |= token.kind == FORM_BAD;
        bool semicolon = form_token_is(token, ';') && !group;
        group = (group || form_token_is(token, ':')) && !form_token_is(token, ';');
        if (token.kind != FORM_END && !form_token_is(token, ',') && !semicolon)
            continue;
        *ret_element = bytes_trim(bytes_slice(value, from, end));
        *ret_plain = token.kind == FORM_END ||
                     (!semicolon && end > from && !form_is_blank(value.data[end - 1]) &&
                      *at < value.len && form_is_blank(value.data[*at]));
        return true;
    }
}

static void put_list(struct form *form, struct bytes value, char *room)
{
    struct bytes element;
    bool plain;
    bool first = true;
    for (size_t at = 0; next_element(value, &at, form, &element, &plain);) {
        form->changed |= !plain || !element.len;
        if (!element.len)
            continue;
        form_put(form, first ? BYTES(" ") : BYTES(",\n "));
        first = false;
        put_element(form, element, room);
    }
}

/* Where none of the message's fields has one of these characters, Sendmail may take each blank for
 * a comma. */
static bool may_be_cut_at_blanks(struct bytes value)
{
    bool blank = false;
    value = bytes_trim(value);
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] && strchr(",;<(", value.data[i]))
            return false;
        blank |= form_is_blank(value.data[i]);
    }
    return blank;
}

/* An escape takes three bytes for one; a comma, a fold and the host may come with each element, and
 * a semicolon may end one as a comma does. */
static size_t room_for(struct bytes value, struct bytes host)
{
    size_t elements = 1;
    for (size_t i = 0; i < value.len; i++)
        elements += value.data[i] == ',' || value.data[i] == ';';
    return 3 * value.len + elements * (host.len + 8);
}

static enum address_form mend(struct arena *arena, struct bytes value, struct bytes host,
                              struct bytes *ret_value)
{
    struct form form = {.arena = arena, .host = host, .room = room_for(value, host)};
    if (!bytes_trim(value).len)
        return ADDRESS_FORM_STABLE;
    form.out = arena_alloc(arena, form.room);
    char *room = arena_alloc(arena, value.len);
    if (!form.out || !room)
        return ADDRESS_FORM_OTHER;
    put_list(&form, value, room);
    form.unknown |= form.group && may_be_cut_at_blanks(value);
    if (form.unknown || !form.len || arena_failed(arena))
        return ADDRESS_FORM_OTHER;
    if (!form.changed)
        return ADDRESS_FORM_STABLE;
    *ret_value = (struct bytes){form.out, form.len};
    return ADDRESS_FORM_MENDED;
}

/* What is joined or left out can come to mean something else: then nobody knows where it ends. */
enum address_form address_form_of(struct arena *arena, struct bytes value, struct bytes host,
                                  struct bytes *ret_value)
{
    struct bytes again;
    enum address_form form = mend(arena, value, host, ret_value);
    if (form != ADDRESS_FORM_MENDED)
        return form;
    return mend(arena, *ret_value, host, &again) == ADDRESS_FORM_STABLE ? ADDRESS_FORM_MENDED
                                                                        : ADDRESS_FORM_OTHER;
}
