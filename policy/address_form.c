/* Bringing an address field into the form that Sendmail leaves as it is, see the header. */
#include "policy/address_form.h"

#include <string.h>

#include "policy/address_form_token.h"

struct form {
    struct bytes host;
    char *out; /* has room for all that is written */
    size_t len;
    bool group;   /* behind "name:", its ";" has not come yet ... */
    bool bare;    /* ... and an address without angle brackets stood in it */
    bool changed; /* out differs from what came, by more than white space */
    bool unknown; /* what Sendmail makes of it is not known */
};

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

static void put(struct form *form, struct bytes text)
{
    if (text.len)
        memcpy(form->out + form->len, text.data, text.len);
    form->len += text.len;
}

static void put_byte(struct form *form, char byte)
{
    form->out[form->len++] = byte;
}

static bool has_special(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (form_must_quote(text.data[i]))
            return true;
    return false;
}

/* --- the address
 * ----------------------------------------------------------------------------------
 */

/* The "@" before the domain, or text.len. */
static size_t last_at(struct bytes text)
{
    size_t found = text.len;
    for (size_t at = 0; at < text.len;) {
        size_t here = at;
        struct form_token token = form_token_next(text, &at);
        for (; token.kind != FORM_QUOTED && here < at; here++)
            if (text.data[here] == '@')
                found = here;
    }
    return found;
}

/* What may stand alone for a mailbox of Sendmail's own host. */
static bool is_local_name(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] <= ' ' || strchr("\"()<>[]:;@\\,!%", text.data[i]))
            return false;
    return text.len > 0;
}

/* An address without blanks and comments around it. */
static void put_address(struct form *form, struct bytes text)
{
    size_t at = last_at(text);
    struct bytes domain = bytes_slice(text, at + 1, text.len);
    if (!text.len)
        return;
    bool complete = at < text.len;
    if (text.data[0] == '@' || (complete && !domain.len) || (!complete && !is_local_name(text))) {
        form->unknown = true;
        return;
    }
    if (!complete || bytes_equal_nocase(domain, BYTES("localhost"))) {
        form->unknown |= !form->host.len;
        form->changed = true;
        domain = form->host;
    } else if (domain.data[domain.len - 1] == '.') {
        form->changed = true;
        domain.len--;
    }
    put(form, bytes_slice(text, 0, at));
    put_byte(form, '@');
    put(form, domain);
}

/* Without the blanks that stand outside of quotes; a comment in it moves, nobody knows where to. */
static struct bytes without_blanks(struct form *form, struct bytes text, char *room)
{
    struct bytes bare = {room, 0};
    for (size_t at = 0; at < text.len;) {
        struct form_token token = form_token_next(text, &at);
        if (token.kind == FORM_BLANK) {
            form->changed = true;
            continue;
        }
        form->unknown |= token.kind == FORM_COMMENT || token.kind == FORM_BAD ||
                         token.kind == FORM_SPECIAL || token.kind == FORM_WORD;
        memcpy(room + bare.len, token.text.data, token.text.len);
        bare.len += token.text.len;
    }
    return bare;
}

/* --- the name before it
 * ---------------------------------------------------------------------------
 */

/* Atoms and the blanks between them; in quotes where one has to be. */
static void put_run(struct form *form, struct bytes run)
{
    size_t at = 0;
    if (!has_special(run)) {
        put(form, run);
        return;
    }
    form->changed = true;
    put_byte(form, '"');
    while (at < run.len) {
        struct form_token token = form_token_next(run, &at);
        if (token.kind == FORM_BLANK)
            put_byte(form, ' ');
        else
            put(form, token.text);
    }
    /* A backslash that hides our quotation mark */
    form->unknown |= form->out[form->len - 1] == '\\';
    put_byte(form, '"');
}

/* Its special characters encoded too, as RFC 2047 section 5 (3) has them in a name. */
static void put_word(struct form *form, struct bytes word)
{
    static const char hex[] = "0123456789ABCDEF";
    if (!has_special(word)) {
        put(form, word);
        return;
    }
    size_t charset = 2 + bytes_find(bytes_slice(word, 2, word.len), '?');
    bool q = bytes_lower(word.data[charset + 1]) == 'q' && word.data[charset + 2] == '?';
    form->unknown |= !q || has_special(bytes_slice(word, 0, charset));
    form->changed = true;
    for (size_t i = 0; i < word.len; i++) {
        unsigned char byte = (unsigned char)word.data[i];
        if (!form_must_quote(word.data[i]) && !strchr("\"<>", byte)) {
            put_byte(form, word.data[i]);
            continue;
        }
        put_byte(form, '=');
        put_byte(form, hex[byte >> 4]);
        put_byte(form, hex[byte & 15]);
    }
}

static void put_name(struct form *form, struct bytes text)
{
    size_t written = 0; /* up to here */
    size_t run = 0;     /* where a run of atoms began ... */
    size_t run_end = 0; /* ... and ends; 0: there is none */
    for (size_t at = 0, from = 0;; from = at) {
        struct form_token token = form_token_next(text, &at);
        if (token.kind == FORM_BLANK)
            continue;
        if (token.kind == FORM_ATOM) {
            if (!run_end) {
                put(form, bytes_slice(text, written, from));
                run = from;
            }
            written = run_end = at;
            continue;
        }
        if (run_end)
            put_run(form, bytes_slice(text, run, run_end));
        put(form, bytes_slice(text, written, from));
        run_end = 0;
        written = at;
        if (token.kind == FORM_END)
            return;
        if (token.kind == FORM_WORD)
            put_word(form, token.text);
        else
            put(form, token.text);
    }
}

/* --- one element of the list
 * ----------------------------------------------------------------------
 */

/* What stands beside an address stays as it is, where nothing in it has to be quoted. */
static void put_beside(struct form *form, struct bytes text)
{
    for (size_t at = 0; at < text.len;) {
        struct form_token token = form_token_next(text, &at);
        form->unknown |=
            (token.kind == FORM_ATOM || token.kind == FORM_WORD) && has_special(token.text);
        form->unknown |= token.kind == FORM_ANGLE || token.kind == FORM_SPECIAL;
    }
    put(form, text);
}

/* name <address>. Inside its brackets the address is cut anew. */
static void put_angle(struct form *form, struct bytes text, size_t from, size_t to, char *room)
{
    struct bytes inner = bytes_slice(text, from + 1, to - 1);
    put_name(form, bytes_slice(text, 0, from));
    put_byte(form, '<');
    put_address(form, without_blanks(form, inner, room));
    put_byte(form, '>');
    put_beside(form, bytes_slice(text, to, text.len));
}

/* Between an address and a comment. */
static void put_blank_where_none(struct form *form, struct bytes text, size_t at)
{
    if (at == 0 || at == text.len || form_is_blank(text.data[at - 1]) ||
        form_is_blank(text.data[at]))
        return;
    form->changed = true;
    put_byte(form, ' ');
}

/* address, with comments beside it. */
static void put_bare(struct form *form, struct bytes text)
{
    size_t first = 0;
    size_t end = 0; /* of the address; 0: it has not begun */
    for (size_t at = 0, from = 0; at < text.len; from = at) {
        struct form_token token = form_token_next(text, &at);
        form->unknown |= token.kind == FORM_WORD;
        if (token.kind != FORM_ATOM && token.kind != FORM_QUOTED)
            continue;
        form->unknown |= end && end != from; /* a second word */
        if (!end)
            first = from;
        end = at;
    }
    form->unknown |= text.len && !end;
    put(form, bytes_slice(text, 0, first));
    put_blank_where_none(form, text, first);
    put_address(form, bytes_slice(text, first, end));
    put_blank_where_none(form, text, end);
    put(form, bytes_slice(text, end, text.len));
}

static void put_mailbox(struct form *form, struct bytes text, char *room)
{
    for (size_t at = 0, from = 0; at < text.len; from = at)
        if (form_token_next(text, &at).kind == FORM_ANGLE) {
            put_angle(form, text, from, at, room);
            return;
        }
    form->bare |= text.len > 0;
    put_bare(form, text);
}

/* A group's name, its colon and the blanks behind it; what is left is a mailbox, or nothing. */
static struct bytes put_group_name(struct form *form, struct bytes text, size_t colon)
{
    size_t end = colon + 1;
    while (end < text.len && form_is_blank(text.data[end]))
        end++;
    put_beside(form, bytes_slice(text, 0, colon));
    put(form, bytes_slice(text, colon, end));
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
    put_mailbox(form, text, room);
    put(form, rest);
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
        put(form, first ? BYTES(" ") : BYTES(",\n "));
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
