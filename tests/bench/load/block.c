/* Reading and filling in. */
#include "tests/bench/load/block.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE 76 /* and CRLF */
#define VALUE_MAX 300
#define PLACES_MAX 8 /* in one field */

static const char ordinary[] =
    "Received: from laptop.example.net (laptop.example.net [192.0.2.7])\n"
    "\tby mail.example.com (Postfix) with ESMTPSA id 4XyZ7D1mBnz9sQ\n"
    "\tfor <bob@example.net>; Sat, 21 Nov 2026 10:00:00 +0000 (UTC)\n"
    "Message-ID: <20261121.{number}@example.com>\n"
    "Date: Sat, 21 Nov 2026 10:00:00 +0000\n"
    "MIME-Version: 1.0\n"
    "User-Agent: Mozilla Thunderbird\n"
    "Subject: minutes of meeting {number}\n"
    "From: Alice Example <{login}>\n"
    "To: Bob <bob@example.net>, Carol <carol@example.org>\n"
    "References: <1@example.com> <2@example.com>\n"
    "Content-Type: text/plain; charset=UTF-8; format=flowed\n"
    "Content-Transfer-Encoding: 7bit\n";

static char *read_file(const char *path, size_t *ret_len)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, ret_len);
    FILE *in = fopen(path, "rb");
    char part[4096];
    for (size_t got; in && (got = fread(part, 1, sizeof part, in));)
        fwrite(part, 1, got, out);
    fclose(out);
    if (in && !ferror(in)) {
        fclose(in);
        return text;
    }
    if (in)
        fclose(in);
    free(text);
    return NULL;
}

/* Cuts at each LF behind which no blank stands. */
static bool cut(struct block *block, size_t len)
{
    struct bytes rest = {block->text, len};
    size_t room = 0;
    while (rest.len) {
        size_t end = bytes_find(rest, '\n');
        while (end + 1 < rest.len && (rest.data[end + 1] == ' ' || rest.data[end + 1] == '\t'))
            end += 1 + bytes_find(bytes_slice(rest, end + 1, rest.len), '\n');
        if (block->count == room) {
            room = room ? 2 * room : 64;
            struct bytes *more = realloc(block->fields, room * sizeof *more);
            if (!more)
                return false;
            block->fields = more;
        }
        struct bytes field = bytes_slice(rest, 0, end);
        block->fields[block->count++] = field;
        size_t grown = field.len + PLACES_MAX * VALUE_MAX;
        block->rendered_max = grown > block->rendered_max ? grown : block->rendered_max;
        rest = bytes_slice(rest, end + 1, rest.len);
    }
    return true;
}

bool block_read(struct block *block, const char *path, struct error *error)
{
    size_t len = sizeof ordinary - 1;
    *block = (struct block){0};
    block->text = path ? read_file(path, &len) : strdup(ordinary);
    if (!block->text)
        return error_set(error, "%s: %s", path ? path : "header block", strerror(errno));
    if (!cut(block, len))
        return error_set(error, "out of memory");
    for (size_t i = 0; i < block->count; i++)
        if (bytes_find(block->fields[i], ':') == block->fields[i].len)
            return error_set(error, "%s: its field %zu has no colon", path, i + 1);
    return true;
}

void block_done(struct block *block)
{
    free(block->text);
    free(block->fields);
    *block = (struct block){0};
}

struct bytes block_render(const struct block *block, size_t field,
                          const struct block_values *values, char *room)
{
    struct bytes rest = block->fields[field];
    char number[16];
    size_t len = 0;
    snprintf(number, sizeof number, "%u", values->number);
    for (unsigned places = 0; rest.len; places++) {
        size_t plain = places < PLACES_MAX ? bytes_find(rest, '{') : rest.len;
        memcpy(room + len, rest.data, plain);
        len += plain;
        rest = bytes_slice(rest, plain, rest.len);
        const char *value = NULL;
        if (bytes_start_with_nocase(rest, BYTES("{login}")))
            value = values->login;
        else if (bytes_start_with_nocase(rest, BYTES("{number}")))
            value = number;
        if (value) {
            size_t kept = strnlen(value, VALUE_MAX);
            memcpy(room + len, value, kept);
            len += kept;
            rest = bytes_slice(rest, bytes_find(rest, '}') + 1, rest.len);
        } else if (rest.len) {
            room[len++] = '{';
            rest = bytes_slice(rest, 1, rest.len);
        }
    }
    return (struct bytes){room, len};
}

static void append(char *body, size_t *len, struct bytes text)
{
    memcpy(body + *len, text.data, text.len);
    *len += text.len;
}

/* Ends a body that was cut at its size as a text ends, without a CR that is left alone. */
static void mend_end(char *body, size_t size)
{
    size_t cut = size > 4 ? size - 4 : 0;
    memset(body + cut, 'a', size - cut);
    if (cut && body[cut - 1] == '\r')
        body[cut - 1] = 'a';
    if (size >= 2) {
        body[size - 2] = '\r';
        body[size - 1] = '\n';
    }
}

char *block_new_body(size_t size)
{
    static const char *const words[] = {"the",  "meeting", "of",    "our",    "committee", "will",
                                        "be",   "held",    "on",    "Monday", "and",       "papers",
                                        "that", "were",    "sent",  "around", "should",    "be",
                                        "read", "before",  "it,",   "so",     "that",      "we",
                                        "can",  "decide",  "soon.", "Please", "tell",      "me"};
    unsigned state = 1;
    size_t len = 0, line = 0; /* bytes of the body, and of its last line */
    char *body = malloc(size + LINE + 2);
    while (body && len < size) {
        state = state * 1103515245U + 12345U;
        struct bytes word = bytes_of(words[(state >> 16) % (sizeof words / sizeof *words)]);
        if (line + 1 + word.len > LINE) {
            append(body, &len, BYTES("\r\n"));
            line = 0;
        } else if (line) {
            append(body, &len, BYTES(" "));
        }
        append(body, &len, word);
        line += 1 + word.len;
    }
    if (body)
        mend_end(body, size);
    return body;
}
