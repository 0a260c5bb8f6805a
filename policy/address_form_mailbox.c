/* Names and addresses, see the header. */
#include "policy/address_form_mailbox.h"

#include <string.h>

#include "policy/address_form_token.h"

void form_put(struct form *form, struct bytes text)
{
    if (text.len > form->room - form->len) {
        form->unknown = true;
        return;
    }
    if (text.len)
        memcpy(form->out + form->len, text.data, text.len);
    form->len += text.len;
}

static void form_put_byte(struct form *form, char byte)
{
    form_put(form, (struct bytes){&byte, 1});
}

static bool has_special(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (form_must_quote(text.data[i]))
            return true;
    return false;
}

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

static bool ends_in_dot(struct bytes domain)
{
    return domain.len && domain.data[domain.len - 1] == '.';
}

/* A bracket that none has opened: Sendmail drops it. */
static bool has_lone_bracket(struct bytes text)
{
    for (size_t at = 0; at < text.len;) {
        struct form_token token = form_token_next(text, &at);
        if (token.kind != FORM_QUOTED && (bytes_find(token.text, '>') < token.text.len ||
                                          bytes_find(token.text, ')') < token.text.len))
            return true;
    }
    return false;
}

/* An address without blanks and comments around it. */
static void put_address(struct form *form, struct bytes text)
{
    size_t at = last_at(text);
    struct bytes domain = bytes_slice(text, at + 1, text.len);
    if (!text.len)
        return;
    bool complete = at < text.len;
    if (ends_in_dot(domain)) {
        form->changed = true;
        domain.len--;
    }
    if (text.data[0] == '@' || (complete && (!domain.len || ends_in_dot(domain))) ||
        (!complete && !is_local_name(text)) || has_lone_bracket(text)) {
        form->unknown = true;
        return;
    }
    if (!complete || bytes_equal_nocase(domain, BYTES("localhost"))) {
        form->unknown |= !form->host.len;
        form->changed = true;
        domain = form->host;
    }
    form_put(form, bytes_slice(text, 0, at));
    form_put_byte(form, '@');
    form_put(form, domain);
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
        form->unknown |= token.kind != FORM_ATOM && token.kind != FORM_QUOTED;
        form->unknown |= token.kind == FORM_ATOM && bytes_find(token.text, '\\') < token.text.len;
        memcpy(room + bare.len, token.text.data, token.text.len);
        bare.len += token.text.len;
    }
    return bare;
}

/* Atoms and the blanks between them; in quotes where one has to be. */
static void put_run(struct form *form, struct bytes run)
{
    size_t at = 0;
    if (!has_special(run)) {
        form_put(form, run);
        return;
    }
    form->changed = true;
    form_put_byte(form, '"');
    while (at < run.len) {
        struct form_token token = form_token_next(run, &at);
        /* A backslash hides what follows: a blank, or our quotation mark */
        char last = token.text.data[token.text.len - 1];
        form->unknown |= token.kind == FORM_ATOM && (last == '\\' || form_is_blank(last));
        if (token.kind == FORM_BLANK)
            form_put_byte(form, ' ');
        else
            form_put(form, token.text);
    }
    form_put_byte(form, '"');
}

/* Its special characters encoded too, as RFC 2047 section 5 (3) has them in a name. */
static void put_word(struct form *form, struct bytes word)
{
    static const char hex[] = "0123456789ABCDEF";
    if (!has_special(word)) {
        form_put(form, word);
        return;
    }
    size_t charset = 2 + bytes_find(bytes_slice(word, 2, word.len), '?');
    bool q = bytes_lower(word.data[charset + 1]) == 'q' && word.data[charset + 2] == '?';
    form->unknown |= !q || has_special(bytes_slice(word, 0, charset));
    form->changed = true;
    for (size_t i = 0; i < word.len; i++) {
        unsigned char byte = (unsigned char)word.data[i];
        if (!form_must_quote(word.data[i]) && !strchr("\"<>", byte)) {
            form_put_byte(form, word.data[i]);
            continue;
        }
        form_put_byte(form, '=');
        form_put_byte(form, hex[byte >> 4]);
        form_put_byte(form, hex[byte & 15]);
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
                form_put(form, bytes_slice(text, written, from));
                run = from;
            }
            written = run_end = at;
            continue;
        }
        if (run_end)
            put_run(form, bytes_slice(text, run, run_end));
        form_put(form, bytes_slice(text, written, from));
        run_end = 0;
        written = at;
        if (token.kind == FORM_END)
            return;
        if (token.kind == FORM_WORD)
            put_word(form, token.text);
        else
            form_put(form, token.text);
    }
}

void form_put_beside(struct form *form, struct bytes text)
{
    for (size_t at = 0; at < text.len;) {
        struct form_token token = form_token_next(text, &at);
        form->unknown |=
            (token.kind == FORM_ATOM || token.kind == FORM_WORD) && has_special(token.text);
        form->unknown |= token.kind == FORM_ANGLE || token.kind == FORM_SPECIAL;
    }
    form_put(form, text);
}

/* name <address>. Inside its brackets the address is cut anew. */
static void put_angle(struct form *form, struct bytes text, size_t from, size_t to, char *room)
{
    struct bytes inner = bytes_slice(text, from + 1, to - 1);
    put_name(form, bytes_slice(text, 0, from));
    form_put_byte(form, '<');
    put_address(form, without_blanks(form, inner, room));
    form_put_byte(form, '>');
    form_put_beside(form, bytes_slice(text, to, text.len));
}

/* Between an address and a comment. */
static void put_blank_where_none(struct form *form, struct bytes text, size_t at)
{
    if (at == 0 || at == text.len || form_is_blank(text.data[at - 1]) ||
        form_is_blank(text.data[at]))
        return;
    form->changed = true;
    form_put_byte(form, ' ');
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
    if (!end) { /* comments, such as "(Recipient list suppressed)" */
        form_put(form, text);
        return;
    }
    form->unknown |= form->group && bytes_find(text, ':') < text.len;
    form_put(form, bytes_slice(text, 0, first));
    put_blank_where_none(form, text, first);
    put_address(form, bytes_slice(text, first, end));
    put_blank_where_none(form, text, end);
    form_put(form, bytes_slice(text, end, text.len));
}

void form_put_mailbox(struct form *form, struct bytes text, char *room)
{
    for (size_t at = 0, from = 0; at < text.len; from = at)
        if (form_token_next(text, &at).kind == FORM_ANGLE) {
            put_angle(form, text, from, at, room);
            return;
        }
    put_bare(form, text);
}
