/* Reading SMTP replies. */
#include "ctl/verify/smtp_reply.h"

#include <stdio.h>
#include <string.h>

void smtp_reply_start(struct smtp_reply_reader *reader)
{
    reader->len = reader->size = 0;
    reader->begun = false;
    reader->reply = (struct smtp_reply){0};
}

void smtp_reply_append_printable(char *buffer, size_t size, struct bytes text)
{
    size_t len = strlen(buffer);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        bool plain = byte >= 0x20 && byte < 0x7f;
        size_t need = plain ? 1 : 4;
        if (size - len <= need)
            return;
        snprintf(buffer + len, size - len, plain ? "%c" : "\\x%02x", byte);
        len += need;
    }
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* "250-text", "250 text" or "250". */
static enum smtp_reply_state take_line(struct smtp_reply_reader *reader)
{
    struct bytes line = {reader->line, reader->len};
    struct smtp_reply *reply = &reader->reply;
    reader->len = 0;
    if (line.len && line.data[line.len - 1] == '\r')
        line.len--;
    if (line.len < 3 || line.data[0] < '2' || line.data[0] > '5' || !is_digit(line.data[1]) ||
        !is_digit(line.data[2]) || (line.len > 3 && line.data[3] != '-' && line.data[3] != ' '))
        return SMTP_REPLY_GARBAGE;
    int code = (line.data[0] - '0') * 100 + (line.data[1] - '0') * 10 + (line.data[2] - '0');
    if (reader->begun && code != reply->code)
        return SMTP_REPLY_GARBAGE;
    if (reader->begun)
        smtp_reply_append_printable(reply->text, sizeof reply->text, BYTES(" "));
    else
        smtp_reply_append_printable(reply->text, sizeof reply->text, bytes_slice(line, 0, 4));
    smtp_reply_append_printable(reply->text, sizeof reply->text, bytes_slice(line, 4, line.len));
    reply->code = code;
    reader->begun = line.len > 3 && line.data[3] == '-';
    if (reply->text[3] == '-')
        reply->text[3] = ' ';
    return reader->begun ? SMTP_REPLY_MORE : SMTP_REPLY_WHOLE;
}

enum smtp_reply_state smtp_reply_feed(struct smtp_reply_reader *reader, struct bytes text,
                                      size_t *ret_taken)
{
    for (size_t i = 0; i < text.len; i++) {
        *ret_taken = i + 1;
        if (reader->size++ == SMTP_REPLY_SIZE_MAX)
            return SMTP_REPLY_GARBAGE;
        if (text.data[i] != '\n') {
            /* The rest of an over-long line is passed over. */
            if (reader->len < sizeof reader->line)
                reader->line[reader->len++] = text.data[i];
            continue;
        }
        enum smtp_reply_state state = take_line(reader);
        if (state != SMTP_REPLY_MORE)
            return state;
    }
    *ret_taken = text.len;
    return SMTP_REPLY_MORE;
}

bool smtp_reply_positive(const struct smtp_reply *reply)
{
    return reply->code >= 200 && reply->code < 400;
}

bool smtp_reply_permanent(const struct smtp_reply *reply)
{
    return reply->code >= 500;
}

/* Of a rule's or a reason's name. */
static bool is_mark_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || is_digit(byte) || byte == '_' || byte == '-';
}

struct bytes smtp_reply_mark(const struct smtp_reply *reply)
{
    static const struct bytes none;
    const char *open = strrchr(reply->text, '[');
    size_t len = strlen(reply->text);
    if (!open || reply->text[len - 1] != ']')
        return none;
    struct bytes rest = bytes_of(open + 1);
    size_t dots = 0, end = 0;
    for (; end < rest.len && (is_mark_byte(rest.data[end]) || rest.data[end] == '.'); end++)
        dots += rest.data[end] == '.';
    if (dots != 1 || end == 0 || end + 2 >= rest.len || rest.data[end] != ' ')
        return none;
    for (size_t i = end + 1; i + 1 < rest.len; i++)
        if (!is_digit(rest.data[i]) && (rest.data[i] < 'A' || rest.data[i] > 'Z'))
            return none;
    return bytes_slice(rest, 0, end);
}

struct bytes smtp_reply_status(const struct smtp_reply *reply)
{
    struct bytes text = bytes_slice(bytes_of(reply->text), 4, SMTP_REPLY_TEXT_MAX);
    size_t end = bytes_find(text, ' ');
    size_t dots = 0;
    for (size_t i = 0; i < end; i++) {
        dots += text.data[i] == '.';
        if (!is_digit(text.data[i]) && text.data[i] != '.')
            return (struct bytes){NULL, 0};
    }
    return dots == 2 ? bytes_slice(text, 0, end) : (struct bytes){NULL, 0};
}
