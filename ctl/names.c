/* Texts in a balanced tree: nobody can choose texts that make it slow, as they could a hash. */
#include "ctl/names.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

struct name {
    uint32_t number;
    struct bytes text;
};

struct names {
    void *tree; /* of struct name, which are their own */
    struct name **all;
    uint32_t count;
    uint32_t capacity;
};

static int compare(const void *left, const void *right)
{
    struct bytes a = ((const struct name *)left)->text;
    struct bytes b = ((const struct name *)right)->text;
    for (size_t i = 0; i < a.len && i < b.len; i++) {
        unsigned char byte_a = (unsigned char)bytes_lower(a.data[i]);
        unsigned char byte_b = (unsigned char)bytes_lower(b.data[i]);
        if (byte_a != byte_b)
            return byte_a < byte_b ? -1 : 1;
    }
    return (a.len > b.len) - (a.len < b.len);
}

struct names *names_new(void)
{
    return calloc(1, sizeof(struct names));
}

static void keep(void *node)
{
    (void)node;
}

void names_free(struct names *names)
{
    if (!names)
        return;
    tdestroy(names->tree, keep);
    for (uint32_t i = 0; i < names->count; i++)
        free(names->all[i]);
    free(names->all);
    free(names);
}

static bool has_room(struct names *names)
{
    if (names->count < names->capacity)
        return true;
    uint32_t capacity = names->capacity ? names->capacity * 2 : 64;
    struct name **all = reallocarray(names->all, capacity, sizeof(struct name *));
    if (!all)
        return false;
    names->all = all;
    names->capacity = capacity;
    return true;
}

static struct name *copy(struct bytes text)
{
    struct name *name = malloc(sizeof *name + text.len + 1);
    if (!name)
        return NULL;
    char *data = (char *)(name + 1);
    if (text.len)
        memcpy(data, text.data, text.len);
    data[text.len] = '\0';
    name->text = (struct bytes){data, text.len};
    return name;
}

uint32_t names_add(struct names *names, struct bytes text)
{
    uint32_t known = names_find(names, text);
    if (known != NAMES_NONE)
        return known;
    if (names->count == NAMES_NONE - 1 || !has_room(names))
        return NAMES_NONE;
    struct name *name = copy(text);
    if (!name)
        return NAMES_NONE;
    name->number = names->count;
    if (!tsearch(name, &names->tree, compare)) {
        free(name);
        return NAMES_NONE;
    }
    names->all[names->count++] = name;
    return name->number;
}

uint32_t names_find(const struct names *names, struct bytes text)
{
    const struct name wanted = {0, text};
    struct name *const *found = tfind(&wanted, (void *const *)&names->tree, compare);
    return found ? (*found)->number : NAMES_NONE;
}

struct bytes names_text(const struct names *names, uint32_t name)
{
    return names->all[name]->text;
}

uint32_t names_count(const struct names *names)
{
    return names->count;
}
