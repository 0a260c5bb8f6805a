/* A bump allocator in growing blocks, with a ceiling and a remembered failure. */
#include "policy/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BLOCK ((size_t)8 * 1024)
#define ALIGNMENT _Alignof(max_align_t)

struct block {
    struct block *next;
    size_t size;
    size_t used;
    max_align_t data[];
};

struct arena {
    struct block *blocks; /* the newest first */
    size_t ceiling;
    size_t held; /* the blocks' sizes */
    bool failed;
};

struct arena *arena_new(size_t ceiling)
{
    struct arena *arena = calloc(1, sizeof *arena);
    if (arena)
        arena->ceiling = ceiling;
    return arena;
}

static void free_blocks(struct block *block)
{
    while (block) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
}

void arena_free(struct arena *arena)
{
    if (!arena)
        return;
    free_blocks(arena->blocks);
    free(arena);
}

void arena_clear(struct arena *arena)
{
    struct block *keep = arena->blocks;
    if (keep && keep->size > 8 * FIRST_BLOCK) {
        free_blocks(keep);
        keep = NULL;
        arena->held = 0;
    } else if (keep) {
        free_blocks(keep->next);
        keep->next = NULL;
        keep->used = 0;
        arena->held = keep->size;
    }
    arena->blocks = keep;
    arena->failed = false;
}

static struct block *add_block(struct arena *arena, size_t need)
{
    size_t size = arena->blocks ? arena->blocks->size * 2 : FIRST_BLOCK;
    size_t room = arena->ceiling - arena->held;
    if (size > room)
        size = room;
    if (size < need)
        size = need;
    if (need > room)
        return NULL;
    struct block *block = malloc(sizeof *block + size);
    if (!block)
        return NULL;
    block->next = arena->blocks;
    block->size = size;
    block->used = 0;
    arena->blocks = block;
    arena->held += size;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2) {
        arena->failed = true;
        return NULL;
    }
    size_t need = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct block *block = arena->blocks;
    if (!block || block->size - block->used < need)
        block = add_block(arena, need);
    if (!block) {
        arena->failed = true;
        return NULL;
    }
    void *memory = (char *)block->data + block->used;
    block->used += need;
    return memset(memory, 0, need);
}

bool arena_failed(const struct arena *arena)
{
    return arena->failed;
}

char *arena_text(struct arena *arena, struct bytes text)
{
    char *copy = arena_alloc(arena, text.len + 1);
    if (copy && text.len)
        memcpy(copy, text.data, text.len);
    return copy;
}

struct bytes arena_bytes(struct arena *arena, struct bytes text)
{
    char *copy = arena_text(arena, text);
    return (struct bytes){copy, copy ? text.len : 0};
}

char *arena_vprintf(struct arena *arena, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = len < 0 ? NULL : arena_alloc(arena, (size_t)len + 1);
    if (!text) {
        arena->failed = true;
        return NULL;
    }
    vsnprintf(text, (size_t)len + 1, format, args);
    return text;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}
