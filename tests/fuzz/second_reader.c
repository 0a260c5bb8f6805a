/* Reading address fields by marks: each byte of the value is text, quoted text, or nothing. */
#include "tests/fuzz/second_reader.h"

#include <idn2.h>
#include <stdlib.h>
#include <strings.h>
#include <uninorm.h>

enum mark { MARK_NONE, MARK_TEXT, MARK_QUOTED };

/* Comments, quotes, backslashes and line ends become nothing. */
static void set_marks(struct bytes value, char *marks)
{
    int comments = 0;
    bool quoted = false;
    for (size_t i = 0; i < value.len; i++) {
        char byte = value.data[i];
        marks[i] = MARK_NONE;
        if (byte == '\\' && (quoted || comments) && i + 1 < value.len) {
            i++;
            marks[i] = comments ? MARK_NONE : MARK_QUOTED;
        } else if (quoted) {
            marks[i] = byte == '"' || byte == '\r' || byte == '\n' ? MARK_NONE : MARK_QUOTED;
            quoted = byte != '"';
        } else if (byte == '(' || (byte == ')' && comments)) {
            comments += byte == '(' ? 1 : -1;
        } else if (!comments && byte == '"') {
            quoted = true;
        } else if (!comments && byte != '\r' && byte != '\n') {
            marks[i] = MARK_TEXT;
        }
    }
}

struct marked {
    const char *data, *marks;
    size_t len;
};

static struct marked slice(struct marked text, size_t from, size_t to)
{
    return (struct marked){text.data + from, text.marks + from, to - from};
}

static size_t find(struct marked text, char byte)
{
    size_t at = 0;
    while (at < text.len && (text.marks[at] != MARK_TEXT || text.data[at] != byte))
        at++;
    return at;
}

static size_t find_last(struct marked text, char byte)
{
    size_t at = text.len;
    while (at && (text.marks[at - 1] != MARK_TEXT || text.data[at - 1] != byte))
        at--;
    return at ? at - 1 : text.len;
}

static bool is_blank(struct marked text, size_t at)
{
    return text.marks[at] == MARK_NONE ||
           (text.marks[at] == MARK_TEXT && (text.data[at] == ' ' || text.data[at] == '\t'));
}

/* What is left of it, without the blanks at both ends. */
static struct bytes squeeze(struct marked text, char **room)
{
    while (text.len && is_blank(text, 0))
        text = slice(text, 1, text.len);
    while (text.len && is_blank(text, text.len - 1))
        text.len--;
    struct bytes out = {*room, 0};
    for (size_t i = 0; i < text.len; i++)
        if (text.marks[i] != MARK_NONE)
            (*room)[out.len++] = text.data[i];
    *room += out.len;
    return out;
}

static bool is_empty(struct marked text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!is_blank(text, i))
            return false;
    return true;
}

static bool read_mailbox(struct marked text, char **room, struct second_mailbox *mailbox)
{
    size_t open = find(text, '<');
    if (open < text.len) {
        text = slice(text, open + 1, text.len);
        text.len = find(text, '>');
    }
    size_t at = find_last(text, '@');
    mailbox->local = squeeze(slice(text, 0, at), room);
    mailbox->domain = (struct bytes){NULL, 0};
    if (at < text.len)
        mailbox->domain = squeeze(slice(text, at + 1, text.len), room);
    return mailbox->local.len > 0;
}

/* Where the piece ends: a comma between angle brackets divides nothing. */
static size_t piece_end(struct marked text)
{
    bool angle = false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.marks[i] != MARK_TEXT)
            continue;
        if (text.data[i] == ',' && !angle)
            return i;
        if (text.data[i] == '<' || text.data[i] == '>')
            angle = text.data[i] == '<';
    }
    return text.len;
}

bool second_reader_read(struct bytes value, struct second_list *ret_list)
{
    char *marks = malloc(value.len + 1);
    char *room = malloc(value.len + 1);
    ret_list->room = room;
    ret_list->count = 0;
    if (!marks || !room)
        abort();
    set_marks(value, marks);
    struct marked rest = {value.data, marks, value.len};
    bool good = true;
    while (good && rest.len) {
        size_t end = piece_end(rest);
        struct marked piece = slice(rest, 0, end);
        rest = slice(rest, end < rest.len ? end + 1 : end, rest.len);
        if (is_empty(piece))
            continue;
        good = ret_list->count < SECOND_MAILBOXES_MAX &&
               read_mailbox(piece, &room, &ret_list->mailboxes[ret_list->count]);
        ret_list->count += good;
    }
    free(marks);
    return good;
}

void second_reader_done(struct second_list *list)
{
    free(list->room);
}

static bool same_local(struct bytes second, struct bytes first)
{
    size_t len = 0;
    uint8_t *text = u8_normalize(UNINORM_NFC, (const uint8_t *)second.data, second.len, NULL, &len);
    bool same = text && len == first.len && strncasecmp((char *)text, first.data, len) == 0;
    free(text);
    return same;
}

static bool same_domain(struct bytes second, struct bytes first)
{
    char text[1024];
    uint8_t *labels = NULL;
    if (second.len == first.len && strncasecmp(second.data, first.data, first.len) == 0)
        return true;
    if (!second.len || second.len >= sizeof text)
        return false;
    memcpy(text, second.data, second.len);
    text[second.len] = '\0';
    bool same = idn2_lookup_u8((const uint8_t *)text, &labels,
                               IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) == IDN2_OK &&
                strlen((char *)labels) == first.len &&
                strncasecmp((char *)labels, first.data, first.len) == 0;
    idn2_free(labels);
    return same;
}

bool second_reader_same(const struct second_mailbox *second, const struct mailbox *first)
{
    return same_local(second->local, first->local) && same_domain(second->domain, first->domain);
}
