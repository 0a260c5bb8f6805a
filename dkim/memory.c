/* An allocator for libopendkim on top of an arena, which uses the library's growing buffers again.
 */
#include "dkim/memory.h"

#include <openssl/crypto.h>
#include <stdlib.h>

#define SMALLEST_SPARE ((size_t)1024)

struct memory_block {
    struct memory_block *next; /* in blocks */
    struct memory_block *next_spare;
    size_t size;
    max_align_t data[];
};

void memory_init(struct memory *memory, struct arena *arena)
{
    *memory = (struct memory){.arena = arena};
}

/* Only sizes that the library's buffers really grow through are kept; -1 for the others. */
static int spare_class(size_t size)
{
    for (int class = 0; class < MEMORY_SPARES; class ++)
        if (size == SMALLEST_SPARE << class)
            return class;
    return -1;
}

static struct memory_block *take_reserved(struct memory *memory, size_t need)
{
    if (memory->reserved < need)
        return NULL;
    void *block = memory->reserve;
    memory->reserve += need;
    memory->reserved -= need;
    return block;
}

static struct memory_block *take_new(struct memory *memory, size_t size)
{
    if (size > SIZE_MAX / 4)
        return NULL;
    size_t alignment = _Alignof(max_align_t);
    size_t need = (sizeof(struct memory_block) + size + alignment - 1) / alignment * alignment;
    struct memory_block *block = take_reserved(memory, need);
    if (!block)
        block = arena_alloc(memory->arena, need);
    if (!block)
        return NULL;
    block->size = size;
    block->next = memory->blocks;
    memory->blocks = block;
    return block;
}

void *memory_take(void *closure, size_t size)
{
    struct memory *memory = closure;
    if (!memory)
        return malloc(size);
    int class = spare_class(size);
    struct memory_block *block = class < 0 ? NULL : memory->spare[class];
    if (block)
        memory->spare[class] = block->next_spare;
    else
        block = take_new(memory, size);
    if (!block) {
        memory->failed = true;
        return NULL;
    }
    return block->data;
}

void memory_give(void *closure, void *taken)
{
    struct memory *memory = closure;
    if (!memory) {
        free(taken);
        return;
    }
    if (!taken)
        return;
    struct memory_block *block =
        (struct memory_block *)(void *)((char *)taken - offsetof(struct memory_block, data));
    int class = spare_class(block->size);
    if (class < 0)
        return;
    block->next_spare = memory->spare[class];
    memory->spare[class] = block;
}

bool memory_reserve(struct memory *memory, size_t size)
{
    if (memory->reserved >= size)
        return true;
    char *reserve = arena_alloc(memory->arena, size);
    if (!reserve) {
        memory->failed = true;
        return false;
    }
    memory->reserve = reserve;
    memory->reserved = size;
    return true;
}

bool memory_failed(const struct memory *memory)
{
    return memory->failed;
}

void memory_wipe(struct memory *memory)
{
    for (struct memory_block *block = memory->blocks; block; block = block->next)
        OPENSSL_cleanse(block->data, block->size);
}
