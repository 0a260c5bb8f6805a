/* Cutting a text into logical lines. */
#include "tables/lines.h"
#include "policy/shell.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistr.h>

bool lines_error(const struct lines *lines, const struct line *line, struct error *error,
                 const char *format, ...)
{
    char text[sizeof error->text];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return error_set(error, "%s:%u: %s", lines->path, line->number, text);
}

bool lines_init(struct lines *lines, const char *path, char *text, size_t len, struct error *error)
{
    bool is_text = !memchr(text, '\0', len) && !u8_check((const uint8_t *)text, len);
    *lines = (struct lines){.path = path, .at = text, .end = text + len, .is_text = is_text};
    if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
        return error_set(error,
                         "%s:1: the file begins with a byte order mark, which Postfix takes for a "
                         "part of the first key. Try: sed -i '1s/^\\xef\\xbb\\xbf//' %s",
                         path, shell_word(path).text);
    return true;
}

/* One physical line; it has nothing to say when it is blank or a comment. */
static bool next_piece(struct lines *lines, char **ret_text, size_t *ret_len)
{
    char *newline = memchr(lines->at, '\n', (size_t)(lines->end - lines->at));
    char *stop = newline ? newline : lines->end;
    *ret_text = lines->at;
    *ret_len = (size_t)(stop - lines->at);
    lines->at = newline ? newline + 1 : lines->end;
    lines->number++;
    const char *first = *ret_text;
    while (first < stop && lines_is_blank(*first))
        first++;
    return first < stop && *first != '#';
}

static bool goes_on(const struct lines *lines)
{
    return lines->at < lines->end && (*lines->at == '#' || lines_is_blank(*lines->at));
}

static bool check(const struct lines *lines, const struct line *line, struct error *error)
{
    if (!lines->is_text && memchr(line->text, '\0', line->len))
        return lines_error(lines, line, error, "there is a NUL byte in the line");
    if (!lines->is_text && u8_check((const uint8_t *)line->text, line->len))
        return lines_error(lines, line, error, "the line is not UTF-8");
    if (lines_is_blank(line->text[0]))
        return lines_error(lines, line, error,
                           "the line begins with a blank, but there is none before it that it "
                           "could continue");
    return true;
}

bool lines_next(struct lines *lines, struct line *ret_line, struct error *error)
{
    *ret_line = (struct line){NULL, 0, 0};
    while (lines->at < lines->end) {
        char *piece;
        size_t len;
        if (next_piece(lines, &piece, &len)) {
            if (!ret_line->text) {
                *ret_line = (struct line){piece, len, lines->number};
            } else {
                memmove(ret_line->text + ret_line->len, piece, len);
                ret_line->len += len;
            }
        }
        if (ret_line->text && !goes_on(lines))
            break;
    }
    if (!ret_line->text)
        return true;
    if (!check(lines, ret_line, error))
        return false;
    while (lines_is_blank(ret_line->text[ret_line->len - 1]))
        ret_line->len--;
    ret_line->text[ret_line->len] = '\0';
    return true;
}
