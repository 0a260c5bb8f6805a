/* A small JSON writer for records. */
#include "gate/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

#include <openssl/evp.h>

#define FIRST_ROOM 8192 /* most records end within it */

void json_init(struct json *json)
{
    *json = (struct json){0};
}

void json_done(struct json *json)
{
    free(json->data);
    *json = (struct json){0};
}

/* Where so many bytes and a NUL can be written; NULL: memory is out. */
static char *reserve(struct json *json, size_t len)
{
    if (json->failed)
        return NULL;
    if (json->room - json->len <= len) {
        size_t room = (json->len + len + 1) * 2 + FIRST_ROOM;
        char *data = realloc(json->data, room);
        if (!data) {
            json->failed = true;
            return NULL;
        }
        json->data = data;
        json->room = room;
    }
    return json->data + json->len;
}

/* What was reserved is written up to there. */
static void written(struct json *json, char *end)
{
    *end = '\0';
    json->len = (size_t)(end - json->data);
}

static char *copy(char *to, const void *from, size_t len)
{
    if (len)
        memcpy(to, from, len);
    return to + len;
}

void json_raw(struct json *json, struct bytes text)
{
    char *to = reserve(json, text.len);
    if (to)
        written(json, copy(to, text.data, text.len));
}

static bool must_escape(ucs4_t character)
{
    return character < 0x20 || character == '"' || character == '\\' ||
           (character >= 0x7f && character < 0xa0) || character == 0x2028 || character == 0x2029;
}

/* Nearly all that there is: spared the decoding. */
static bool is_plain(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

/* Eight at once: the top bit of each byte tells. A borrow or carry only comes from a byte that
 * tells already. */
static bool are_plain(uint64_t bytes)
{
    const uint64_t each = 0x0101010101010101;
    return !((bytes | (bytes - each * ' ') | (bytes + each) | ((bytes ^ each * '"') - each) |
              ((bytes ^ each * '\\') - each)) &
             each * 0x80);
}

static void write_escaped(struct json *json, ucs4_t character)
{
    char text[8];
    int len = character == '"' || character == '\\'
                  ? snprintf(text, sizeof text, "\\%c", (char)character)
                  : snprintf(text, sizeof text, "\\u%04x", (unsigned)character);
    json_raw(json, (struct bytes){text, (size_t)len});
}

/* From the first byte on that is not plain. */
static void write_characters(struct json *json, const uint8_t *at, size_t left)
{
    size_t plain = 0; /* bytes before at that can be written as they are */
    while (left) {
        if (is_plain(*at)) {
            plain++;
            at++;
            left--;
            continue;
        }
        ucs4_t character = 0xfffd;
        int len = u8_mbtouc(&character, at, left);
        bool valid = u8_check(at, (size_t)len) == NULL;
        if (valid && !must_escape(character)) {
            plain += (size_t)len;
        } else {
            json_raw(json, (struct bytes){(const char *)at - plain, plain});
            plain = 0;
            write_escaped(json, valid ? character : 0xfffd);
        }
        at += len;
        left -= (size_t)len;
    }
    json_raw(json, (struct bytes){(const char *)at - plain, plain});
}

/* As far as it can be written as it is: takes that off the text. There must be room. */
static char *copy_plain(char *to, struct bytes *text)
{
    uint64_t eight;
    for (; text->len >= sizeof eight; text->data += sizeof eight, text->len -= sizeof eight) {
        memcpy(&eight, text->data, sizeof eight);
        if (!are_plain(eight))
            break;
        to = copy(to, &eight, sizeof eight);
    }
    for (; text->len && is_plain((uint8_t)*text->data); text->len--)
        *to++ = *text->data++;
    return to;
}

/* A name, and what separates it, or a value. */
static void write_quoted(struct json *json, struct bytes text, bool is_name, bool cut)
{
    char *to = reserve(json, text.len + 7);
    if (!to)
        return;
    if (is_name && json->need_comma)
        *to++ = ',';
    *to++ = '"';
    to = copy_plain(to, &text);
    if (text.len) {
        written(json, to);
        write_characters(json, (const uint8_t *)text.data, text.len);
        to = reserve(json, 5);
        if (!to)
            return;
    }
    if (cut)
        to = copy(to, "...", 3);
    *to++ = '"';
    if (is_name)
        *to++ = ':';
    written(json, to);
}

static void write_string(struct json *json, struct bytes value, size_t most)
{
    bool cut = value.len > most;
    write_quoted(json, (struct bytes){value.data, cut ? most : value.len}, false, cut);
}

static void begin_value(struct json *json, const char *name)
{
    if (name)
        write_quoted(json, bytes_of(name), true, false);
    else if (json->need_comma)
        json_raw(json, BYTES(","));
    json->need_comma = true;
}

void json_open(struct json *json, const char *name, char bracket)
{
    begin_value(json, name);
    json_raw(json, (struct bytes){&bracket, 1});
    json->need_comma = false;
}

void json_close(struct json *json, char bracket)
{
    json_raw(json, (struct bytes){&bracket, 1});
    json->need_comma = true;
}

void json_bytes(struct json *json, const char *name, struct bytes value)
{
    begin_value(json, name);
    write_string(json, value, JSON_VALUE_MAX);
}

void json_whole(struct json *json, const char *name, struct bytes value)
{
    begin_value(json, name);
    write_string(json, value, value.len);
}

bool json_whole_loses(struct bytes value)
{
    return value.len && u8_check((const uint8_t *)value.data, value.len);
}

bool json_bytes_loses(struct bytes value)
{
    return value.len > JSON_VALUE_MAX || json_whole_loses(value);
}

void json_base64(struct json *json, const char *name, struct bytes value)
{
    enum { PIECE = 48 };
    begin_value(json, name);
    json_raw(json, BYTES("\""));
    for (size_t at = 0; at < value.len; at += PIECE) {
        struct bytes piece = bytes_slice(value, at, at + PIECE);
        unsigned char text[PIECE / 3 * 4 + 1];
        int len = EVP_EncodeBlock(text, (const unsigned char *)piece.data, (int)piece.len);
        json_raw(json, (struct bytes){(const char *)text, (size_t)len});
    }
    json_raw(json, BYTES("\""));
}

void json_text(struct json *json, const char *name, const char *value)
{
    if (value)
        json_bytes(json, name, bytes_of(value));
    else
        json_none(json, name);
}

void json_int(struct json *json, const char *name, int64_t value)
{
    char text[24]; /* a record with counts has a hundred numbers: no snprintf */
    size_t at = sizeof text;
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do
        text[--at] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0)
        text[--at] = '-';
    begin_value(json, name);
    json_raw(json, (struct bytes){text + at, sizeof text - at});
}

void json_bool(struct json *json, const char *name, bool value)
{
    begin_value(json, name);
    json_raw(json, value ? BYTES("true") : BYTES("false"));
}

void json_none(struct json *json, const char *name)
{
    begin_value(json, name);
    json_raw(json, BYTES("null"));
}
