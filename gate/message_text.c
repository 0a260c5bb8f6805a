/* Cutting a message's text into fields and body. */
#include "gate/message_text.h"

#define BODY_PIECE 65535 /* as MTAs cut it */

struct text_lines {
    struct bytes rest;
    bool crlf;
};

static struct text_lines lines_of(struct bytes text)
{
    size_t first = bytes_find(text, '\n');
    bool crlf = first < text.len && first > 0 && text.data[first - 1] == '\r';
    return (struct text_lines){text, crlf};
}

/* Where the first line ends, its line end not counted, and how long that is. */
static size_t line_end(const struct text_lines *lines, size_t from, size_t *ret_end_len)
{
    struct bytes text = lines->rest;
    for (;;) {
        size_t at = from + bytes_find(bytes_slice(text, from, text.len), '\n');
        if (at >= text.len) {
            *ret_end_len = 0;
            return text.len;
        }
        if (!lines->crlf) {
            *ret_end_len = 1;
            return at;
        }
        if (at > 0 && text.data[at - 1] == '\r') {
            *ret_end_len = 2;
            return at - 1;
        }
        from = at + 1;
    }
}

static bool is_continuation(struct bytes text)
{
    return text.len && (text.data[0] == ' ' || text.data[0] == '\t');
}

/* Takes one field with its folds from the front; false at the end of the header block. */
static bool take_field(struct text_lines *lines, struct bytes *ret_field)
{
    size_t end_len;
    size_t end = line_end(lines, 0, &end_len);
    struct bytes line = bytes_slice(lines->rest, 0, end);
    if (!line.len || bytes_find(line, ':') == line.len)
        return false;
    size_t next = end + end_len;
    while (end_len && is_continuation(bytes_slice(lines->rest, next, lines->rest.len))) {
        end = line_end(lines, next, &end_len);
        next = end + end_len;
    }
    *ret_field = bytes_slice(lines->rest, 0, end);
    lines->rest = bytes_slice(lines->rest, next, lines->rest.len);
    return true;
}

static void skip_line(struct text_lines *lines)
{
    size_t end_len;
    size_t end = line_end(lines, 0, &end_len);
    lines->rest = bytes_slice(lines->rest, end + end_len, lines->rest.len);
}

/* The body of a file with LF line ends, as an MTA would send it: with CRLF, in pieces. */
static void feed_lf_body(struct message *message, struct bytes body)
{
    char piece[BODY_PIECE];
    size_t len = 0;
    for (size_t i = 0; i < body.len; i++) {
        if (len + 2 > sizeof piece) {
            message_body(message, (struct bytes){piece, len});
            len = 0;
        }
        if (body.data[i] == '\n')
            piece[len++] = '\r';
        piece[len++] = body.data[i];
    }
    message_body(message, (struct bytes){piece, len});
}

void message_feed_text(struct message *message, struct bytes text)
{
    struct text_lines lines = lines_of(text);
    struct bytes field;
    if (bytes_start_with_nocase(text, BYTES("From ")) &&
        bytes_find(text, ':') > bytes_find(text, ' ') + 1)
        skip_line(&lines);
    while (take_field(&lines, &field)) {
        size_t colon = bytes_find(field, ':');
        message_field(message, bytes_slice(field, 0, colon),
                      bytes_slice(field, colon + 1, field.len));
    }
    if (lines.rest.len &&
        (lines.rest.data[0] == '\n' || bytes_start_with_nocase(lines.rest, BYTES("\r\n"))))
        skip_line(&lines);
    if (lines.crlf)
        message_body(message, lines.rest);
    else
        feed_lf_body(message, lines.rest);
}
