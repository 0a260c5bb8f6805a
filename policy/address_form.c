/* Bringing an address field into the form that Sendmail leaves as it is, see the header. */
#include "policy/address_form.h"

#include "policy/address_form_mailbox.h"
#include "policy/address_form_token.h"

static const char *const fields[] = {
    "From",
    "Sender",
    "Reply-To",
    "Errors-To",
    "Disposition-Notification-To",
    "To",
    "Cc",
    "Apparently-To",
    "Resent-From",
    "Resent-Sender",
    "Resent-Reply-To",
    "Resent-To",
    "Resent-Cc",
};

bool address_form_matters(struct bytes name)
{
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (bytes_equal_nocase(name, bytes_of(fields[i])))
            return true;
    return false;
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

/* Everything between two commas. */
static void put_element(struct form *form, struct bytes text, char *room)
{
    struct bytes rest = {NULL, 0};
    size_t colon = text.len;
    bool closed = false;
    for (size_t at = 0, from = 0; at < text.len; from = at) {
        struct form_token token = form_token_next(text, &at);
        if (form_token_is(token, ':')) {
            form->unknown |= form->group;
            form->group = true;
            form->bare = false;
            colon = from;
        } else if (form_token_is(token, ';')) {
            form->unknown |= at < text.len;
            closed = true;
            rest = bytes_slice(text, from, text.len);
            text.len = from;
        }
    }
    if (colon < text.len)
        text = put_group_name(form, text, colon);
    form_put_mailbox(form, text, room);
    form_put(form, rest);
    if (closed)
        form->group = false;
}

/* --- the list
 * -------------------------------------------------------------------------------------
 */

/* Cuts the next element off; false: there is none. *ret_plain: a comma with a blank behind it
 * follows, or the end. */
static bool next_element(struct bytes value, size_t *at, bool *bad, struct bytes *ret_element,
                         bool *ret_plain)
{
    size_t from = *at;
    if (from >= value.len)
        return false;
    for (;;) {
        size_t end = *at;
        struct form_token token = form_token_next(value, at);
        *bad |= token.kind == FORM_BAD;
        if (token.kind != FORM_END && !form_token_is(token, ','))
            continue;
        *ret_element = bytes_trim(bytes_slice(value, from, end));
        *ret_plain = token.kind == FORM_END || (end > from && !form_is_blank(value.data[end - 1]) &&
                                                *at < value.len && form_is_blank(value.data[*at]));
        return true;
    }
}

static void put_list(struct form *form, struct bytes value, char *room)
{
    struct bytes element;
    bool plain;
    bool first = true;
    for (size_t at = 0; next_element(value, &at, &form->unknown, &element, &plain);) {
        form->changed |= !plain || !element.len;
        if (!element.len)
            continue;
        form_put(form, first ? BYTES(" ") : BYTES(",\n "));
        first = false;
        put_element(form, element, room);
    }
}

/* An escape takes three bytes for one; a comma, a fold and the host may come with each element. */
static size_t room_for(struct bytes value, struct bytes host)
{
    size_t elements = 1;
    for (size_t i = 0; i < value.len; i++)
        elements += value.data[i] == ',';
    return 3 * value.len + elements * (host.len + 8);
}

enum address_form address_form_of(struct arena *arena, struct bytes value, struct bytes host,
                                  struct bytes *ret_value)
{
    struct form form = {.host = host};
    if (!bytes_trim(value).len)
        return ADDRESS_FORM_STABLE;
    form.out = arena_alloc(arena, room_for(value, host));
    char *room = arena_alloc(arena, value.len);
    if (!form.out || !room)
        return ADDRESS_FORM_OTHER;
    put_list(&form, value, room);
    if (form.unknown || (form.group && form.bare) || !form.len)
        return ADDRESS_FORM_OTHER;
    if (!form.changed)
        return ADDRESS_FORM_STABLE;
    *ret_value = (struct bytes){form.out, form.len};
    return ADDRESS_FORM_MENDED;
}
