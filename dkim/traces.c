/* Overwriting dead stack and the registers that memcpy uses. */
#include "dkim/traces.h"

#include <string.h>

#define STACK_BYTES ((size_t)64 * 1024) /* OpenSSL's decoders go some 10 KB deep */
#define HALF (STACK_BYTES / 2)

void traces_wipe(void)
{
    /* Called through memory, so that the compiler can neither leave them out nor do them itself. */
    void *(*volatile copy)(void *, const void *, size_t) = memcpy;
    char stack[STACK_BYTES];
    explicit_bzero(stack, sizeof stack);
    /* Each size goes through registers of its own. */
    for (size_t size = 1; size <= HALF; size += 1 + size / 64)
        copy(stack, stack + HALF, size);
}
