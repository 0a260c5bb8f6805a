/* What an arena has not given out is nobody's: in builds with AddressSanitizer who reads or writes
 * there is found, as it would be of memory from malloc. In others all this is nothing. */
#ifndef POLICY_ARENA_POISON_H
#define POLICY_ARENA_POISON_H

#include <stddef.h>

#if defined(__has_feature) /* clang's way to say it; __SANITIZE_ADDRESS__ is gcc's */
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

#ifdef __SANITIZE_ADDRESS__

#include <sanitizer/asan_interface.h>

#define ARENA_GAP ((size_t)16) /* bytes behind each allocation */

static inline void arena_poison(const void *memory, size_t size)
{
    ASAN_POISON_MEMORY_REGION(memory, size);
}

static inline void arena_unpoison(const void *memory, size_t size)
{
    ASAN_UNPOISON_MEMORY_REGION(memory, size);
}

#else

#define ARENA_GAP ((size_t)0)

static inline void arena_poison(const void *memory, size_t size)
{
    (void)memory;
    (void)size;
}

static inline void arena_unpoison(const void *memory, size_t size)
{
    (void)memory;
    (void)size;
}

#endif
#endif
