/* JSON both ways. Read: our reader takes what jansson takes, and the same out of it. Written: what
 * the record's writer makes of any values is strict JSON, of one line, and holds the values.
 *
 * An input that begins with an even byte is read, one that begins with an odd byte is written. */
#include "gate/json_tree.h"

#include <jansson.h>
#include <stdlib.h>
#include <unistr.h>

#include "gate/json.h"
#include "tests/fuzz/fuzz.h"

#define CEILING ((size_t)16 << 20)
#define PAIRS_MAX 40

static bool same(const struct json_tree *ours, const json_t *theirs);

static bool same_members(const struct json_tree *ours, const json_t *theirs)
{
    size_t count = 0;
    for (const struct json_tree *member = ours->first; member; member = member->next, count++) {
        const json_t *other = ours->type == JSON_TREE_LIST
                                  ? json_array_get(theirs, count)
                                  : json_object_getn(theirs, member->name.data, member->name.len);
        if (!other || !same(member, other))
            return false;
    }
    return count == ours->count &&
           count ==
               (ours->type == JSON_TREE_LIST ? json_array_size(theirs) : json_object_size(theirs));
}

static bool same(const struct json_tree *ours, const json_t *theirs)
{
    switch (ours->type) {
    case JSON_TREE_NULL:
        return json_is_null(theirs);
    case JSON_TREE_FALSE:
        return json_is_false(theirs);
    case JSON_TREE_TRUE:
        return json_is_true(theirs);
    case JSON_TREE_INTEGER:
        return json_is_integer(theirs) && json_integer_value(theirs) == ours->integer;
    case JSON_TREE_REAL:
        return json_is_real(theirs);
    case JSON_TREE_TEXT:
        return json_is_string(theirs) &&
               bytes_equal(ours->text,
                           (struct bytes){json_string_value(theirs), json_string_length(theirs)});
    case JSON_TREE_LIST:
        return json_is_array(theirs) && same_members(ours, theirs);
    case JSON_TREE_OBJECT:
        return json_is_object(theirs) && same_members(ours, theirs);
    }
    return false;
}

/* Of reals we keep no value, so that one beyond a double's range is none of our errors; nor is a
 * name that stands twice. A NUL in a name is more than jansson can hold. */
static bool may_differ(const char *said)
{
    return strstr(said, "real number overflow") || strstr(said, "duplicate object key") ||
           strstr(said, "NUL byte in object key");
}

static void check_read(struct bytes text)
{
    struct arena *arena = arena_new(CEILING);
    struct json_tree *ours = NULL;
    struct error error = {""};
    json_error_t said = {.text = ""};
    bool read = json_tree_parse(text, arena, &ours, &error);
    json_t *theirs = json_loadb(text.data, text.len,
                                JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &said);
    /* Ours has a depth of its own; to jansson a bare NUL is the end of the text. */
    bool ours_alone = !read && (strstr(error.text, "fewer lists within lists") ||
                                bytes_find(text, '\0') < text.len);
    if (read && !theirs && !may_differ(said.text))
        fuzz_fail("we read what jansson does not (%s): %s", said.text, fuzz_show(text));
    if (!read && theirs && !ours_alone && !arena_failed(arena))
        fuzz_fail("we do not read (%s) what jansson does: %s", error.text, fuzz_show(text));
    if (read && theirs && !same(ours, theirs))
        fuzz_fail("read as something else than jansson reads: %s", fuzz_show(text));
    json_decref(theirs);
    arena_free(arena);
}

/* What the writer may make of a value is the value itself where that is short UTF-8. */
static void check_value(const json_t *list, size_t index, struct bytes value)
{
    const json_t *written = json_array_get(list, index);
    if (!json_is_string(written))
        fuzz_fail("a text that was not written as one: %s", fuzz_show(value));
    struct bytes text = {json_string_value(written), json_string_length(written)};
    if (u8_check((const uint8_t *)text.data, text.len))
        fuzz_fail("not UTF-8: %s", fuzz_show(text));
    if (!json_bytes_loses(value) && !bytes_equal(text, value))
        fuzz_fail("%s was written as %s", fuzz_show(value), fuzz_show(text));
}

static void check_written(struct bytes rest)
{
    struct bytes values[PAIRS_MAX];
    struct json json;
    json_error_t said;
    size_t count = 0;
    json_init(&json);
    json_open(&json, NULL, '{');
    json_open(&json, "values", '[');
    while (rest.len && count < PAIRS_MAX) {
        values[count] = fuzz_copy(fuzz_take_piece(&rest));
        json_bytes(&json, NULL, values[count++]);
    }
    json_close(&json, ']');
    for (size_t i = 0; i < count; i++) {
        char name[24];
        snprintf(name, sizeof name, "v%zu", i);
        json_open(&json, name, '{');
        json_whole(&json, "whole", values[i]);
        json_base64(&json, "base64", values[i]);
        json_int(&json, "len", (int64_t)values[i].len);
        json_bool(&json, "loses", json_whole_loses(values[i]));
        json_none(&json, "none");
        json_close(&json, '}');
    }
    json_close(&json, '}');
    json_t *tree = json_loadb(json.data, json.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &said);
    if (!tree || bytes_find((struct bytes){json.data, json.len}, '\n') < json.len)
        fuzz_fail("no JSON, or not of one line (%s): %s", said.text, json.data);
    for (size_t i = 0; i < count; i++) {
        check_value(json_object_get(tree, "values"), i, values[i]);
        fuzz_free(values[i]);
    }
    check_read((struct bytes){json.data, json.len});
    json_decref(tree);
    json_done(&json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes rest = fuzz_bytes(data, size);
    if (fuzz_take_byte(&rest) % 2)
        check_written(rest);
    else
        check_read(rest);
    return 0;
}
