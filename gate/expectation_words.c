/* Cutting a line of a file of expectations into words. */
#include "gate/expectation_words.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <unistr.h>

#include "conf/nearest.h"

#define SHOWN 60 /* bytes of a word in an error */

bool words_refuse(const struct words *words, const char *format, ...)
{
    char text[sizeof words->error->text];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return error_set(words->error, "%s:%u: %s", words->file, words->line, text);
}

/* As much of it as an error shows, never half a character. */
static struct bytes shown(struct bytes text)
{
    size_t end = text.len < SHOWN ? text.len : SHOWN;
    while (end < text.len && end > 0 && ((unsigned char)text.data[end] & 0xc0) == 0x80)
        end--;
    return bytes_slice(text, 0, end);
}

bool words_expected(const struct words *words, const char *what)
{
    struct bytes found = shown(words->word.written);
    if (words->word.kind == WORD_END)
        return words_refuse(words, "expected %s, found the end of the line", what);
    return words_refuse(words, "expected %s, found %s%.*s%s", what,
                        words->word.kind == WORD_QUOTED ? "" : "\"", (int)found.len, found.data,
                        words->word.kind == WORD_QUOTED ? "" : "\"");
}

bool words_unknown(const struct words *words, const char *what, struct bytes name,
                   const char *const *names)
{
    char wanted[SHOWN + 1];
    snprintf(wanted, sizeof wanted, "%.*s", (int)shown(name).len, name.data);
    struct nearest nearest = nearest_to(wanted);
    for (size_t i = 0; names[i]; i++)
        nearest_offer(&nearest, names[i]);
    if (nearest.name)
        return words_refuse(words, "there is no %s \"%s\"; did you mean \"%s\"?", what, wanted,
                            nearest.name);
    char all[300] = "";
    size_t len = 0;
    for (size_t i = 0; names[i] && len < sizeof all; i++)
        len += (size_t)snprintf(all + len, sizeof all - len, "%s%s", i ? ", " : "", names[i]);
    return words_refuse(words, "there is no %s \"%s\"; there are: %s", what, wanted, all);
}

bool words_is(const struct words *words, const char *keyword)
{
    return words->word.kind == WORD_PLAIN &&
           bytes_equal_nocase(words->word.text, bytes_of(keyword));
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* Whether nothing of a word stands there. */
static bool is_end(const struct words *words, size_t at)
{
    return at >= words->text.len || is_blank(words->text.data[at]);
}

static bool is_closing_colon(const struct words *words, size_t at)
{
    return words->text.data[at] == ':' && is_end(words, at + 1);
}

static bool take_quoted(struct words *words)
{
    struct bytes text = words->text;
    size_t begin = words->at++;
    char *copy = arena_alloc(words->arena, text.len - begin);
    size_t len = 0;
    if (!copy)
        return words_refuse(words, "out of memory");
    while (words->at < text.len && text.data[words->at] != '"') {
        if (text.data[words->at] == '\\') {
            char escaped = words->at + 1 < text.len ? text.data[words->at + 1] : '\0';
            if (escaped != '"' && escaped != '\\')
                return words_refuse(words, "in quotes a backslash stands before \" or \\ only; "
                                           "write \\\\ for one");
            words->at++;
        }
        copy[len++] = text.data[words->at++];
    }
    if (words->at == text.len)
        return words_refuse(words, "a \" has no other one at its end");
    size_t end = ++words->at;
    words->word = (struct word){WORD_QUOTED, {copy, len}, bytes_slice(text, begin, end)};
    if (is_end(words, end) || text.data[end] == ',' || is_closing_colon(words, end))
        return true;
    return words_refuse(words, "behind the closing \" of %.*s a blank is missing",
                        (int)shown(words->word.written).len, words->word.written.data);
}

static bool take_plain(struct words *words)
{
    struct bytes text = words->text;
    size_t begin = words->at;
    while (!is_end(words, words->at) && text.data[words->at] != ',' &&
           !is_closing_colon(words, words->at)) {
        if (text.data[words->at] == '"')
            return words_refuse(words, "quotes go round a whole word: write \"...\", and \\\" for "
                                       "one inside");
        words->at++;
    }
    struct bytes word = bytes_slice(text, begin, words->at);
    words->word = (struct word){WORD_PLAIN, word, word};
    return true;
}

bool words_next(struct words *words)
{
    struct bytes text = words->text;
    words->end = words->at;
    while (words->at < text.len && is_blank(text.data[words->at]))
        words->at++;
    if (words->at >= text.len || text.data[words->at] == '#') {
        words->at = text.len;
        words->word = (struct word){WORD_END, {NULL, 0}, {NULL, 0}};
        return true;
    }
    if (text.data[words->at] == ',' || is_closing_colon(words, words->at)) {
        struct bytes mark = bytes_slice(text, words->at, words->at + 1);
        words->word = (struct word){mark.data[0] == ',' ? WORD_COMMA : WORD_COLON, mark, mark};
        words->at++;
        return true;
    }
    return text.data[words->at] == '"' ? take_quoted(words) : take_plain(words);
}

bool words_begin(struct words *words)
{
    struct bytes text = words->text;
    words->at = 0;
    if (text.len && u8_check((const uint8_t *)text.data, text.len))
        return words_refuse(words, "the line is not UTF-8");
    for (size_t i = 0; i < text.len; i++)
        if (((unsigned char)text.data[i] < ' ' && text.data[i] != '\t') || text.data[i] == 0x7f)
            return words_refuse(words, "there is a control character (0x%02x) in the line",
                                (unsigned)(unsigned char)text.data[i]);
    return words_next(words);
}
