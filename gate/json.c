/* A small JSON writer for records. */
#include "gate/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistr.h>

#include <openssl/evp.h>

void json_init(struct json *json)
{
    *json = (struct json){0};
}

void json_done(struct json *json)
{
    free(json->data);
    *json = (struct json){0};
}

void json_raw(struct json *json, struct bytes text)
{
    if (json->failed)
        return;
    if (json->room - json->len < text.len + 1) {
        size_t room = (json->len + text.len + 1) * 2 + 1024;
        char *data = realloc(json->data, room);
        if (!data) {
            json->failed = true;
            return;
        }
        json->data = data;
        json->room = room;
    }
    if (text.len)
        memcpy(json->data + json->len, text.data, text.len);
    json->len += text.len;
    json->data[json->len] = '\0';
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

static void write_escaped(struct json *json, ucs4_t character)
{
    char text[8];
    int len = character == '"' || character == '\\'
                  ? snprintf(text, sizeof text, "\\%c", (char)character)
                  : snprintf(text, sizeof text, "\\u%04x", (unsigned)character);
    json_raw(json, (struct bytes){text, (size_t)len});
}

static void write_string(struct json *json, struct bytes value, size_t most)
{
    bool cut = value.len > most;
    if (cut)
        value.len = most;
    const uint8_t *at = (const uint8_t *)value.data;
    size_t left = value.len;
    size_t plain = 0; /* bytes before at that can be written as they are */
    json_raw(json, BYTES("\""));
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
    if (plain)
        json_raw(json, (struct bytes){(const char *)at - plain, plain});
    json_raw(json, cut ? BYTES("...\"") : BYTES("\""));
}

static void begin_value(struct json *json, const char *name)
{
    if (json->need_comma)
        json_raw(json, BYTES(","));
    json->need_comma = true;
    if (name) {
        write_string(json, bytes_of(name), JSON_VALUE_MAX);
        json_raw(json, BYTES(":"));
    }
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
