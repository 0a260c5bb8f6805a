/* Memory that lives as long as one message or one connection, and is given back in one go.
 *
 * Everything that a message needs comes out of its arena; nothing in it is freed singly. The arena
 * has a ceiling: past it, or when malloc fails, allocation returns NULL and the arena remembers it,
 * so that the one place that answers the MTA can turn it into a 451. */
#ifndef POLICY_ARENA_H
#define POLICY_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "policy/bytes.h"

struct arena;

/* ceiling: the most bytes it will ever hold. NULL when memory is out. */
struct arena *arena_new(size_t ceiling);
void arena_free(struct arena *arena);

/* Gives everything back but one block, and forgets an earlier failure. */
void arena_clear(struct arena *arena);

/* Zeroed memory aligned for any type; NULL when memory or the ceiling is out. size 0 is allowed. */
void *arena_alloc(struct arena *arena, size_t size);

/* True once any allocation since arena_new or arena_clear has failed. */
bool arena_failed(const struct arena *arena);

/* Copies with a NUL put behind; NULL (or no bytes, data NULL) when memory is out. */
char *arena_text(struct arena *arena, struct bytes text);
struct bytes arena_bytes(struct arena *arena, struct bytes text);

/* printf into the arena; NULL when memory is out. */
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

#endif
