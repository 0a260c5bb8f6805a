/* Typed members of a JSON object. */
#include "gate/recorded_read.h"

#include <string.h>

#include "gate/base64.h"

void reading_fail(struct reading *reading, const char *key, const char *expected)
{
    if (!reading->failed)
        error_set(reading->error, "%s: expected %s", key, expected);
    reading->failed = true;
}

static const struct json_tree *member(const struct json_tree *object, const char *key)
{
    const struct json_tree *value = json_tree_member(object, key);
    return value && value->type != JSON_TREE_NULL ? value : NULL;
}

const struct json_tree *reading_object(struct reading *reading, const struct json_tree *object,
                                       const char *key)
{
    const struct json_tree *value = member(object, key);
    if (!value || value->type == JSON_TREE_OBJECT)
        return value;
    reading_fail(reading, key, "an object");
    return NULL;
}

static void *room_for(struct reading *reading, size_t count, size_t size)
{
    void *items = arena_alloc(reading->arena, count * size);
    if (!items && !reading->failed)
        reading->failed = !error_set(reading->error, "it needs more memory than one record may");
    return items;
}

const struct json_tree *reading_list(struct reading *reading, const struct json_tree *object,
                                     const char *key)
{
    const struct json_tree *list = member(object, key);
    if (list && list->type != JSON_TREE_LIST)
        reading_fail(reading, key, "a list");
    return list && list->type == JSON_TREE_LIST && list->count ? list : NULL;
}

void *reading_room(struct reading *reading, const struct json_tree *list, size_t size)
{
    return list ? room_for(reading, list->count, size) : NULL;
}

void reading_text(struct reading *reading, const struct json_tree *object, const char *key,
                  struct bytes *ret_text)
{
    const struct json_tree *value = member(object, key);
    if (value && value->type == JSON_TREE_TEXT)
        *ret_text = value->text;
    else if (value)
        reading_fail(reading, key, "text");
}

void reading_bool(struct reading *reading, const struct json_tree *object, const char *key,
                  bool *ret_value)
{
    const struct json_tree *value = member(object, key);
    if (value && (value->type == JSON_TREE_TRUE || value->type == JSON_TREE_FALSE))
        *ret_value = value->type == JSON_TREE_TRUE;
    else if (value)
        reading_fail(reading, key, "true or false");
}

void reading_number(struct reading *reading, const struct json_tree *object, const char *key,
                    int64_t least, int64_t *ret_value)
{
    const struct json_tree *value = member(object, key);
    if (value && value->type == JSON_TREE_INTEGER && value->integer >= least)
        *ret_value = value->integer;
    else if (value)
        reading_fail(reading, key, least ? "a number from 1" : "a number from 0");
}

void reading_word(struct reading *reading, const struct json_tree *object, const char *key,
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

void reading_base64(struct reading *reading, const struct json_tree *value, const char *key,
                    struct bytes *ret_bytes)
{
    size_t len;
    bool is_text = value->type == JSON_TREE_TEXT;
    struct bytes text = is_text ? value->text : (struct bytes){NULL, 0};
    char *decoded = room_for(reading, BASE64_ROOM(text.len), 1);
    if (!decoded)
        return;
    if (is_text && base64_decode(text, decoded, &len))
        *ret_bytes = (struct bytes){decoded, len};
    else
        reading_fail(reading, key, "bytes in base64");
}

size_t reading_texts(struct reading *reading, const struct json_tree *object, const char *key,
                     struct bytes **ret_texts)
{
    const struct json_tree *list = reading_list(reading, object, key);
    struct bytes *texts = reading_room(reading, list, sizeof *texts);
    const struct json_tree *item = texts ? list->first : NULL;
    *ret_texts = texts;
    for (; item; item = item->next, texts++) {
        if (item->type == JSON_TREE_TEXT)
            *texts = item->text;
        else
            reading_fail(reading, key, "a list of texts");
    }
    return *ret_texts ? list->count : 0;
}
