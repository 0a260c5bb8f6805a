/* A bump allocator in growing blocks, with a ceiling and a remembered failure. */
#include "policy/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/arena_poison.h"

#define LEAST_BLOCK ((size_t)2 * 1024)
#define MOST_KEPT ((size_t)64 * 1024) /* from one arena_clear to the next */
#define ALIGNMENT _Alignof(max_align_t)

struct block {
    struct block *next;
    size_t size;
    size_t used;
    max_align_t data[];
};

struct arena {
    struct block *blocks; /* the one being filled first */
    size_t ceiling;
    size_t held;  /* the blocks' sizes */
    size_t first; /* what the first block is to have */
    bool failed;
};

struct arena *arena_new(size_t ceiling)
{
    struct arena *arena = calloc(1, sizeof *arena);
    if (!arena)
        return NULL;
    arena->ceiling = ceiling;
    arena->first = LEAST_BLOCK;
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

/* What took several blocks gets one that holds it all the next time. */
void arena_clear(struct arena *arena)
{
    struct block *block = arena->blocks;
    if (block && !block->next && block->size <= MOST_KEPT) {
        block->used = 0;
        arena_poison(block->data, block->size);
    } else if (block) {
        arena->first = arena->held < MOST_KEPT ? arena->held : MOST_KEPT;
        free_blocks(block);
        arena->blocks = NULL;
        arena->held = 0;
    }
    arena->failed = false;
}

static struct block *new_block(struct arena *arena, size_t size)
{
    struct block *block = malloc(sizeof *block + size);
    if (!block)
        return NULL;
    block->size = size;
    block->used = 0;
    arena_poison(block->data, size);
    arena->held += size;
    return block;
}

/* Behind the block that is being filled, which keeps its room for what is small. */
static struct block *add_own(struct arena *arena, size_t need)
{
    struct block *block = new_block(arena, need);
    if (!block)
        return NULL;
    block->next = arena->blocks->next;
    arena->blocks->next = block;
    return block;
}

/* An eighth of what there is already: of thousands of messages under way at once, a ninth of the
 * memory at most is not used. */
static struct block *add_shared(struct arena *arena, size_t need, size_t room)
{
    size_t size = arena->blocks ? arena->held / 8 : arena->first;
    if (size < LEAST_BLOCK)
        size = LEAST_BLOCK;
    if (size > room)
        size = room;
    if (size < need)
        size = need;
    struct block *block = new_block(arena, size);
    if (!block)
        return NULL;
    block->next = arena->blocks;
    arena->blocks = block;
    return block;
}

static struct block *add_block(struct arena *arena, size_t need)
{
    size_t room = arena->ceiling - arena->held;
    if (need > room)
        return NULL;
    if (arena->blocks && need >= LEAST_BLOCK)
        return add_own(arena, need);
    return add_shared(arena, need, room);
}

static void *take(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2) {
        arena->failed = true;
        return NULL;
    }
    size_t need = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT + ARENA_GAP;
    struct block *block = arena->blocks;
    if (!block || block->size - block->used < need)
        block = add_block(arena, need);
    if (!block) {
        arena->failed = true;
        return NULL;
    }
    void *memory = (char *)block->data + block->used;
    arena_unpoison(memory, size);
    block->used += need;
    return memory;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    void *memory = take(arena, size);
    return memory ? memset(memory, 0, size) : NULL;
}

bool arena_failed(const struct arena *arena)
{
    return arena->failed;
}

char *arena_text(struct arena *arena, struct bytes text)
{
    char *copy = take(arena, text.len + 1);
    if (!copy)
        return NULL;
    if (text.len)
        memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    return copy;
}

struct bytes arena_bytes(struct arena *arena, struct bytes text)
{
    char *copy = arena_text(arena, text);
    return (struct bytes){copy, copy ? text.len : 0};
}

char *arena_vprintf(struct arena *arena, const char *format, va_list args)
{
    char usual[256];
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(usual, sizeof usual, format, again);
    va_end(again);
    char *text = len < 0 ? NULL : take(arena, (size_t)len + 1);
    if (!text) {
        arena->failed = true;
        return NULL;
    }
    if ((size_t)len < sizeof usual)
        memcpy(text, usual, (size_t)len + 1);
    else
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
