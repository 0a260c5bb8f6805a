/* Memory that is wiped when it is given back. Each block has its size in front. */
#include "ctl/verify/wiping.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define HEAD (alignof(max_align_t) > sizeof(size_t) ? alignof(max_align_t) : sizeof(size_t))

static char *block_of(void *memory)
{
    return (char *)memory - HEAD;
}

static size_t size_of(void *memory)
{
    size_t size;
    memcpy(&size, block_of(memory), sizeof size);
    return size;
}

void *wiping_malloc(size_t size)
{
    if (size > SIZE_MAX - HEAD)
        return NULL;
    char *block = malloc(HEAD + size);
    if (!block)
        return NULL;
    memcpy(block, &size, sizeof size);
    return block + HEAD;
}

void *wiping_calloc(size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        return NULL;
    void *memory = wiping_malloc(count * size);
    return memory ? memset(memory, 0, count * size) : NULL;
}

void wiping_free(void *memory)
{
    if (!memory)
        return;
    explicit_bzero(memory, size_of(memory));
    free(block_of(memory));
}

void *wiping_realloc(void *memory, size_t size)
{
    void *grown = wiping_malloc(size);
    if (grown && memory) {
        size_t old = size_of(memory);
        memcpy(grown, memory, old < size ? old : size);
        wiping_free(memory);
    }
    return grown;
}

char *wiping_strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = wiping_malloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}
