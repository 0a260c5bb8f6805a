/* The memory that libopendkim works in for one message: all of it comes out of the message's arena,
 * so that what the library forgets to give back goes with the message.
 *
 * It also remembers that it had to say no: libopendkim ignores that in places, drops a byte of the
 * body and goes on. Nothing that it says may be believed once memory_failed(). */
#ifndef DKIM_MEMORY_H
#define DKIM_MEMORY_H

#include "policy/arena.h"

#define MEMORY_SPARES 16

struct memory_block;

struct memory {
    struct arena *arena;
    struct memory_block *blocks;               /* all that was ever handed out */
    struct memory_block *spare[MEMORY_SPARES]; /* given back, of 1 KiB << n bytes */
    char *reserve;
    size_t reserved;
    bool failed;
};

void memory_init(struct memory *memory, struct arena *arena);

/* For dkim_init(). The closure is a struct memory; with NULL they are malloc and free. */
void *memory_take(void *closure, size_t size);
void memory_give(void *closure, void *taken);

/* Holds that many bytes ready, so that as many can be taken without a no. */
bool memory_reserve(struct memory *memory, size_t size);

bool memory_failed(const struct memory *memory);

/* Overwrites everything that was ever handed out: it held a private key. Nothing may use it after.
 */
void memory_wipe(struct memory *memory);

#endif
