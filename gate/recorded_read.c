/* Typed members of a JSON object. */
#include "gate/recorded_read.h"

#include <string.h>

#include <openssl/evp.h>

void reading_fail(struct reading *reading, const char *key, const char *expected)
{
    if (!reading->failed)
        error_set(reading->error, "%s: expected %s", key, expected);
    reading->failed = true;
}

static const json_t *member(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_null(value) ? NULL : value;
}

const json_t *reading_array(struct reading *reading, const json_t *object, const char *key)
{
    const json_t *value = member(object, key);
    if (!value || json_is_array(value))
        return value;
    reading_fail(reading, key, "a list");
    return NULL;
}

const json_t *reading_object(struct reading *reading, const json_t *object, const char *key)
{
    const json_t *value = member(object, key);
    if (!value || json_is_object(value))
        return value;
    reading_fail(reading, key, "an object");
    return NULL;
}

struct bytes reading_bytes_of(const json_t *string)
{
    return (struct bytes){json_string_value(string), json_string_length(string)};
}

void reading_text(struct reading *reading, const json_t *object, const char *key,
                  struct bytes *ret_text)
{
    const json_t *value = member(object, key);
    if (json_is_string(value))
        *ret_text = reading_bytes_of(value);
    else if (value)
        reading_fail(reading, key, "text");
}

void reading_bool(struct reading *reading, const json_t *object, const char *key, bool *ret_value)
{
    const json_t *value = member(object, key);
    if (json_is_boolean(value))
        *ret_value = json_is_true(value);
    else if (value)
        reading_fail(reading, key, "true or false");
}

void reading_number(struct reading *reading, const json_t *object, const char *key, int64_t least,
                    int64_t *ret_value)
{
    const json_t *value = member(object, key);
    if (json_is_integer(value) && json_integer_value(value) >= least)
        *ret_value = json_integer_value(value);
    else if (value)
        reading_fail(reading, key, least ? "a number from 1" : "a number from 0");
}

void reading_word(struct reading *reading, const json_t *object, const char *key,
                  const char *const *words, int *ret_index)
{
    struct bytes text = {NULL, 0};
    reading_text(reading, object, key, &text);
    for (int i = 0; text.data && words[i]; i++) {
        if (strcmp(text.data, words[i]) == 0) {
            *ret_index = i;
            return;
        }
    }
    if (!text.data)
        return;
    char expected[200] = "one of";
    for (size_t i = 0; words[i]; i++) {
        strncat(expected, i ? ", " : " ", sizeof expected - strlen(expected) - 1);
        strncat(expected, words[i], sizeof expected - strlen(expected) - 1);
    }
    reading_fail(reading, key, expected);
}

/* OpenSSL's decoder passes over blanks at the ends, and takes "=" anywhere. */
static bool is_base64(struct bytes text, size_t *ret_padding)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t plain = text.len ? strspn(text.data, digits) : 0;
    *ret_padding = text.len - plain;
    return text.len % 4 == 0 && *ret_padding <= 2 && text.len < INT32_MAX &&
           (!*ret_padding || strspn(text.data + plain, "=") == *ret_padding);
}

void reading_base64(struct reading *reading, const json_t *value, const char *key,
                    struct bytes *ret_bytes)
{
    size_t padding;
    struct bytes text = {NULL, 0};
    if (json_is_string(value))
        text = reading_bytes_of(value);
    unsigned char *decoded = reading_items(reading, text.len / 4 * 3 + 1, 1);
    if (!decoded)
        return;
    if (!json_is_string(value) || !is_base64(text, &padding) ||
        EVP_DecodeBlock(decoded, (const unsigned char *)text.data, (int)text.len) < 0) {
        reading_fail(reading, key, "bytes in base64");
        return;
    }
    size_t len = text.len / 4 * 3 - padding;
    decoded[len] = '\0';
    *ret_bytes = (struct bytes){(const char *)decoded, len};
}

void *reading_items(struct reading *reading, size_t count, size_t size)
{
    void *items = arena_alloc(reading->arena, count * size);
    if (!items && !reading->failed)
        reading->failed = !error_set(reading->error, "it needs more memory than one record may");
    return items;
}
