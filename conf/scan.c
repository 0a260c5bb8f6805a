/* Cuts tokens: texts, the three kinds of comments, names, numbers, marks. */
#include "conf/scan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "conf/number.h"

bool scan_refuse(const struct scan *scan, unsigned line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(scan->error->text, sizeof scan->error->text, format, args);
    va_end(args);
    if (scan->long_text) {
        struct error sentence = *scan->error;
        error_set(scan->error, "%s (the text that begins in line %u has no \" at its line's end)",
                  sentence.text, scan->long_text);
    }
    return error_prefix(scan->error, "%s:%u: ", scan->file, line);
}

static char byte_at(const struct scan *scan, size_t at)
{
    return at < scan->text.len ? scan->text.data[at] : '\0';
}

static bool begins_name(char byte)
{
    return (bytes_lower(byte) >= 'a' && bytes_lower(byte) <= 'z') || byte == '*';
}

static bool continues_name(char byte)
{
    return begins_name(byte) || (byte >= '0' && byte <= '9') || byte == '-' || byte == '_';
}

bool scan_begin(struct scan *scan, const char *file, struct bytes text, struct error *error)
{
    *scan = (struct scan){.file = file, .text = text, .line = 1, .error = error};
    unsigned line = 1;
    if (text.len > SCAN_MAX_SIZE)
        return error_set(error, "%s: the file has more than 1 MB", file);
    if (bytes_start_with_nocase(text, BYTES("\xef\xbb\xbf")))
        return scan_refuse(scan, 1, "begins with a byte order mark: save it as UTF-8 without one");
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        line += byte == '\n';
        if (byte == '\r' && byte_at(scan, i + 1) != '\n')
            return scan_refuse(scan, line,
                               "holds a carriage return that ends no line: end lines with a line "
                               "feed");
        if (byte == 0 || byte == 0x7f || (byte < 0x20 && !strchr("\t\n\r\f", byte)))
            return scan_refuse(scan, line, "holds the byte 0x%02x: this is not a text file", byte);
    }
    return true;
}

static bool skip_block_comment(struct scan *scan)
{
    unsigned begun = scan->line;
    for (scan->at += 2; scan->at < scan->text.len; scan->at++) {
        if (byte_at(scan, scan->at) == '*' && byte_at(scan, scan->at + 1) == '/') {
            scan->at += 2;
            return true;
        }
        scan->line += byte_at(scan, scan->at) == '\n';
    }
    return scan_refuse(scan, begun,
                       "the comment that begins here with /* never ends: close it with */");
}

/* To the next token's first byte. */
static bool skip_blanks(struct scan *scan)
{
    while (scan->at < scan->text.len) {
        char byte = byte_at(scan, scan->at);
        char next = byte_at(scan, scan->at + 1);
        if (byte == '/' && next == '*') {
            if (!skip_block_comment(scan))
                return false;
        } else if (byte == '#' || (byte == '/' && next == '/')) {
            while (scan->at < scan->text.len && byte_at(scan, scan->at) != '\n')
                scan->at++;
        } else if (strchr(" \t\r\n\f", byte)) {
            scan->line += byte == '\n';
            scan->at++;
        } else {
            break;
        }
    }
    return true;
}

static bool is_nul_escape(const struct scan *scan, size_t at)
{
    return bytes_lower(byte_at(scan, at + 1)) == 'x' && byte_at(scan, at + 2) == '0' &&
           byte_at(scan, at + 3) == '0';
}

static bool take_text(struct scan *scan)
{
    unsigned begun = scan->line;
    size_t start = ++scan->at;
    while (scan->at < scan->text.len && byte_at(scan, scan->at) != '"') {
        if (byte_at(scan, scan->at) == '\\') {
            if (is_nul_escape(scan, scan->at))
                return scan_refuse(scan, scan->line,
                                   "a text must not hold the NUL character \\x00");
            scan->at++;
        }
        scan->line += byte_at(scan, scan->at) == '\n';
        scan->at++;
    }
    if (scan->at >= scan->text.len)
        return scan_refuse(scan, begun, "the text that begins here never ends: close it with a \"");
    if (scan->at - start > SCAN_MAX_TEXT)
        return scan_refuse(scan, begun, "a text of %zu bytes is too long: at most %zu are allowed",
                           scan->at - start, SCAN_MAX_TEXT);
    scan->at++;
    scan->long_text = scan->line > begun ? begun : 0;
    return true;
}

static bool take_number(struct scan *scan, struct token *token)
{
    struct bytes rest = bytes_slice(scan->text, scan->at, scan->text.len);
    struct error why = {""};
    size_t len = number_read(rest, &token->type, &why);
    if (len == 0)
        return scan_refuse(scan, scan->line, "%s", why.text);
    scan->at += len;
    return true;
}

static void take_name(struct scan *scan, struct token *token)
{
    size_t start = scan->at;
    while (continues_name(byte_at(scan, scan->at)))
        scan->at++;
    struct bytes name = bytes_slice(scan->text, start, scan->at);
    bool boolean =
        bytes_equal_nocase(name, BYTES("true")) || bytes_equal_nocase(name, BYTES("false"));
    token->type = boolean ? TOKEN_BOOL : TOKEN_NAME;
}

static bool refuse_byte(const struct scan *scan, char byte)
{
    struct bytes rest = bytes_slice(scan->text, scan->at, scan->text.len);
    if (bytes_start_with_nocase(rest, BYTES("@include")))
        return scan_refuse(scan, scan->line,
                           "@include is not supported: put further files into the folder conf.d "
                           "beside the main file; their names end in .conf");
    if (byte == '@')
        return scan_refuse(scan, scan->line,
                           "found '@' outside of a text: addresses stand in double quotes");
    if (byte == '\'')
        return scan_refuse(scan, scan->line,
                           "found ' outside of a text: texts stand in double "
                           "quotes");
    if ((unsigned char)byte >= 0x80)
        return scan_refuse(scan, scan->line, "found the byte 0x%02x outside of a text",
                           (unsigned char)byte);
    return scan_refuse(scan, scan->line, "found '%c' where nothing begins with it", byte);
}

static bool take_token(struct scan *scan, struct token *token)
{
    char byte = byte_at(scan, scan->at);
    if (byte == '"') {
        token->type = TOKEN_TEXT;
        return take_text(scan);
    }
    if (number_begins(bytes_slice(scan->text, scan->at, scan->text.len)))
        return take_number(scan, token);
    if (begins_name(byte)) {
        take_name(scan, token);
        return true;
    }
    if (!strchr("=:;,{}[]()", byte))
        return refuse_byte(scan, byte);
    token->type = TOKEN_MARK;
    scan->at++;
    return true;
}

static bool count(struct scan *scan, enum token_type type)
{
    scan->names += type == TOKEN_NAME;
    scan->values += type >= TOKEN_BOOL && type <= TOKEN_TEXT;
    if (scan->names > SCAN_MAX_NAMES)
        return scan_refuse(scan, scan->line, "more than %d names in one file", SCAN_MAX_NAMES);
    if (scan->values > SCAN_MAX_VALUES)
        return scan_refuse(scan, scan->line, "more than %d values in one file", SCAN_MAX_VALUES);
    return true;
}

bool scan_next(struct scan *scan, struct token *ret_token)
{
    if (!skip_blanks(scan))
        return false;
    *ret_token = (struct token){.type = TOKEN_END, .line = scan->line};
    size_t start = scan->at;
    if (start == scan->text.len)
        return true;
    if (!take_token(scan, ret_token))
        return false;
    ret_token->text = bytes_slice(scan->text, start, scan->at);
    return count(scan, ret_token->type);
}
